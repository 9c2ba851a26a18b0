//! One call of a service of AWS that takes JSON, where its whole SDK would bring an older HTTP stack with it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Uri};
use serde_json::Value;
use tokio::time::timeout;

use crate::failure::chain;
use crate::shell::Watched;

const TIME: Duration = Duration::from_secs(20);
const TARGET: &str = "x-amz-target";
const JSON: &str = "application/x-amz-json-1.0";

/// Calls `service`, by its name in hosts, such as `monitoring`, and a target, such as `GraniteServiceVersion20100801.DescribeAlarms`.
///
/// # Errors
/// Why there is no answer, in a sentence.
pub(crate) async fn call(config: &SdkConfig, (service, target): (&str, &str), body: &Value) -> Result<Value, String> {
    timeout(TIME, call_once(config, service, target, body.to_string())).await.unwrap_or(Err("it took too long".into()))
}

async fn call_once(config: &SdkConfig, service: &str, target: &str, body: String) -> Result<Value, String> {
    let region = config.region().ok_or("there is no region")?.to_string();
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let endpoint = match config.endpoint_url() {
        Some(given) => given.trim_end_matches('/').to_owned() + "/",
        None => format!("https://{service}.{region}.{domain}/"),
    };
    let url: Uri = endpoint.parse().map_err(|_| "the endpoint is no URL")?;
    let host = url.authority().ok_or("the endpoint has no host")?.as_str().to_owned();
    let provider = config.credentials_provider().ok_or("there are no credentials")?;
    let credentials = provider.provide_credentials().await.map_err(|error| chain(&error))?;

    let headers = [(HOST.as_str(), &*host), (CONTENT_TYPE.as_str(), JSON), (TARGET, target)];
    let signable = SignableRequest::new("POST", &endpoint, headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
    let signable = signable.map_err(|error| chain(&error))?;
    let identity = credentials.into();
    let time = config.time_source().ok_or("there is no clock")?.now();
    let signing = SigningParams::builder().identity(&identity).region(&region).name(service).time(time);
    let signing = signing.settings(SigningSettings::default()).build().map_err(|error| chain(&error))?;
    let (instructions, _) = sign(signable, &signing.into()).map_err(|error| chain(&error))?.into_parts();

    let mut request = Request::post(&url).body(SdkBody::from(body)).map_err(|error| chain(&error))?;
    for (name, value) in headers {
        let value = value.parse().map_err(|_| "a header is malformed")?;
        request.headers_mut().insert(http::HeaderName::from_static(name), value);
    }
    instructions.apply_to_request_http1x(&mut request);
    let request = HttpRequest::try_from(request).map_err(|error| chain(&error))?;
    let transport = Watched::new().map_err(|failure| failure.to_string())?;
    let answer = transport.call(request).await.map_err(|error| chain(&error))?;
    let (status, bytes) = (answer.status(), answer.body().bytes().unwrap_or_default());
    let read: Option<Value> = serde_json::from_slice(bytes).ok();
    match read {
        Some(read) if status.is_success() => Ok(read),
        Some(read) => {
            let text = |names: [&str; 2]| {
                names.iter().find_map(|name| read.get(*name)?.as_str()).unwrap_or_default().to_owned()
            };
            Err(format!("{} {}", text(["__type", "code"]), text(["message", "Message"])).trim().to_owned())
        }
        None => Err(format!("the answer, {}, is not JSON", status.as_u16())),
    }
}
