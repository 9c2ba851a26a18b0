//! AWS settings of the operator's shell: region, credentials and endpoints, found as the AWS CLI finds them.
//!
//! A profile may sign in by single sign-on, by another role or by a process of its own.

use std::env;
use std::time::{Duration, Instant};

use api_keys::aws::Transport;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::{HeaderMap, Response, Uri};
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::failure::{Failure, chain};
use crate::messages;
use crate::signing_in::no_credentials;

/// For calls that set no other: an operator may be far away from the region.
const CALL_TIME: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 3;

/// Finds all that calls to AWS need.
///
/// # Errors
/// When there are no credentials, or there is no region.
pub(crate) async fn configuration(common: &Common) -> Result<SdkConfig, Failure> {
    let client = Watched::new()?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client.clone());
    if let Some(region) = &common.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &common.profile {
        loader = loader.profile_name(profile);
    }
    let mut config = Box::pin(loader.load()).await;
    if let Some(profile) = &common.profile {
        // Named on the command line, it comes before variables with credentials; the chain takes those first.
        let about = ProviderConfig::without_region().with_region(config.region().cloned()).with_http_client(client);
        let credentials = ProfileFileCredentialsProvider::builder().configure(&about).profile_name(profile).build();
        config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    }
    // A profile that there is not has no region either.
    if common.profile.is_none() && env::var_os("AWS_PROFILE").is_none() {
        require_region(&config)?;
    }
    if let Some(credentials) = config.credentials_provider() {
        let found = Box::pin(credentials.provide_credentials()).await;
        found.map_err(|error| no_credentials(&error, common.profile.as_deref()))?;
    }
    require_region(&config)?;
    Ok(config
        .into_builder()
        .timeout_config(limits(CALL_TIME))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build())
}

fn require_region(config: &SdkConfig) -> Result<(), Failure> {
    let missing = || Failure::input("no AWS region is configured: give --region, or set AWS_REGION");
    config.region().map(|_| ()).ok_or_else(missing)
}

/// The time limit of a call, all attempts included.
pub(crate) fn limits(time: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(time).operation_timeout(time).build()
}

/// Sends requests, and prints of each what `--debug` asks for: of header, query and body the action alone.
#[derive(Debug, Clone)]
pub(crate) struct Watched(Transport);

impl Watched {
    pub(crate) fn new() -> Result<Self, Failure> {
        Transport::new().map(Self).map_err(|error| Failure::action(chain(&error)))
    }

    /// Asks for what is at that URL: status and headers.
    ///
    /// # Errors
    /// Why no answer came.
    pub(crate) async fn get(&self, url: &Uri, headers: HeaderMap) -> Result<Response<()>, String> {
        let begun = Instant::now();
        let answer = self.0.get(url, headers).await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        let line = format!("GET {}", place(url));
        let id = answer.as_ref().ok().and_then(|answer| answer.headers().get("x-amzn-requestid")?.to_str().ok());
        watched(&line, status, begun, id);
        answer.map(|answer| answer.map(drop)).map_err(|error| chain(&*error))
    }
}

impl HttpClient for Watched {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Watched {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri: Option<Uri> = request.uri().parse().ok();
        let target =
            request.headers().get("x-amz-target").map(str::to_owned).or_else(|| action(request.body().bytes()?));
        let target = target.map(|target| format!(" {target}")).unwrap_or_default();
        let request_line = format!("{} {}{target}", request.method(), uri.as_ref().map(place).unwrap_or_default());
        let begun = Instant::now();
        let sent = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = sent.await;
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            let request_id = answer.as_ref().ok().and_then(|answer| {
                let names = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];
                names.iter().find_map(|name| answer.headers().get(*name)).map(str::to_owned)
            });
            watched(&request_line, status, begun, request_id.as_deref());
            answer
        })
    }
}

/// Host, port and path: neither a query nor what may stand before the host.
fn place(uri: &Uri) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", uri.host().unwrap_or_default(), uri.path())
}

/// The action of CloudFormation or of a function that a body asks for: a word alone is no value of a key.
fn action(body: &[u8]) -> Option<String> {
    let of_json = || Some(serde_json::from_slice::<Value>(body).ok()?.get("action")?.as_str()?.to_owned());
    let of_form =
        || form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, action)| action.into_owned());
    let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == '-';
    of_json().or_else(of_form).filter(|action| action.chars().all(is_word))
}

/// Prints what became of a request.
fn watched(request: &str, status: Option<u16>, begun: Instant, request_id: Option<&str>) {
    let milliseconds = begun.elapsed().as_millis();
    messages::debug(
        || {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let id = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
            format!("{request}: {status} in {milliseconds} ms{id}")
        },
        || {
            let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
            json!({ "request": request, "status": status, "milliseconds": milliseconds, "requestId": request_id })
        },
    );
}
