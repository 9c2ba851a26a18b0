//! What of the gateway's event decides, read without keeping the rest.

use std::borrow::Cow;
use std::net::IpAddr;

use api_keys::lambda::MethodArn;
use serde::Deserialize;
use serde::de::Deserializer;

use crate::headers::KeyHeaders;
use crate::stage::StageVariables;

/// A REQUEST authorizer's event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerEvent {
    #[serde(rename = "methodArn")]
    pub(crate) method: MethodArn,
    /// The route as its API declares it.
    #[serde(default)]
    pub(crate) resource: String,
    #[serde(rename = "multiValueHeaders", default)]
    pub(crate) headers: KeyHeaders,
    #[serde(default)]
    pub(crate) request_context: RequestContext,
    #[serde(default, deserialize_with = "read_stage_variables")]
    pub(crate) stage_variables: StageVariables,
}

/// A stage without variables has `null`.
fn read_stage_variables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StageVariables, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What the log needs of the request, and where it comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RequestContext {
    pub(crate) request_id: String,
    pub(crate) identity: Identity,
}

/// What the gateway itself saw of the client; headers can say anything.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Identity {
    #[serde(deserialize_with = "read_address")]
    pub(crate) source_ip: Option<IpAddr>,
}

/// What is no address is none, and so never an allowed one.
fn read_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
