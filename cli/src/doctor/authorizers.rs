//! The APIs of this account and region that attach the authorizer: what their verdict cache distinguishes, and their stages.
//!
//! APIs in other accounts and regions are not seen.

use std::collections::HashMap;

use aws_sdk_apigateway::types::{AuthorizerType, Stage as RestStage};
use aws_sdk_apigatewayv2::types::Stage as HttpStage;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::get_policy::GetPolicyError;

use super::finding::{Finding, counted, unanswered};
use super::identity::{Attached, Sources};
use super::stage;
use crate::aws::Service;

const CHECK: &str = "attached APIs";
/// A REST API's, where its authorizer sets none.
const USUAL_CACHE: i32 = 300;
/// Of the 20 KB that a resource policy may have.
const LARGE_POLICY: usize = 16_000;

/// The name and the variables of a stage, as API Gateway has them.
type StageOf = (Option<String>, Option<HashMap<String, String>>);

/// An API with what is known of it.
struct Api {
    id: String,
    name: String,
    authorizers: Vec<Attached>,
    findings: Vec<Finding>,
    stages: Vec<(String, HashMap<String, String>)>,
}

/// The APIs that ask the authorizer, and the first that could not be read: others of it are looked at all the same.
#[derive(Default)]
struct Found {
    apis: Vec<Api>,
    unread: Option<Finding>,
}

impl Found {
    fn miss(&mut self, why: String, list: &str) {
        self.unread.get_or_insert_with(|| Finding::unknown(CHECK, why, list));
    }

    /// Takes an API with its stages, or with none where they could not be read.
    fn take<E>(&mut self, mut api: Api, stages: Result<Vec<StageOf>, SdkError<E>>, list: &str)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match stages {
            Ok(stages) => api.stages.extend(
                stages.into_iter().map(|(name, variables)| (name.unwrap_or_default(), variables.unwrap_or_default())),
            ),
            Err(error) => {
                let asked = format!("apigateway:GetStages of {} ({})", api.id, api.name);
                self.miss(unanswered(&asked, &error), list);
            }
        }
        self.apis.push(api);
    }
}

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let Some(authorizer) = service.authorizer() else { return Vec::new() };
    let mut findings = Vec::new();
    let mut attached = 0;
    for Found { apis, unread } in [rest(service, authorizer).await, http(service, authorizer).await] {
        for api in apis {
            attached += api.authorizers.len();
            findings.extend(of_api(api));
        }
        findings.extend(unread);
    }
    findings.extend(policy(service).await);
    if findings.is_empty() {
        findings.push(Finding::ok(
            CHECK,
            format!("{} of APIs in this account and region ask it rightly", counted(attached, "authorizer")),
        ));
    }
    findings
}

/// The REST APIs that ask this authorizer.
async fn rest(service: &Service, authorizer: &str) -> Found {
    const LIST: &str = "aws apigateway get-rest-apis";
    let client = service.rest_apis();
    let mut found = Found::default();
    let mut pages = client.get_rest_apis().into_paginator().items().send();
    while let Some(api) = pages.next().await {
        let api = match api {
            Ok(api) => api,
            Err(error) => {
                found.miss(unanswered("apigateway:GetRestApis", &error), LIST);
                break;
            }
        };
        let (Some(id), name) = (api.id(), api.name().unwrap_or_default()) else { continue };
        let answer = match Box::pin(client.get_authorizers().rest_api_id(id).limit(500).send()).await {
            Ok(answer) => answer,
            Err(error) => {
                found.miss(unanswered(&format!("apigateway:GetAuthorizers of {id} ({name})"), &error), LIST);
                continue;
            }
        };
        let mut of_api = Api::new(id, name);
        for it in answer.items().iter().filter(|it| asks(it.authorizer_uri(), authorizer)) {
            let own = it.id().unwrap_or_default();
            let name = format!("REST API {id} ({name}), authorizer {own}");
            if it.r#type().map(AuthorizerType::as_str) != Some("REQUEST") {
                let why = format!(
                    "{name} is of the type TOKEN, which hands on one header and no address: every key is refused"
                );
                of_api.findings.push(Finding::fault(CHECK, why, "use FunctionPayloadType: REQUEST in its template"));
            }
            let sources = Sources::of(it.identity_source().unwrap_or_default().split(','));
            let seconds = it.authorizer_result_ttl_in_seconds().unwrap_or(USUAL_CACHE);
            of_api.authorizers.push(Attached { name, seconds, sources });
        }
        if of_api.authorizers.is_empty() {
            continue;
        }
        let stages = Box::pin(client.get_stages().rest_api_id(id).send()).await.map(|stages| {
            let of = |stage: &RestStage| (stage.stage_name().map(str::to_owned), stage.variables().cloned());
            stages.item().iter().map(of).collect()
        });
        found.take(of_api, stages, LIST);
    }
    found
}

/// The HTTP APIs that ask this authorizer.
async fn http(service: &Service, authorizer: &str) -> Found {
    const LIST: &str = "aws apigatewayv2 get-apis";
    let client = service.http_apis();
    let mut found = Found::default();
    let mut next = None;
    loop {
        let page = match Box::pin(client.get_apis().set_next_token(next).send()).await {
            Ok(page) => page,
            Err(error) => {
                found.miss(unanswered("apigateway:GetApis", &error), LIST);
                return found;
            }
        };
        for api in page.items() {
            let (Some(id), name) = (api.api_id(), api.name().unwrap_or_default()) else { continue };
            let answer = match Box::pin(client.get_authorizers().api_id(id).send()).await {
                Ok(answer) => answer,
                Err(error) => {
                    found.miss(unanswered(&format!("apigateway:GetAuthorizers of {id} ({name})"), &error), LIST);
                    continue;
                }
            };
            let mut of_api = Api::new(id, name);
            for it in answer.items().iter().filter(|it| asks(it.authorizer_uri(), authorizer)) {
                let own = it.authorizer_id().unwrap_or_default();
                let name = format!("HTTP API {id} ({name}), authorizer {own}");
                if it.enable_simple_responses() == Some(true) {
                    let why = format!(
                        "{name} has simple responses, and takes the policy for none: it refuses every request, or \
                        opens every route"
                    );
                    let fix = format!(
                        "aws apigatewayv2 update-authorizer --api-id {id} --authorizer-id {own} --no-enable-simple-responses"
                    );
                    of_api.findings.push(Finding::fault(CHECK, why, fix));
                }
                let sources = Sources::of(it.identity_source().iter().map(String::as_str));
                let seconds = it.authorizer_result_ttl_in_seconds().unwrap_or(0);
                of_api.authorizers.push(Attached { name, seconds, sources });
            }
            if of_api.authorizers.is_empty() {
                continue;
            }
            let stages = Box::pin(client.get_stages().api_id(id).send()).await.map(|stages| {
                let of = |stage: &HttpStage| (stage.stage_name().map(str::to_owned), stage.stage_variables().cloned());
                stages.items().iter().map(of).collect()
            });
            found.take(of_api, stages, LIST);
        }
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            return found;
        }
    }
}

/// Whether an authorizer's URI invokes this function, by any alias.
fn asks(uri: Option<&str>, authorizer: &str) -> bool {
    let behind = uri.and_then(|uri| uri.split_once(authorizer)).map(|(_, behind)| behind);
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['/', ':']))
}

impl Api {
    fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            authorizers: Vec::new(),
            findings: Vec::new(),
            stages: Vec::new(),
        }
    }
}

fn of_api(api: Api) -> Vec<Finding> {
    let Api { id, name, authorizers, mut findings, stages } = api;
    for (stage, variables) in &stages {
        let of = format!("stage {stage} of {id} ({name})");
        let look = "correct the variable in the API's template: docs/guides/attach.md".to_owned();
        if let Some(why) = stage::malformed(variables) {
            findings.push(Finding::fault(CHECK, format!("{of} refuses every request with a 500: {why}"), look.clone()));
        }
        if let Some(why) = stage::strange_limit_answer(variables) {
            findings.push(Finding::warning(CHECK, format!("{of}: {why}"), look));
        }
    }
    for Attached { name, seconds, sources } in &authorizers {
        let set =
            "Identity: {Headers: [X-API-Key], Context: [identity.sourceIp, httpMethod, path], ReauthorizeEvery: 0}";
        let headers: Vec<_> = sources.headers().collect();
        for (stage, variables) in &stages {
            let Ok(wanted) = stage::key_header(variables) else { continue };
            if let Some(other) = headers.iter().find(|header| **header != wanted) {
                let why = format!(
                    "{name} asks for the header {other}, and the stage {stage} takes the key from {wanted}: the gateway \
                     refuses a request without {other} with 401, and calls no authorizer"
                );
                findings.push(Finding::fault(
                    CHECK,
                    why,
                    format!("in its template: {set}, with {wanted} as the header"),
                ));
            }
        }
        if *seconds == 0 {
            continue;
        }
        let mut lacking = sources.lacking();
        if headers.is_empty() {
            lacking.insert(0, "the key's header");
        }
        if lacking.is_empty() {
            let why =
                format!("{name} keeps verdicts for {seconds} s: so long a revoked key may work, and limits are as old");
            findings.push(Finding::warning(CHECK, why, format!("in its template: {set}")));
        } else {
            let why = format!(
                "{name} keeps verdicts for {seconds} s and does not distinguish requests by {}: it refuses good ones",
                lacking.join(", ")
            );
            findings.push(Finding::fault(CHECK, why, format!("in its template: {set}")));
        }
    }
    findings
}

/// The authorizer's resource policy has a statement for each API that attaches it.
async fn policy(service: &Service) -> Option<Finding> {
    let arn = service.output("AuthorizerArn").ok()?;
    let (function, qualifier) = arn.rsplit_once(':')?;
    let asked = service.lambda().get_policy().function_name(function).qualifier(qualifier);
    let size = match Box::pin(asked.send()).await {
        Ok(answer) => answer.policy()?.len(),
        Err(error) if error.as_service_error().is_some_and(GetPolicyError::is_resource_not_found_exception) => {
            return None;
        }
        Err(error) => {
            let look = format!("aws lambda get-policy --function-name {function} --qualifier {qualifier}");
            return Some(Finding::unknown(CHECK, unanswered("lambda:GetPolicy of the authorizer", &error), look));
        }
    };
    (size >= LARGE_POLICY).then(|| {
        let why =
            format!("the authorizer's resource policy has {size} of 20,480 bytes: soon no further API can be attached");
        Finding::warning(CHECK, why, "give further APIs a FunctionInvokeRole: docs/guides/attach.md")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorizer_is_this_one_by_any_alias() {
        let ours = "arn:aws:lambda:eu-central-1:123456789012:function:api-keys-Authorizer";
        let uri =
            |arn: &str| format!("arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arn}/invocations");
        for (arn, is_ours) in [
            (ours.to_owned(), true),
            (format!("{ours}:live"), true),
            (format!("{ours}2:live"), false),
            (ours.replace("api-keys", "other"), false),
        ] {
            assert_eq!(asks(Some(&uri(&arn)), ours), is_ours, "{arn}");
        }
        assert!(!asks(None, ours));
    }
}
