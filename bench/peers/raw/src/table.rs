//! `GetItem` over one kept TLS connection.

use std::env;
use std::error::Error;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{Answer, Connection};
use crate::signature::Signer;

const TARGET: &str = "DynamoDB_20120810.GetItem";

/// The table of keys.
pub struct Table {
    /// Its name.
    pub name: String,
    authority: String,
    token: String,
    signer: Signer,
    tls: Arc<ClientConfig>,
    idle: Option<Connection<StreamOwned<ClientConnection, TcpStream>>>,
}

impl Table {
    /// Reads Lambda's variables and the trust store.
    pub fn from_environment() -> Result<Self, Box<dyn Error>> {
        let region = env::var("AWS_REGION")?;
        let url = env::var("AWS_ENDPOINT_URL_DYNAMODB")
            .unwrap_or_else(|_| format!("https://dynamodb.{region}.amazonaws.com"));
        let authority = url.strip_prefix("https://").ok_or("TLS only")?.trim_end_matches('/').to_owned();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            name: env::var("TABLE_NAME")?,
            authority,
            token: env::var("AWS_SESSION_TOKEN")?,
            signer: Signer::new(env::var("AWS_ACCESS_KEY_ID")?, env::var("AWS_SECRET_ACCESS_KEY")?, region),
            tls: Arc::new(tls),
            idle: None,
        })
    }

    /// One `GetItem`.
    pub fn get_item(&mut self, body: &str) -> Result<Answer, Box<dyn Error>> {
        let Self { authority, token, .. } = self;
        let (time, authorization) = self.signer.headers(authority, token, TARGET, body);
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-date: {time}\r\n\
             x-amz-security-token: {token}\r\nx-amz-target: {TARGET}\r\nauthorization: {authorization}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut connection = match self.idle.take() {
            Some(idle) => idle,
            None => self.connect()?,
        };
        let answer = connection.call(request.as_bytes())?;
        self.idle = Some(connection);
        Ok(answer)
    }

    fn connect(&self) -> Result<Connection<StreamOwned<ClientConnection, TcpStream>>, Box<dyn Error>> {
        let (host, port) = self.authority.split_once(':').unwrap_or((&self.authority, "443"));
        let stream = TcpStream::connect((host, port.parse()?))?;
        stream.set_nodelay(true)?;
        let session = ClientConnection::new(Arc::clone(&self.tls), ServerName::try_from(host.to_owned())?)?;
        Ok(Connection::new(StreamOwned::new(session, stream)))
    }
}
