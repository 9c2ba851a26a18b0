//! A key's value: where its item lives, and its hash.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID: usize = 22;
const SECRET: usize = 43;

/// A well-formed value, `{prefix}_1{account}{id}_{secret}{checksum}`.
pub struct Key<'a> {
    value: &'a str,
    /// The partition.
    pub account_id: &'a str,
    /// The item in it.
    pub id: &'a str,
}

impl<'a> Key<'a> {
    /// Refuses what no key looks like, down to the checksum.
    pub fn parse(value: &'a str) -> Option<Self> {
        let (head, tail) = value.rsplit_once('_')?;
        let (_, locator) = head.rsplit_once('_')?;
        let (account_id, id) = locator.strip_prefix('1')?.split_at_checked(ID)?;
        let base62 = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if id.len() != ID || tail.len() != SECRET + 6 || !base62(locator) || !base62(tail) {
            return None;
        }
        let (body, sum) = value.split_at_checked(value.len() - 6)?;
        let mut number = crc32fast::hash(body.as_bytes());
        for digit in sum.bytes().rev() {
            if digit != DIGITS[(number % 62) as usize] {
                return None;
            }
            number /= 62;
        }
        Some(Self { value, account_id, id })
    }

    /// The SHA-256 of the value as the table's JSON has it.
    pub fn hash(&self) -> String {
        STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, self.value.as_bytes()))
    }

    /// The body of the one `GetItem`.
    pub fn request(&self, table: &str) -> String {
        let Self { account_id, id, .. } = self;
        format!(
            r#"{{"TableName":"{table}","Key":{{"accountId":{{"S":"{account_id}"}},"id":{{"S":"{id}"}}}},"ConsistentRead":true}}"#
        )
    }
}
