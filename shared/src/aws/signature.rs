//! Signature Version 4 of calls to DynamoDB, and to services with its protocol.
//!
//! `aws-sigv4` signs any request: it collects, checks and sorts headers, encodes paths and derives a new key for each. That was
//! a fifth of an authorization's instructions. These calls always have the same headers, and a signing key is valid for a day.
//!
//! Source: "Create a signed AWS API request" in the IAM User Guide.

use std::sync::Mutex;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::generate_signing_key;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue};
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::transport::Cause;
use crate::lock::lock;

pub(crate) const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
/// All that are signed, in their order.
static SIGNED: [HeaderName; 5] = [CONTENT_TYPE, HOST, DATE, TOKEN, TARGET];

/// More than a canonical request has beside its token, and than the names of its headers have.
const CANONICAL_BYTES: usize = 512;
const NAMES_BYTES: usize = 80;

const TIME: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// Signs for one service, with one set of credentials in one region.
pub(crate) struct Signer {
    credentials: Credentials,
    token: Option<HeaderValue>,
    region: String,
    service: &'static str,
    key: Mutex<Option<DayKey>>,
}

/// The signing key of a day, `YYYYMMDD`.
struct DayKey {
    day: String,
    key: hmac::Key,
}

impl Signer {
    /// `service` is its name in the signature, such as `dynamodb`.
    pub(crate) fn new(credentials: Credentials, region: &str, service: &'static str) -> Result<Self, Cause> {
        let mut token = credentials.session_token().map(HeaderValue::try_from).transpose()?;
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        Ok(Self { credentials, token, region: region.to_owned(), service, key: Mutex::default() })
    }

    /// When its credentials expire, if they do.
    pub(crate) fn expiry(&self) -> Option<SystemTime> {
        self.credentials.expiry()
    }

    /// Adds time, session token and signature to the headers of a `POST` to `/` with that body.
    pub(crate) fn sign(&self, headers: &mut HeaderMap, body: &[u8], now: SystemTime) -> Result<(), Cause> {
        let time = OffsetDateTime::from(now).format(TIME)?;
        headers.insert(DATE, HeaderValue::try_from(&time)?);
        if let Some(token) = &self.token {
            headers.insert(TOKEN, token.clone());
        }
        // Room for all of it at once: a token is long, and grows twice otherwise.
        let mut request = Vec::with_capacity(CANONICAL_BYTES + self.token.as_ref().map_or(0, HeaderValue::len));
        request.extend_from_slice(b"POST\n/\n\n");
        let mut names = String::with_capacity(NAMES_BYTES);
        for name in &SIGNED {
            if let Some(value) = headers.get(name) {
                for part in [name.as_str().as_bytes(), b":", value.as_bytes(), b"\n"] {
                    request.extend_from_slice(part);
                }
                names.push_str(if names.is_empty() { "" } else { ";" });
                names.push_str(name.as_str());
            }
        }
        for part in ["\n", &names, "\n", &hex::encode(digest(&SHA256, body))] {
            request.extend_from_slice(part.as_bytes());
        }

        let (day, _) = time.split_once('T').unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let request = hex::encode(digest(&SHA256, &request));
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{request}");
        let signature = self.signature(&to_sign, day, now);

        let access_key = self.credentials.access_key_id();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}");
        headers.insert(AUTHORIZATION, HeaderValue::try_from(authorization)?);
        Ok(())
    }

    /// Signs text with the key of that day, which is the day of `now`.
    fn signature(&self, to_sign: &str, day: &str, now: SystemTime) -> String {
        let mut known = lock(&self.key);
        known.take_if(|known| known.day != day);
        let DayKey { key, .. } = known.get_or_insert_with(|| {
            let key = generate_signing_key(self.credentials.secret_access_key(), now, &self.region, self.service);
            DayKey { day: day.to_owned(), key: hmac::Key::new(HMAC_SHA256, key.as_ref()) }
        });
        hex::encode(hmac::sign(key, to_sign.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;
    use aws_smithy_runtime_api::client::identity::Identity;

    use super::*;

    const BODY: &[u8] = br#"{"TableName":"keys"}"#;

    fn credentials(token: Option<&str>) -> Credentials {
        Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token.map(str::to_owned),
            None,
            "test",
        )
    }

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("dynamodb.eu-central-1.amazonaws.com"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert("user-agent", HeaderValue::from_static("not signed"));
        headers.insert(TARGET, HeaderValue::from_static("DynamoDB_20120810.GetItem"));
        headers
    }

    /// What the SDK's own signer makes of the same request.
    fn signed_by_the_sdk(token: Option<&str>, service: &str, now: SystemTime) -> HeaderMap {
        let identity = Identity::from(credentials(token));
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name(service)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let mut request = http::Request::post("https://dynamodb.eu-central-1.amazonaws.com/").body(()).unwrap();
        *request.headers_mut() = headers();
        let signed = request.headers().iter().filter(|(name, _)| *name != "user-agent");
        let signed = signed.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let signable =
            SignableRequest::new("POST", request.uri().to_string(), signed, SignableBody::Bytes(BODY)).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request.headers().clone()
    }

    #[test]
    fn the_signature_is_the_sdks_on_every_day_with_and_without_a_session() {
        for (token, service) in
            [(None, "dynamodb"), (Some("IQoJb3JpZ2luX2Vj+/="), "dynamodb"), (None, "secretsmanager")]
        {
            let signer = Signer::new(credentials(token), "eu-central-1", service).unwrap();
            // Twice on one day, then the last and the first second of two.
            for second in [1_795_428_930, 1_795_428_931, 1_795_478_399, 1_795_478_400] {
                let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                let mut headers = headers();
                signer.sign(&mut headers, BODY, now).unwrap();
                assert_eq!(headers, signed_by_the_sdk(token, service, now), "{second}");
            }
        }
    }

    #[test]
    fn the_session_token_is_marked_as_sensitive() {
        let mut headers = headers();
        let signer = Signer::new(credentials(Some("token")), "eu-central-1", "dynamodb").unwrap();
        signer.sign(&mut headers, BODY, SystemTime::UNIX_EPOCH).unwrap();
        assert!(headers[TOKEN].is_sensitive());
    }
}
