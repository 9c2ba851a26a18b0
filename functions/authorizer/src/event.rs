//! What of the gateway's event decides, read without keeping the rest.

use std::borrow::Cow;
use std::net::IpAddr;

use api_keys::lambda::MethodArn;
use serde::Deserialize;
use serde::de::Deserializer;

use crate::headers::KeyHeaders;
use crate::stage::StageVariables;

/// A REQUEST authorizer's event, of a REST API or an HTTP API.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Fields")]
pub struct AuthorizerEvent {
    pub(crate) form: Form,
    pub(crate) method: MethodArn,
    /// The route as its API declares it.
    pub(crate) pattern: String,
    pub(crate) headers: KeyHeaders,
    pub(crate) request_id: String,
    /// What the gateway itself saw of the client; a client can forge headers.
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) stage_variables: StageVariables,
}

/// What the gateway makes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A REST API's: the error `Unauthorized` is a 401.
    Rest,
    /// An HTTP API's, in payload format 1.0 or 2.0: every refusal is a policy that denies, and a 403.
    Http,
}

/// An event's version; a REST API's has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Version {
    #[serde(rename = "1.0")]
    One,
    #[serde(rename = "2.0")]
    Two,
    #[serde(other)]
    Unknown,
}

/// What the events of all forms have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    version: Option<Version>,
    method_arn: Option<MethodArn>,
    route_arn: Option<MethodArn>,
    #[serde(default)]
    resource: String,
    #[serde(default)]
    route_key: String,
    #[serde(default)]
    headers: KeyHeaders,
    #[serde(default)]
    multi_value_headers: KeyHeaders,
    #[serde(default)]
    request_context: RequestContext,
    #[serde(default, deserialize_with = "read_stage_variables")]
    stage_variables: StageVariables,
}

impl TryFrom<Fields> for AuthorizerEvent {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let Fields { headers, multi_value_headers, stage_variables, resource, route_key, .. } = fields;
        let RequestContext { request_id, identity, http } = fields.request_context;
        let (form, method, pattern, headers, source_ip) = match (fields.version, fields.method_arn, fields.route_arn) {
            (None, Some(arn), None) => (Form::Rest, arn, resource, multi_value_headers, identity.source_ip),
            (Some(Version::One), Some(arn), None) => (Form::Http, arn, resource, headers, identity.source_ip),
            (Some(Version::Two), None, Some(arn)) => (Form::Http, arn, route_key, headers, http.source_ip),
            _ => return Err("an event of no form that an authorizer gets"),
        };
        Ok(Self { form, method, pattern, headers, request_id, source_ip, stage_variables })
    }
}

/// A stage without variables has `null`.
fn read_stage_variables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StageVariables, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What the log needs of the request, and where it comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    request_id: String,
    identity: Client,
    http: Client,
}

/// What the gateway saw of the client.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Client {
    #[serde(deserialize_with = "read_address")]
    source_ip: Option<IpAddr>,
}

/// What is no address is none, and so never an allowed one.
fn read_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
