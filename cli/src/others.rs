//! Other accounts of the same company.

use serde_json::Value;

use crate::aws::Service;
use crate::confirmation::{self, Confirmation};
use crate::failure::Failure;
use crate::{messages, pages, subject};

/// So many are named.
const NAMED: usize = 3;

/// Warns of accounts that the company has, before it gets another: a person at a terminal is asked, unless `yes` is the answer.
///
/// Two accounts that are made at once do not see each other.
pub(crate) async fn warn(company: &str, service: &Service, yes: bool) -> Result<(), Failure> {
    let accounts = match pages::accounts(service, Some(company), None).await {
        Ok(accounts) => accounts,
        // The right to create accounts does not include the right to list them.
        Err(failure) => {
            messages::warning(&format!("it is not known whether {company} has an account already: {failure}"));
            return Ok(());
        }
    };
    if accounts.is_empty() {
        return Ok(());
    }
    let there_is = in_words(&accounts);
    if yes || !confirmation::is_possible() {
        messages::warning(&there_is);
        return Ok(());
    }
    Confirmation::Asked.ask(async { Ok(format!("{there_is}. Create another account?")) }).await
}

fn in_words(accounts: &[Value]) -> String {
    let named: Vec<_> = accounts.iter().take(NAMED).map(subject::of_account).collect();
    let more = accounts.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    format!("there is already {}{more}", named.join(", "))
}
