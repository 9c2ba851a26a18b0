//! `api-keys accounts upgrade`, and the one place that scans the table, with the operator's own credentials.

use std::collections::{BTreeSet, HashMap};

use api_keys::key::AccountId;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::aws::Service;
use crate::failure::{Failure, chain};
use crate::progress::Spinner;
use crate::{interrupt, output};

/// Kinds of items, `{accountId}#{kind}`, that may outlive the account: an erasure of before left them.
const LEFT_BEHIND: [&str; 2] = ["requests", "limits"];

/// Has every account adopted that the table names; one that is up to date stays as it is.
pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let service = Service::find(common).await?;
    let upgraded = upgrade(&service);
    let (accounts, adopted, failed) =
        interrupt::guard("not every account is listed yet: run the same command again", upgraded).await?;
    if common.json {
        output::json(&json!({ "accounts": accounts, "adopted": adopted, "failed": failed }))?;
    } else {
        output::line(&format!("Listed {adopted} more of {accounts} accounts."))?;
        if !failed.is_empty() {
            output::table(&[("FAILED", "/accountId"), ("REASON", "/reason")], 2, &failed)?;
        }
    }
    let failed = failed.len();
    if failed == 0 { Ok(()) } else { Err(Failure::partial(format!("{failed} accounts failed"))) }
}

/// How many accounts there are, how many were adopted, and which could not be.
async fn upgrade(service: &Service) -> Result<(usize, usize, Vec<Value>), Failure> {
    let accounts = accounts(service).await?;
    let (mut adopted, mut failed) = (0, Vec::new());
    for account in &accounts {
        match service.manage(&json!({ "action": "adopt", "accountId": account })).await {
            Ok(answer) => adopted += usize::from(answer.get("adopted") == Some(&Value::Bool(true))),
            Err(failure) => failed.push(json!({ "accountId": account, "reason": failure.to_string() })),
        }
    }
    Ok((accounts.len(), adopted, failed))
}

/// Of keys and of accounts' own items, `{accountId}#…`: one may have lost its last key.
pub(crate) async fn accounts(service: &Service) -> Result<BTreeSet<AccountId>, Failure> {
    let scan = service.dynamodb().scan().table_name(service.output("TableName")?);
    let mut pages = scan.projection_expression("accountId").into_paginator().items().send();
    let spinner = Spinner::start("items read");
    let (mut accounts, mut items) = (BTreeSet::new(), 0);
    while let Some(item) = pages.next().await {
        let item = item.map_err(|error| Failure::action(format!("the table cannot be read: {}", chain(&error))))?;
        items += 1;
        spinner.set(items);
        accounts.extend(account_of(&item));
    }
    Ok(accounts)
}

/// The account that an item is of: a key, or an item of the account's own.
pub(crate) fn account_of(item: &HashMap<String, AttributeValue>) -> Option<AccountId> {
    let partition = item.get("accountId")?.as_s().ok()?;
    let (account, kind) = partition.split_once('#').unwrap_or((partition, ""));
    AccountId::parse(account).filter(|_| !LEFT_BEHIND.contains(&kind))
}
