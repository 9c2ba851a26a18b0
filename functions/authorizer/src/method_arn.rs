//! What the gateway calls the method that is asked for.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use zeroize::Zeroizing;

/// `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}`: the method that is asked for.
///
/// Its path may hold a key, so only the stage of it is ever shown or handed on.
pub(crate) struct MethodArn {
    text: Zeroizing<String>,
    /// Where the stage ends.
    stage: usize,
    /// Where the path begins.
    path: usize,
}

impl MethodArn {
    fn parse(arn: &str) -> Option<Self> {
        let mut slashes = arn.match_indices('/').map(|(at, _)| at);
        let (api, stage, method) = (slashes.next()?, slashes.next()?, slashes.next()?);
        (arn.starts_with("arn:") && stage > api + 1).then(|| Self {
            text: Zeroizing::new(arn.to_owned()),
            stage,
            path: method + 1,
        })
    }

    /// The ARN of all methods' stage.
    pub(crate) fn stage(&self) -> &str {
        self.text.get(..self.stage).unwrap_or_default()
    }

    /// Whether it is the look-up of one key, which every key may try.
    pub(crate) fn looks_up_a_key(&self) -> bool {
        self.text.get(self.stage..).is_some_and(|rest| rest.starts_with("/GET/authentication/"))
    }

    /// The path's segments.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
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
