//! Signature version 4 of one kind of request. The signing key is made once a day.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};

/// Signs `GetItem`s of one table's region.
pub struct Signer {
    access_key: String,
    secret: String,
    region: String,
    today: Option<(String, Key)>,
}

impl Signer {
    /// Uses these credentials.
    pub fn new(access_key: String, secret: String, region: String) -> Self {
        Self { access_key, secret, region, today: None }
    }

    /// The headers `x-amz-date` and `authorization` for a body, where `headers` are the other signed ones, in order.
    pub fn headers(&mut self, host: &str, token: &str, target: &str, body: &str) -> (String, String) {
        let (date, time) = now();
        let scope = format!("{date}/{}/dynamodb/aws4_request", self.region);
        let signed = "host;x-amz-date;x-amz-security-token;x-amz-target";
        let canonical = format!(
            "POST\n/\n\nhost:{host}\nx-amz-date:{time}\nx-amz-security-token:{token}\nx-amz-target:{target}\n\n{signed}\n{}",
            hex(digest(&SHA256, body.as_bytes()).as_ref())
        );
        let text =
            format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
        let signature = hex(sign(self.key(date), text.as_bytes()).as_ref());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
            self.access_key
        );
        (time, authorization)
    }

    fn key(&mut self, date: String) -> &Key {
        if self.today.as_ref().is_none_or(|(today, _)| *today != date) {
            self.today = None;
        }
        let (secret, region) = (&self.secret, &self.region);
        &self
            .today
            .get_or_insert_with(|| {
                let mut key = Key::new(HMAC_SHA256, format!("AWS4{secret}").as_bytes());
                for part in [&*date, region, "dynamodb", "aws4_request"] {
                    key = Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref());
                }
                (date, key)
            })
            .1
    }
}

/// `20261123` and `20261123T101530Z`.
fn now() -> (String, String) {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of year 0, so that a leap day comes last.
    let day = days + 719_468;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let date = format!("{year:04}{month:02}{day_of_month:02}");
    let time = format!("{date}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60);
    (date, time)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
