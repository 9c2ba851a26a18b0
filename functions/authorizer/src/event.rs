//! What of the gateway's event decides, read without keeping the rest.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use api_keys::lambda::MethodArn;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

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
    pub(crate) api_key: ApiKeyHeader,
    #[serde(default)]
    pub(crate) request_context: RequestContext,
    #[serde(default, deserialize_with = "read_stage_variables")]
    pub(crate) stage_variables: StageVariables,
}

/// What the API's stage says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StageVariables {
    pub(crate) limit_answer: LimitAnswer,
    pub(crate) key_service: KeyService,
}

/// Whether the API is this service's own, where keys are looked up and managed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum KeyService {
    #[serde(rename = "true")]
    Ours,
    /// An API that attaches the authorizer.
    #[default]
    #[serde(other)]
    Attached,
}

/// Who answers a request that is over its key's limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LimitAnswer {
    /// The API itself, which is told.
    Integration,
    /// The gateway, with a 403.
    #[default]
    #[serde(other)]
    Gateway,
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

/// All values of all headers called `X-API-Key`, in whatever case.
#[derive(Default)]
pub(crate) enum ApiKeyHeader {
    #[default]
    Missing,
    Once(Zeroizing<String>),
    Repeated,
}

impl fmt::Debug for ApiKeyHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyHeader(…)")
    }
}

impl ApiKeyHeader {
    fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Missing, header) | (header, Self::Missing) => header,
            _ => Self::Repeated,
        }
    }
}

impl<'de> Deserialize<'de> for ApiKeyHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Headers;
        impl<'de> Visitor<'de> for Headers {
            type Value = ApiKeyHeader;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers with lists of values")
            }

            fn visit_unit<E: de::Error>(self) -> Result<ApiKeyHeader, E> {
                Ok(ApiKeyHeader::Missing)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut headers: A) -> Result<ApiKeyHeader, A::Error> {
                let mut found = ApiKeyHeader::Missing;
                while let Some(IsApiKey(is_api_key)) = headers.next_key()? {
                    if is_api_key {
                        let Values(values) = headers.next_value()?;
                        found = found.and(values);
                    } else {
                        headers.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(Headers)
    }
}

/// Whether a header's name is the one.
struct IsApiKey(bool);

impl<'de> Deserialize<'de> for IsApiKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = IsApiKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a header")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<IsApiKey, E> {
                Ok(IsApiKey(name.eq_ignore_ascii_case("x-api-key")))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

/// The values of one header.
struct Values(ApiKeyHeader);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the values of a header")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
                let mut found = ApiKeyHeader::Missing;
                while let Some(value) = list.next_element::<String>()? {
                    found = found.and(ApiKeyHeader::Once(Zeroizing::new(value)));
                }
                Ok(Values(found))
            }
        }
        deserializer.deserialize_seq(List)
    }
}
