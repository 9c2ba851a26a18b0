//! The gateway's event, less all that does not decide.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// A REQUEST authorizer's event.
#[derive(Deserialize)]
pub struct Event {
    /// The ARN of the method that is called.
    #[serde(rename = "methodArn")]
    pub method_arn: String,
    /// The value of the one `X-API-Key` header.
    #[serde(rename = "multiValueHeaders", deserialize_with = "api_key")]
    pub api_key: Option<String>,
}

impl Event {
    /// The ARN's stage, method and path.
    pub fn route(&self) -> Option<[&str; 3]> {
        let mut slashes = self.method_arn.match_indices('/').map(|(at, _)| at).skip(1);
        let (stage, method) = (slashes.next()?, slashes.next()?);
        let arn = &self.method_arn;
        Some([arn.get(..stage)?, arn.get(stage + 1..method)?, arn.get(method + 1..)?])
    }
}

fn api_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Headers;
    impl<'de> Visitor<'de> for Headers {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("headers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut headers: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(name) = headers.next_key::<std::borrow::Cow<'de, str>>()? {
                if name.eq_ignore_ascii_case("x-api-key") {
                    let mut values: Vec<String> = headers.next_value()?;
                    found = if values.len() == 1 && found.is_none() { values.pop() } else { None };
                } else {
                    headers.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    deserializer.deserialize_map(Headers)
}
