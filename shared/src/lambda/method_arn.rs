//! What the gateway calls the method that is asked for.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use zeroize::Zeroizing;

use crate::check::{Method, Pattern, Route, RouteRules};

/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}`: the method that is asked for. The route of an HTTP
/// API that takes all others is `{api}/{stage}/$default`.
///
/// Its path may hold a key, so only what comes before it is ever shown.
pub struct MethodArn {
    text: Zeroizing<String>,
    /// Where the stage ends.
    stage: usize,
    /// Where the path begins.
    path: usize,
}

impl MethodArn {
    fn parse(arn: &str) -> Option<Self> {
        let mut slashes = arn.match_indices('/').map(|(at, _)| at);
        let (api, stage, method) = (slashes.next()?, slashes.next()?, slashes.next());
        // The route that an HTTP API has for all others names no method.
        let is_one = arn.starts_with("arn:") && stage > api + 1 && (method.is_some() || arn.ends_with("/$default"));
        let path = method.unwrap_or(stage) + 1;
        is_one.then(|| Self { text: Zeroizing::new(arn.to_owned()), stage, path })
    }

    /// The ARN of all methods' stage.
    pub(super) fn stage(&self) -> &str {
        self.text.get(..self.stage).unwrap_or_default()
    }

    /// The API and its stage, for the log.
    #[must_use]
    pub fn api(&self) -> &str {
        self.stage().rsplit(':').next().unwrap_or_default()
    }

    /// The same path of another method.
    pub(super) fn of(&self, method: Method) -> String {
        format!("{}/{}/{}", self.stage(), method.as_str(), self.path())
    }

    /// The whole ARN, as the gateway has it.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The method that is asked for, such as `GET`.
    pub(super) fn method(&self) -> &str {
        self.text.get(self.stage + 1..self.path.saturating_sub(1)).unwrap_or_default()
    }

    /// The route that is asked, of that pattern, in an API with these rules. `is_ours`: whether it is this service's.
    #[must_use]
    pub fn route<'a>(&'a self, pattern: Pattern<'a>, rules: Option<&'a RouteRules>, is_ours: bool) -> Route<'a> {
        let is_unseen = self.path().contains('{') || self.text.ends_with("/$default");
        Route { method: self.method(), path: self.path(), is_unseen, pattern, rules, is_ours }
    }

    fn path(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
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
                MethodArn::parse(arn).ok_or_else(|| E::custom("not the ARN of a method"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
