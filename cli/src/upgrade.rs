//! `api-keys upgrade`: the one place that scans the table, with the operator's own credentials.

use std::collections::BTreeSet;

use api_keys::AccountId;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::aws::Service;
use crate::progress::Spinner;
use crate::{Failure, output};

/// Has every account adopted that has a key; one that is up to date stays as it is.
pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let service = Service::find(common).await?;
    let accounts = accounts(&service).await?;
    let (mut adopted, mut failed) = (0, 0);
    for account in &accounts {
        match service.manage(&json!({ "action": "adopt", "accountId": account })).await {
            Ok(answer) => adopted += usize::from(answer.get("adopted") == Some(&Value::Bool(true))),
            Err(failure) => {
                failed += 1;
                output::line(&format!("{account}: {failure}"))?;
            }
        }
    }
    if common.json {
        output::json(&json!({ "accounts": accounts.len(), "adopted": adopted, "failed": failed }))?;
    } else {
        output::line(&format!("Brought {adopted} of {} accounts up to date.", accounts.len()))?;
    }
    if failed == 0 { Ok(()) } else { Err(Failure::action(format!("{failed} accounts failed; repeat the command"))) }
}

async fn accounts(service: &Service) -> Result<BTreeSet<AccountId>, Failure> {
    let client = aws_sdk_dynamodb::Client::new(service.aws.config());
    let scan = client.scan().table_name(service.output("TableName")?).projection_expression("accountId");
    let mut pages = scan.into_paginator().items().send();
    let spinner = Spinner::start("items");
    let (mut accounts, mut items) = (BTreeSet::new(), 0);
    while let Some(item) = pages.next().await {
        let item = item.map_err(|error| {
            Failure::action(format!("the table could not be read: {}", DisplayErrorContext(&error)))
        })?;
        items += 1;
        spinner.set(items);
        let partition = item.get("accountId").and_then(|value| value.as_s().ok());
        accounts.extend(partition.and_then(|partition| AccountId::parse(partition)));
    }
    Ok(accounts)
}
