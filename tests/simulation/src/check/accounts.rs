//! Each account is linearizable, as those who manage its keys are shown it.

use super::order::{self, Step};
use crate::account::{Account, Fields};
use crate::history::{History, OfAccount};

pub fn check(history: &History) -> Vec<String> {
    let lasting = (0..history.accounts.len()).filter(|account| !history.accounts[*account].erasing);
    let steps = |all: &[OfAccount], account: usize| -> Vec<Step<Fields>> {
        let of = all.iter().filter(|it| it.account == account);
        let step = |it: &OfAccount| {
            let (action, began, ended, what) = (it.action, it.began, it.ended, it.fields.clone());
            Step { action, began, ended, what }
        };
        of.map(step).collect()
    };
    lasting
        .filter_map(|account| {
            let writes = steps(&history.account_writes, account);
            let looks = steps(&history.account_looks, account);
            order::unexplained(&format!("account {account}"), &Account::default(), &writes, &looks)
        })
        .collect()
}
