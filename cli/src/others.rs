//! Other accounts of the same company, or with the same id in the operator's own books.

use api_keys::key::AccountId;
use serde_json::{Value, json};

use crate::aws::Service;
use crate::confirmation::{self, Confirmation};
use crate::failure::Failure;
use crate::{messages, pages, subject};

/// So many are named.
const NAMED: usize = 3;

/// Warns of accounts that the company has, and of those with the id, before another account gets them.
///
/// Two accounts that are made at once do not see each other.
pub(crate) async fn before_creating(
    company: &str,
    external_id: Option<&str>,
    service: &Service,
    yes: bool,
) -> Result<(), Failure> {
    let mut there_are = Vec::new();
    match pages::accounts(service, Some(company), None).await {
        Ok(accounts) if accounts.is_empty() => {}
        Ok(accounts) => there_are.push(format!("there is already {}", in_words(&accounts))),
        // The right to create accounts does not include the right to list them.
        Err(failure) => {
            messages::warning(&format!("it is not known whether {company} has an account already: {failure}"));
            return Ok(());
        }
    }
    if let Some(external_id) = external_id {
        there_are.extend(with_external_id(external_id, None, service).await);
    }
    confirm(&there_are, "Create another account?", yes).await
}

/// Warns of other accounts with an id, before this one gets it too.
pub(crate) async fn before_naming(
    account: AccountId,
    external_id: &str,
    service: &Service,
    yes: bool,
) -> Result<(), Failure> {
    let there_is = with_external_id(external_id, Some(account), service).await;
    confirm(there_is.as_slice(), &format!("Give it to {account} too?"), yes).await
}

/// Which accounts have an id, without `own`.
async fn with_external_id(external_id: &str, own: Option<AccountId>, service: &Service) -> Option<String> {
    match pages::accounts(service, None, Some(external_id)).await {
        Ok(mut accounts) => {
            accounts.retain(|account| own.is_none_or(|own| account.get("accountId") != Some(&json!(own))));
            let has = || format!("the external id {external_id} is already that of {}", in_words(&accounts));
            (!accounts.is_empty()).then(has)
        }
        Err(failure) => {
            messages::warning(&format!("it is not known which account has the external id {external_id}: {failure}"));
            None
        }
    }
}

/// A person at a terminal is asked, unless `yes` is the answer.
async fn confirm(there_are: &[String], question: &str, yes: bool) -> Result<(), Failure> {
    if there_are.is_empty() {
        return Ok(());
    }
    let there_are = there_are.join("; ");
    if yes || !confirmation::is_possible() {
        messages::warning(&there_are);
        return Ok(());
    }
    Confirmation::Asked.ask(async { Ok(format!("{there_are}. {question}")) }).await
}

fn in_words(accounts: &[Value]) -> String {
    let named: Vec<_> = accounts.iter().take(NAMED).map(subject::of_account).collect();
    let more = accounts.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    format!("{}{more}", named.join(", "))
}
