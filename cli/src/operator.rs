//! Who works with the program, as events have it.

use std::{env, process};

use api_keys::request::Caller;

/// The user and host name: a claim, which the service does not verify.
pub(crate) fn operator() -> String {
    let named = ["USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok().filter(|user| !user.is_empty()));
    // Jobs and containers have neither; the table of users may have the process's own.
    let user = named.or_else(|| printed(process::Command::new("id").arg("-un")));
    let [user, host] =
        [user, printed(&mut process::Command::new("hostname"))].map(|name| name.unwrap_or_else(|| "unknown".into()));
    format!("{user}@{host}").chars().take(Caller::MAX_TEXT).collect()
}

/// What a command prints, if it prints something.
fn printed(command: &mut process::Command) -> Option<String> {
    let done = command.output().ok().filter(|done| done.status.success())?;
    let text = String::from_utf8(done.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
