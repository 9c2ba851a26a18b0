//! `api-keys keys disable` and `revoke`: the same done to each of some keys.

use std::collections::HashSet;

use api_keys::key::KeyId;
use serde_json::{Value, json};

use super::question::{self, Question};
use crate::arguments::{AccountName, Common};
use crate::aws::{MANAGE, Service};
use crate::confirmation::Confirmation;
use crate::failure::{Failure, Kind};
use crate::invocation::{Effect, Repeats};
use crate::pages::take_list;
use crate::{interrupt, output};

/// As many as `manage-account` takes.
const AT_ONCE: usize = 100;

/// What is done to keys.
pub(super) struct Deed {
    action: &'static str,
    /// Whether it may be sent again when its effect is unknown.
    repeats: Repeats,
    question: Question,
    /// What was done, and the answer's list of those to which it was.
    done: &'static str,
    /// How things stand when it broke off.
    perhaps: &'static str,
}

pub(super) const REVOKE: Deed = Deed {
    action: "revoke-keys",
    // Sent again, it would not find what the first attempt has deleted.
    repeats: Repeats::AreNot,
    question: Question { verb: "Delete", consequence: "for good" },
    done: "revoked",
    perhaps: "some of the keys may be revoked: run the same command again, which does not find those",
};

pub(super) const DISABLE: Deed = Deed {
    action: "disable-keys",
    repeats: Repeats::AreSafe,
    question: question::DISABLE,
    done: "disabled",
    perhaps: "some of the keys may be disabled: run the same command again",
};

impl Deed {
    pub(super) async fn run(&self, account: &AccountName, keys: &[KeyId], common: &Common) -> Result<(), Failure> {
        let Self { action, repeats, question, done: list, perhaps } = *self;
        let mut seen = HashSet::new();
        if let Some(twice) = keys.iter().find(|key| !seen.insert(**key)) {
            return Err(Failure::input(format!("the key {twice} is given twice")));
        }
        let confirmation = Confirmation::prepare(common.yes)?;
        let service = Service::find(common).await?;
        let account = service.account(account).await?;
        confirmation.ask(question.about(&service, account, keys)).await?;
        let (mut done, mut not_found, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let work = async {
            for ids in keys.chunks(AT_ONCE) {
                let payload = json!({ "action": action, "accountId": account, "keyIds": ids });
                let mut answer = match service.invoke(MANAGE, &payload, repeats).await {
                    Ok(answer) => answer,
                    Err(error) if error.effect == Effect::Unknown => return Err(Failure::from(error).with(perhaps)),
                    Err(error) => return Err(error.into()),
                };
                done.extend(take_list(&mut answer, list));
                not_found.extend(take_list(&mut answer, "notFound"));
                failed.extend(take_list(&mut answer, "failed"));
            }
            Ok(())
        };
        let stopped = interrupt::guard(perhaps, work).await;
        // Nothing was answered, so nothing is known to have been done or not.
        let known = done.len() + not_found.len() + failed.len();
        if common.json {
            output::json(&json!({ list: done, "notFound": not_found, "failed": failed }))?;
        } else if known > 0 {
            let mut heading = list.to_owned();
            heading.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
            output::line(&format!("{heading} {} of {}.", done.len(), output::counted(keys.len())))?;
            list_unless_empty(&[("NOT FOUND", "")], &not_found)?;
            list_unless_empty(&[("FAILED", "/id"), ("REASON", "/reason")], &failed)?;
        }
        stopped?;
        let missing = not_found.len() + failed.len();
        if missing == 0 {
            return Ok(());
        }
        let kind = if done.is_empty() && failed.is_empty() { Kind::NotFound } else { Kind::Partial };
        Err(Failure::new(kind, format!("{} not {list}", output::counted(missing))))
    }
}

fn list_unless_empty(columns: &[output::Column], rows: &[Value]) -> Result<(), Failure> {
    if rows.is_empty() { Ok(()) } else { output::table(columns, columns.len(), rows) }
}
