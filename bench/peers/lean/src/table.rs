//! One kept connection to DynamoDB, and `GetItem` on it.

use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lambda_runtime::Error;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const JSON: &str = "application/x-amz-json-1.0";
const TARGET: &str = "DynamoDB_20120810.GetItem";

/// The table of keys.
pub struct Table {
    /// Its name.
    pub name: String,
    url: String,
    authority: String,
    region: String,
    identity: Identity,
    tls: TlsConnector,
    idle: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Table {
    /// Reads Lambda's variables and the trust store.
    pub fn from_environment() -> Result<Self, Error> {
        let region = env::var("AWS_REGION")?;
        let url = env::var("AWS_ENDPOINT_URL_DYNAMODB")
            .unwrap_or_else(|_| format!("https://dynamodb.{region}.amazonaws.com"));
        let authority = url.strip_prefix("https://").ok_or("TLS only")?.trim_end_matches('/').to_owned();
        let credentials = Credentials::from_keys(
            env::var("AWS_ACCESS_KEY_ID")?,
            env::var("AWS_SECRET_ACCESS_KEY")?,
            env::var("AWS_SESSION_TOKEN").ok(),
        );
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            name: env::var("TABLE_NAME")?,
            url: format!("https://{authority}/"),
            authority,
            region,
            identity: credentials.into(),
            tls: TlsConnector::from(Arc::new(tls)),
            idle: Mutex::new(None),
        })
    }

    /// One `GetItem`; the answer is its JSON.
    pub async fn get_item(&self, body: String) -> Result<Bytes, Error> {
        let request = self.signed(body)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut connection = match idle {
            Some(idle) if !idle.is_closed() => idle,
            _ => self.connect().await?,
        };
        connection.ready().await?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        if status.is_success() { Ok(body) } else { Err(format!("DynamoDB answered {status}").into()) }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Error> {
        let (host, port) = self.authority.split_once(':').unwrap_or((&self.authority, "443"));
        let stream = TcpStream::connect((host, port.parse()?)).await?;
        stream.set_nodelay(true)?;
        let stream = self.tls.connect(ServerName::try_from(host.to_owned())?, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    fn signed(&self, body: String) -> Result<Request<Full<Bytes>>, Error> {
        let params = SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = [("host", &*self.authority), ("content-type", JSON), ("x-amz-target", TARGET)];
        let signable =
            SignableRequest::new("POST", &*self.url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
        let (signature, _) = sign(signable, &params)?.into_parts();
        let mut request = Request::post("/")
            .header(HOST, &*self.authority)
            .header(CONTENT_TYPE, HeaderValue::from_static(JSON))
            .header(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(TARGET))
            .body(Full::new(Bytes::from(body)))?;
        signature.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
