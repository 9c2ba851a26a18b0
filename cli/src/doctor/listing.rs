//! Accounts of earlier versions that no list has: nothing that goes through all accounts gets to them.

use std::collections::BTreeSet;

use api_keys::key::AccountId;
use serde_json::Value;

use super::finding::{Finding, counted, unanswered};
use crate::aws::Service;
use crate::failure::Kind;
use crate::{pages, upgrade};

const CHECK: &str = "accounts";
/// Of the table, so many pages of 1 MB are read, which costs a ten-thousandth of a dollar.
const PAGES: usize = 4;

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let Ok(table) = service.output("TableName") else { return Vec::new() };
    let scan = service.dynamodb().scan().table_name(table).projection_expression("accountId");
    let (mut pages, mut is_whole, mut there) = (scan.into_paginator().send(), false, BTreeSet::new());
    for _ in 0..PAGES {
        match Box::pin(pages.next()).await {
            None => {
                is_whole = true;
                break;
            }
            Some(Ok(page)) => there.extend(page.items().iter().filter_map(upgrade::account_of)),
            Some(Err(error)) => {
                return vec![Finding::unknown(
                    CHECK,
                    unanswered("Scan of the table of keys", &error),
                    service.typed("accounts upgrade"),
                )];
            }
        }
    }
    let listed = match pages::accounts(service, None, None).await {
        Ok(accounts) => accounts,
        Err(failure) => {
            let why = format!("the accounts cannot be listed: {failure}");
            let is_denied = failure.kind() == Kind::NoAccess;
            let sign = if is_denied { Finding::unknown } else { Finding::fault };
            return vec![sign(CHECK, why, service.typed("accounts list --debug"))];
        }
    };
    let id = |account: &Value| account.get("accountId").and_then(Value::as_str).and_then(AccountId::parse);
    let listed: BTreeSet<_> = listed.iter().filter_map(id).collect();
    let unlisted = there.difference(&listed).count();
    let of = if is_whole { "of the stack" } else { "in the first 4 MB of the table" };
    vec![match unlisted {
        0 => Finding::ok(CHECK, format!("{} {of}, and the list has all", counted(there.len(), "account"))),
        some => {
            let why = format!(
                "of {} {of}, the list lacks {some}: what goes through all accounts does not get to them",
                counted(there.len(), "account")
            );
            Finding::warning(CHECK, why, service.typed("accounts upgrade"))
        }
    }]
}
