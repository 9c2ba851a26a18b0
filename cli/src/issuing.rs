//! Having a value issued: a place for it first, then one invocation, which is never repeated.

use std::path::PathBuf;

use serde_json::Value;

use crate::arguments::Common;
use crate::aws::Service;
use crate::failure::Failure;
use crate::interrupt;
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
}

/// What may be where the answer to making a key is lost; `look` is the command that shows it.
pub(crate) fn perhaps_issued(look: &str) -> String {
    format!("the key may have been issued all the same, and its value is lost: see `{look}`")
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
    let destination = Destination::prepare(value_to)?;
    let issued = async {
        let Issuance { service, output, payload, perhaps } = request().await?;
        let invoked = async {
            match service.invoke(output, &payload, Repeats::AreNot).await {
                Ok(answer) => Ok(answer),
                Err(error) if error.effect == Effect::Unknown => Err(Failure::from(error).with(&perhaps)),
                Err(error) => Err(error.into()),
            }
        };
        Ok((interrupt::guard(&perhaps, invoked).await?, service.clone()))
    };
    match issued.await {
        Ok((key, service)) => {
            let key = destination.deliver(key, common.json)?;
            Ok(Issued { service, key })
        }
        Err(failure) => {
            destination.abandon();
            Err(failure)
        }
    }
}
