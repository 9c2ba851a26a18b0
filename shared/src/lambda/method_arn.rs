//! What the gateway calls the method that is asked for.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use zeroize::Zeroizing;

use crate::check::Route;

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

    /// The route that is asked. `is_ours` says whether the API is this service's.
    #[must_use]
    pub fn route(&self, is_ours: bool) -> Route<'_> {
        let method = self.text.get(self.stage + 1..self.path - 1).unwrap_or_default();
        Route { method, path: self.path(), is_ours }
    }

    /// The path's first segment.
    pub(super) fn first_segment(&self) -> &str {
        self.path().split('/').next().unwrap_or_default()
    }

    /// The path's segments after the first.
    pub(super) fn later_segments(&self) -> impl Iterator<Item = &str> {
        self.path().split('/').skip(1)
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
                MethodArn::parse(arn).ok_or_else(|| E::custom("methodArn is not the ARN of a method"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
