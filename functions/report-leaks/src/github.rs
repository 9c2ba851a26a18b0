//! GitHub's signatures: ECDSA on P-256 with SHA-256, over the bytes as they came.

use std::time::Duration;

use api_keys::{Error, InvalidRequest, Misconfigured, Timestamp, Transport};
use aws_smithy_types::base64;
use lambda_http::http::Uri;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Which of GitHub's keys signed it.
pub(crate) const KEY_IDENTIFIER: &str = "github-public-key-identifier";
/// The signature, in base64.
pub(crate) const SIGNATURE: &str = "github-public-key-signature";

/// Keys are used for that long.
const KEPT: Duration = Duration::from_mins(30);
/// For an identifier that is not among them, they are fetched at most once in that time: anybody can make one up.
const PAUSE: Duration = Duration::from_mins(5);
const FETCH_TIME: Duration = Duration::from_secs(3);

/// How every P-256 key in DER begins; the point follows (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// What a request says of who signed it.
#[derive(Debug)]
pub struct Signature {
    key: String,
    bytes: Vec<u8>,
}

impl Signature {
    /// Reads the two headers.
    ///
    /// # Errors
    /// [`InvalidRequest`] when they have not the shape of a signature.
    pub fn parse(identifier: &[u8], signature: &[u8]) -> Result<Self, InvalidRequest> {
        let key = str::from_utf8(identifier).ok().filter(|key| (1..=256).contains(&key.len()));
        let key = key.ok_or_else(|| InvalidRequest::of(KEY_IDENTIFIER, "must be the identifier of a key"))?;
        let text = str::from_utf8(signature).ok().filter(|text| (1..=256).contains(&text.len()));
        let bytes = text.and_then(|text| base64::decode(text).ok());
        let bytes = bytes.ok_or_else(|| InvalidRequest::of(SIGNATURE, "must be base64"))?;
        Ok(Self { key: key.to_owned(), bytes })
    }
}

/// GitHub's public keys, fetched when they are needed, over a connection of their own.
#[derive(Debug)]
pub struct GithubKeys {
    url: Uri,
    transport: Transport,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Vec<PublicKey>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct PublicKey {
    key_identifier: String,
    /// PEM.
    key: String,
}

impl GithubKeys {
    /// Fetches from there: `https://api.github.com/meta/public_keys/secret_scanning`.
    ///
    /// # Errors
    /// [`Misconfigured`] when the system has no root certificates.
    pub fn new(url: Uri) -> Result<Self, Misconfigured> {
        Ok(Self { url, transport: Transport::new()?, known: Mutex::default() })
    }

    /// Whether GitHub signed these bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it did not; [`Error::Unavailable`] when its keys cannot be fetched.
    pub(crate) async fn verify(&self, signature: &Signature, body: &[u8], now: Timestamp) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        let is_fresh = known.fetched_at.is_some_and(|at| now < at.plus(KEPT));
        if !(is_fresh && known.has(&signature.key)) {
            let tried_lately = known.tried_at.is_some_and(|at| now < at.plus(PAUSE));
            // A key that was known is worth another try at once; an identifier that may be made up is not.
            if !tried_lately || (!is_fresh && known.has(&signature.key)) {
                known.tried_at = Some(now);
                known.keys = self.fetch().await?;
                known.fetched_at = Some(now);
            } else if !is_fresh {
                return Err(Error::unavailable("GitHub's keys could not be fetched a moment ago"));
            }
        }
        let signed =
            known.keys.iter().filter(|key| key.key_identifier == signature.key).any(|key| key.signed(body, signature));
        if signed {
            Ok(())
        } else {
            Err(InvalidRequest::of(SIGNATURE, "must be GitHub's, over the body as it is").into())
        }
    }

    async fn fetch(&self) -> Result<Vec<PublicKey>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            public_keys: Vec<PublicKey>,
        }
        let answer = timeout(FETCH_TIME, self.transport.get(&self.url)).await;
        let answer = answer.map_err(|_| Error::unavailable("GitHub's keys took too long"))?;
        let answer = answer.map_err(Error::Unavailable)?;
        let Answer { public_keys } =
            serde_json::from_slice(&answer).map_err(|cause| Error::Unavailable(cause.into()))?;
        Ok(public_keys)
    }
}

impl Known {
    fn has(&self, identifier: &str) -> bool {
        self.keys.iter().any(|key| key.key_identifier == identifier)
    }
}

impl PublicKey {
    fn signed(&self, body: &[u8], signature: &Signature) -> bool {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(self.key.as_bytes()).ok();
        let point = key.as_ref().and_then(|der| der.strip_prefix(&P256));
        point.is_some_and(|point| {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(body, &signature.bytes).is_ok()
        })
    }
}
