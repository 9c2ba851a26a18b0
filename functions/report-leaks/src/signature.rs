//! GitHub's signatures: ECDSA on P-256 with SHA-256, over the bytes as they came.

use api_keys::request::InvalidRequest;
use aws_smithy_types::base64;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

/// Which of GitHub's keys signed it.
pub(crate) const KEY_IDENTIFIER: &str = "github-public-key-identifier";
/// The signature, in base64.
pub(crate) const SIGNATURE: &str = "github-public-key-signature";

/// How every P-256 key in DER begins; the point follows (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The signature's headers of a request.
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

/// One of GitHub's public keys, as it lists them.
#[derive(Deserialize)]
pub(crate) struct PublicKey {
    key_identifier: String,
    /// PEM.
    key: String,
}

impl PublicKey {
    /// Whether the signature names this key.
    pub(crate) fn is_of(&self, signature: &Signature) -> bool {
        self.key_identifier == signature.key
    }

    /// Whether the signature names this key, and the key made it over that body.
    pub(crate) fn signed(&self, body: &[u8], signature: &Signature) -> bool {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(self.key.as_bytes()).ok();
        let point = key.as_ref().and_then(|der| der.strip_prefix(&P256)).filter(|_| self.is_of(signature));
        point.is_some_and(|point| {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(body, &signature.bytes).is_ok()
        })
    }
}
