//! TLS for `localhost`, by an authority that lives as long as the run.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// The authority's certificate as PEM, and a server that it vouches for.
pub(crate) fn for_localhost() -> (String, ServerConfig) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "api-keys bench");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new(["localhost".to_owned()]).unwrap();
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate().unwrap();
    let chain = vec![server.signed_by(&server_key, &issuer).unwrap().der().clone()];
    let key = PrivatePkcs8KeyDer::from(server_key.serialize_der()).into();

    let mut config = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    (pem, config)
}
