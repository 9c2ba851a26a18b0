//! What operators do with accounts, and what befalls keys, in the words of a test.

use serde_json::{Value, json};

use crate::values::import_of;
use crate::{Client, Gateway};

impl Gateway {
    /// Invokes `manage-account` once, with that action on an account.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn manage(&self, action: &str, account: &Client) -> Result<Value, Value> {
        self.manage_with(action, account, &json!({})).await
    }

    /// The same with more fields.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn manage_with(&self, action: &str, account: &Client, more: &Value) -> Result<Value, Value> {
        let mut payload = more.clone();
        payload["action"] = json!(action);
        payload["accountId"] = json!(account.account_id);
        self.invoke_manage_account(payload).await
    }

    /// The same as often as it takes; the last answer.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn see_through(&self, action: &str, account: &Client, more: &Value) -> Result<Value, Value> {
        let mut more = more.clone();
        loop {
            let answer = self.manage_with(action, account, &more).await?;
            assert_eq!(answer["done"], answer["cursor"].is_null());
            if answer["done"] == true {
                return Ok(answer);
            }
            more["cursor"] = answer["cursor"].clone();
        }
    }

    /// Suspends an account.
    pub async fn suspend(&self, account: &Client) {
        let answer = self.see_through("suspend", account, &json!({})).await.unwrap();
        assert_eq!(answer["account"]["status"], "SUSPENDED");
    }

    /// Resumes a suspended account.
    pub async fn resume(&self, account: &Client) {
        let answer = self.see_through("resume", account, &json!({})).await.unwrap();
        assert_eq!(answer["account"]["status"], "ACTIVE");
    }

    /// A page of accounts.
    pub async fn list_accounts(&self, query: &Value) -> Value {
        let mut payload = query.clone();
        payload["action"] = json!("list");
        self.invoke_manage_account(payload).await.unwrap()
    }

    /// Imports these keys into an account; the report.
    pub async fn import_keys(&self, account: &Client, keys: Value) -> Value {
        self.invoke_import_keys(json!({"accountId": account.account_id, "keys": keys})).await.unwrap()
    }

    /// Imports a value of another system, deleted before or not; the new key's id.
    pub async fn import(&self, account: &Client, value: &str) -> String {
        let payload = json!({"accountId": account.account_id, "keys": [import_of(value)], "revive": true});
        let report = self.invoke_import_keys(payload).await.unwrap();
        report["imported"][0]["id"].as_str().unwrap_or_else(|| panic!("{report}")).to_owned()
    }

    /// Reports that these texts leaked.
    pub async fn leak(&self, texts: &[&str]) {
        let report: Value = texts.iter().map(|text| json!({ "token": text })).collect();
        assert_eq!(self.report(&[], &report.to_string()).await.status, 202);
    }

    /// The status of a value's look-up of itself.
    pub async fn status_of(&self, value: &str) -> u16 {
        self.send("GET", "/authentication/self", &[value], None).await.status
    }
}
