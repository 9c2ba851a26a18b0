//! A client trusts whom the system trusts. A process of its own: the SDK reads the roots once.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use tests::engine::Engine;
use tests::environment::{CREDENTIALS, functions_reach_the_table, with_environment};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An engine behind TLS, and the file of the authority that signed for it.
struct TlsEngine {
    _engine: Engine,
    url: String,
    authority: PathBuf,
}

impl TlsEngine {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = engine.address();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(mut client) = acceptor.accept(stream).await {
                        let mut server = TcpStream::connect(behind).await.unwrap();
                        drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
                    }
                });
            }
        });
        let authority = std::env::temp_dir().join(format!("api-keys-authority-{}-{port}.pem", std::process::id()));
        std::fs::File::create(&authority).unwrap().write_all(signed.cert.pem().as_bytes()).unwrap();
        Self { _engine: engine, url: format!("https://localhost:{port}"), authority }
    }
}

impl Drop for TlsEngine {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.authority));
    }
}

#[tokio::test]
async fn tls_to_an_authority_that_ssl_cert_file_names() {
    let (engine, other) = (TlsEngine::start().await, TlsEngine::start().await);
    let trusted = engine.authority.to_str().unwrap();
    let environment =
        |url| [&CREDENTIALS[..], &[("AWS_ENDPOINT_URL_DYNAMODB", url), ("SSL_CERT_FILE", trusted)]].concat();

    assert!(with_environment(&environment(&engine.url), functions_reach_the_table).await);
    assert!(
        !with_environment(&environment(&other.url), functions_reach_the_table).await,
        "no trusted authority signed it"
    );
}
