//! From a stored key to the gateway's policy.

use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// What of a stored key decides.
#[derive(Default)]
pub struct Stored {
    /// SHA-256 in Base64.
    pub hash: String,
    /// The key's own id.
    pub id: String,
    /// The account's id.
    pub account_id: String,
    /// Whom it is assigned to.
    pub user_id: String,
    /// That user's name.
    pub username: String,
    /// The account's company.
    pub company: String,
    /// What it opens.
    pub operations: Vec<String>,
    /// The kind of messages it is meant for.
    pub traffic_type: String,
}

/// `GetItem`'s answer, read without a tree.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Item")]
    item: Option<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    key_hash: Binary,
    id: Text,
    account_id: Text,
    user_id: Text,
    username: Text,
    company: Text,
    operations: List,
    traffic_type: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct Binary {
    #[serde(rename = "B")]
    base64: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(rename = "L")]
    list: Vec<Text>,
}

impl Stored {
    /// Reads `GetItem`'s answer by a JSON deserializer; `None` when there is no item.
    pub fn read<'de, D: serde::Deserializer<'de>>(answer: D) -> Result<Option<Self>, D::Error> {
        Ok(Answer::deserialize(answer)?.item.map(|item| Self {
            hash: item.key_hash.base64,
            id: item.id.text,
            account_id: item.account_id.text,
            user_id: item.user_id.text,
            username: item.username.text,
            company: item.company.text,
            operations: item.operations.list.into_iter().map(|operation| operation.text).collect(),
            traffic_type: item.traffic_type.text,
        }))
    }

    /// Whether it is the key whose value has this hash.
    pub fn has(&self, hash: &str) -> bool {
        self.hash.as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

/// A REQUEST authorizer's answer, written straight from what was read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    principal_id: String,
    policy_document: PolicyDocument,
    context: Context,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: &'static str,
    #[serde(serialize_with = "routes")]
    resource: Routes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    account_id: String,
    key_id: String,
    user_id: String,
    username: String,
    company: String,
    operations: String,
    traffic_type: String,
}

impl Verdict {
    /// Allows the holder of a key the path that is asked for, if its first segment is the name of one of its operations.
    pub fn allow(key: Stored, route @ [_, _, path]: [&str; 3]) -> Option<Self> {
        let first = path.split('/').next()?;
        let opens = |operation: &String| operation.to_ascii_lowercase().replace('_', "-") == first;
        if !key.operations.iter().any(opens) {
            return None;
        }
        let operations = key.operations.join(",");
        let resource = Routes(route.map(str::to_owned));
        let statement = Statement { effect: "Allow", action: "execute-api:Invoke", resource };
        Some(Self {
            principal_id: key.id.clone(),
            policy_document: PolicyDocument { version: "2012-10-17", statement: [statement] },
            context: Context {
                account_id: key.account_id,
                key_id: key.id,
                user_id: key.user_id,
                username: key.username,
                company: key.company,
                operations,
                traffic_type: key.traffic_type,
            },
        })
    }
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Stage, method and path.
struct Routes([String; 3]);

/// The path of the method that is asked for, and of all others.
fn routes<S: Serializer>(Routes([stage, method, path]): &Routes, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    let others = METHODS.into_iter().filter(|other| other != method);
    for method in std::iter::once(method.as_str()).chain(others) {
        list.serialize_element(&format_args!("{stage}/{method}/{path}"))?;
    }
    list.end()
}
