//! Actions on many keys: the function is invoked again with each cursor until it is done.

use serde_json::Value;

use crate::aws::Service;
use crate::failure::Failure;
use crate::interrupt;
use crate::invocation::{Effect, Repeats};
use crate::pages::set;
use crate::progress::Spinner;

/// Such an action.
pub(crate) struct Sweep {
    /// The stack's output that names the function.
    pub(crate) output: &'static str,
    pub(crate) payload: Value,
    /// The field of an answer with the number that it did.
    pub(crate) count: &'static str,
    /// What is counted, in words.
    pub(crate) what: &'static str,
    /// How things stand if it ends early, and what to do then.
    pub(crate) unfinished: String,
}

impl Sweep {
    /// Goes on until it is done: the last answer, and the sum of the counts.
    pub(crate) async fn run(self, service: &Service) -> Result<(Value, u64), Failure> {
        let Self { output, mut payload, count, what, unfinished } = self;
        let spinner = Spinner::start(what);
        let work = async {
            let mut sum = 0;
            // A cursor holds to what it began with. Begun again, it could undo what a colleague has decided meanwhile.
            let mut repeats = Repeats::AreNot;
            loop {
                let mut answer = match service.invoke(output, &payload, repeats).await {
                    Ok(answer) => answer,
                    Err(error) if error.effect == Effect::None => return Err(error.into()),
                    Err(error) => return Err(Failure::from(error).with(&unfinished)),
                };
                sum += answer.get(count).and_then(Value::as_u64).unwrap_or_default();
                spinner.set(sum);
                if answer.get("done") == Some(&Value::Bool(true)) {
                    return Ok((answer, sum));
                }
                let cursor = answer.get_mut("cursor").map(Value::take).filter(|cursor| !cursor.is_null());
                let cursor = cursor.ok_or_else(|| {
                    Failure::action(format!("the function's answer is not done and has no cursor; {unfinished}"))
                })?;
                set(&mut payload, "cursor", cursor);
                repeats = Repeats::AreSafe;
            }
        };
        interrupt::guard(&unfinished, work).await
    }
}
