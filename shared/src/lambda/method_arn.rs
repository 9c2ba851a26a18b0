//! What the gateway calls the method that is asked for.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use zeroize::Zeroizing;

use crate::key::{ImportedKeys, KeyId, KeyRecord, KeyValue, Timestamp};
use crate::request::PathText;

/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}`: the method that is asked for.
///
/// Its path may hold a key, so only what comes before it is ever shown or handed on.
pub struct MethodArn {
    text: Zeroizing<String>,
    /// Where the API's id begins.
    api: usize,
    /// Where the API's id ends.
    api_end: usize,
    /// Where the stage ends.
    stage: usize,
    /// Where the path begins.
    path: usize,
}

impl MethodArn {
    fn parse(arn: &str) -> Option<Self> {
        let mut slashes = arn.match_indices('/').map(|(at, _)| at);
        let (api_end, stage, method) = (slashes.next()?, slashes.next()?, slashes.next()?);
        let api = arn.get(..api_end)?.rfind(':')? + 1;
        (arn.starts_with("arn:") && stage > api_end + 1).then(|| Self {
            text: Zeroizing::new(arn.to_owned()),
            api,
            api_end,
            stage,
            path: method + 1,
        })
    }

    /// Of the longest partition (`aws-us-gov`), region and stage that there may be; ids have one length.
    ///
    /// Source of the stage's: `CreateStage` of API Gateway.
    pub(super) fn longest() -> Option<Self> {
        let (region, stage) = ("r".repeat(20), "s".repeat(128));
        Self::parse(&format!("arn:aws-us-gov:execute-api:{region}:000000000000:0000000000/{stage}/GET/"))
    }

    /// Matches any method of the API that is asked, in any stage, before the path.
    pub(super) fn any_method_of_its_api(&self) -> String {
        let partition = self.text.split(':').nth(1).unwrap_or_default();
        let api = self.text.get(self.api..self.api_end).unwrap_or_default();
        format!("arn:{partition}:execute-api:*:*:{api}/*/*")
    }

    /// The ARN of all methods' stage.
    pub(super) fn stage(&self) -> &str {
        self.text.get(..self.stage).unwrap_or_default()
    }

    /// Whether it is the look-up of that key, or the question of how much it was used: what every key may ask of itself, if
    /// the API is this service's.
    pub(super) fn looks_up(&self, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> bool {
        let rest = self.text.get(self.stage..).and_then(|rest| rest.strip_prefix("/GET/authentication/"));
        let Some(named) = rest else { return false };
        let has_id = |text: &str| text == "self" || KeyId::parse(text) == Some(key.metadata.id);
        let has_value = |text: &str| {
            // A hash costs more than the comparison with the place that a value names.
            let value = KeyValue::parse(text, imported).filter(|value| {
                value.locator().is_none_or(|place| place.id == key.metadata.id && place.account_id == key.account_id)
            });
            value.is_some_and(|value| key.answers_to(&value.hash(), now))
        };
        let is_it = |text: &str| PathText::of(text).readings().any(|text| has_id(text) || has_value(text));
        // The gateway takes a path with a slash at its end for the same route. A value of another system may have slashes.
        let shorter = named.strip_suffix('/');
        let of_usage = shorter.unwrap_or(named).strip_suffix("/usage");
        is_it(named) || shorter.is_some_and(is_it) || of_usage.is_some_and(|id| PathText::of(id).readings().any(has_id))
    }

    /// Whether it is a route on which keys are managed, if the API is this service's.
    #[must_use]
    pub fn manages_keys(&self) -> bool {
        self.segments().next() == Some("authentication")
    }

    /// The path's segments.
    pub(super) fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.get(self.path..).unwrap_or_default().split('/')
    }
}

impl fmt::Debug for MethodArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MethodArn({}/…)", self.stage())
    }
}

impl<'de> Deserialize<'de> for MethodArn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = MethodArn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the ARN of a method")
            }

            fn visit_str<E: de::Error>(self, arn: &str) -> Result<MethodArn, E> {
                MethodArn::parse(arn).ok_or_else(|| E::custom("methodArn is not the ARN of a method"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
