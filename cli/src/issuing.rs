//! Having a value issued: a place for it first, then one invocation, which is never repeated.

use std::path::PathBuf;

use serde_json::Value;

use crate::arguments::Common;
use crate::aws::Service;
use crate::failure::Failure;
use crate::interrupt::Held;
use crate::invocation::{Effect, Repeats};
use crate::secret::Destination;

/// An invocation whose answer has a new value.
pub(crate) struct Issuance {
    pub(crate) service: Service,
    /// The stack's output that names the function.
    pub(crate) output: &'static str,
    pub(crate) payload: Value,
    /// How things may stand where the answer is lost, and what to do then.
    pub(crate) perhaps: String,
    /// What to do where the value is lost and its key is known.
    pub(crate) mend: Mend,
}

/// What undoes that a value was issued and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mend {
    /// The key is new: nothing uses it.
    Revoke,
    /// The key had a value before.
    RotateAgain,
}

impl Mend {
    /// In words, with the command to type.
    pub(crate) fn of(self, service: &Service, account: &str, key: &str) -> String {
        match self {
            Self::Revoke => {
                format!("revoke it: `{}`", service.typed(&format!("keys revoke {key} --account {account}")))
            }
            Self::RotateAgain => {
                let rotate = service.typed(&format!("keys rotate {key} --account {account} --keep-previous"));
                format!("rotate it again: `{rotate}`")
            }
        }
    }
}

/// What may be where the answer to making a key is lost; `look` is the command that shows it.
pub(crate) fn perhaps_issued(look: &str) -> String {
    format!(
        "the key may have been issued all the same, and its value is lost: look first, and do not run the same command again: \
         `{look}`"
    )
}

/// What was issued, without its value.
pub(crate) struct Issued {
    pub(crate) service: Service,
    pub(crate) key: Value,
}

/// Has a value issued, once there is a place for it, and delivers it there.
pub(crate) async fn issue(
    value_to: Option<PathBuf>,
    request: impl AsyncFnOnce() -> Result<Issuance, Failure>,
    common: &Common,
) -> Result<Issued, Failure> {
    let destination = Destination::check(value_to)?;
    let Issuance { service, output, payload, perhaps, mend } = request().await?;
    // From here on no signal ends the program before the file that has got no value is removed.
    let mut held = Held::new();
    let place = destination.open()?;
    let invoked = async {
        match service.invoke(output, &payload, Repeats::AreNot).await {
            Ok(answer) => Ok(answer),
            Err(error) if error.effect == Effect::Unknown => Err(Failure::from(error).with(&perhaps)),
            Err(error) => Err(error.into()),
        }
    };
    let answer = held.guard(&perhaps, invoked).await?;
    let key = place.deliver(answer, common.json, |account, key| mend.of(&service, account, key))?;
    Ok(Issued { service, key })
}
