//! Decides before every request whether its `X-API-Key` opens anything: one parse, one read, one policy.

mod event;
mod headers;
mod stage;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use api_keys::check::{
    Asked, Check, Decision, EnvironmentState, MalformedStage, Opens, Pattern, Reason, RouteRules, Settings,
};
use api_keys::key::Timestamp;
use api_keys::lambda::log::{self, Subject};
use api_keys::lambda::{MethodArn, Verdict};
use api_keys::request::Caller;
use api_keys::store::Leases;
use lambda_runtime::{Diagnostic, LambdaEvent};

pub use crate::event::AuthorizerEvent;
use crate::event::Form;
use crate::stage::{KeyService, LimitAnswer, StageVariables};

/// Answers one request with what its key opens, and counts it.
///
/// # Errors
/// [`Refusal`]. A verdict that denies is for a good key alone: from a wrong address, over its limit, or for a route that only
/// looks like its own.
pub async fn handle(
    event: LambdaEvent<AuthorizerEvent>,
    kept: &EnvironmentState,
    settings: Settings,
    now: SystemTime,
) -> Result<Verdict, Refusal> {
    let AuthorizerEvent { form, method, pattern, headers, request_id, source_ip, stage_variables: stage } =
        event.payload;
    let rules = match rules(&stage, kept, now.into()) {
        Ok(rules) => rules,
        Err(malformed) => {
            if malformed.is_news {
                let operation = format!("authorize {}", method.api());
                log::failure(&Subject { request_id, operation, ..Subject::default() }, &malformed);
            }
            return Err(Refusal::Misconfigured);
        }
    };
    let is_ours = stage.key_service == KeyService::Ours;
    let check = Check {
        value: headers.value(stage.key_header),
        asked: Asked::Route(method.route(Pattern::of(&pattern), rules.as_deref(), is_ours)),
        source_ip,
        now: now.into(),
        deadline: Leases::deadline(),
    };
    match kept.check(check, settings).await {
        Ok(decision) => answer(decision, form, &method, stage.limit_answer),
        Err(error) => {
            // The table did not answer whose key it is.
            let subject = Subject::of_check(request_id, "authorize", check.value, settings.imported);
            log::failure(&subject, &error);
            Err(Refusal::Unavailable)
        }
    }
}

/// Which operation which route needs, where the API has rules.
fn rules(
    stage: &StageVariables,
    kept: &EnvironmentState,
    now: Timestamp,
) -> Result<Option<Arc<RouteRules>>, MalformedStage> {
    match stage.route_operations() {
        Ok(None) => Ok(None),
        Ok(Some(text)) => kept.route_rules(Ok(&text), now).map(Some),
        Err(what) => kept.route_rules(Err(&what), now).map(Some),
    }
}

/// A decision in the gateway's form.
fn answer(decision: Decision, form: Form, method: &MethodArn, limit_answer: LimitAnswer) -> Result<Verdict, Refusal> {
    let Decision { reason, caller, admission, opens } = decision;
    let Some(caller) = caller else { return unauthorized(form, None, method, reason) };
    let verdict = match (reason, opens) {
        (Reason::Limited, _) if limit_answer == LimitAnswer::Gateway => Verdict::deny(Some(caller), method, reason),
        (Reason::Allowed | Reason::Limited, Opens::Asked(methods)) => Verdict::allow(caller, method, methods),
        (Reason::Allowed, Opens::Management) => Verdict::allow_management(caller, method),
        (Reason::Allowed, Opens::Reading) => Verdict::allow_reading(caller, method),
        (Reason::Allowed, Opens::Itself) => Verdict::allow_look_up(caller, method),
        (Reason::Allowed | Reason::Limited, _) => Verdict::deny(Some(caller), method, Reason::Operation),
        (Reason::Address | Reason::Operation, _) => Verdict::deny(Some(caller), method, reason),
        (Reason::Unavailable, _) => return Err(Refusal::Unavailable),
        _ => return unauthorized(form, Some(caller), method, reason),
    };
    Ok(match admission {
        Some(admission) => verdict.with_limits(&admission),
        None => verdict,
    })
}

/// The answer to what is no live key's value.
fn unauthorized(form: Form, caller: Option<Caller>, method: &MethodArn, reason: Reason) -> Result<Verdict, Refusal> {
    match form {
        Form::Rest => Err(Refusal::Unauthorized),
        Form::Http => Ok(Verdict::deny(caller, method, reason)),
    }
}

/// Why there is no verdict. A REST API's gateway makes a 401 of the first, by its exact words, and a 500 of any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No live key has this value.
    Unauthorized,
    /// The table did not answer: the key may well be good.
    Unavailable,
    /// The variables of the API's stage make no sense: nothing can be decided.
    Misconfigured,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "Unauthorized",
            Self::Unavailable => "The key could not be checked",
            Self::Misconfigured => "The variables of the API's stage are malformed",
        })
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal {
            Refusal::Unauthorized => "Unauthorized",
            Refusal::Unavailable => "Unavailable",
            Refusal::Misconfigured => "Misconfigured",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
