//! Hearing of the end of an environment: Lambda sends SIGTERM, and waits half a second, only where an extension is
//! registered. One that is part of the function's process, and asks for no events, is enough.
//!
//! Source: AWS, "Lambda Extensions API", and "Lambda execution environment lifecycle".

use std::env;
use std::error::Error;
use std::io;
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, timeout};

const PATH: &str = "/2020-01-01/extension";
const NAME: HeaderValue = HeaderValue::from_static("end-of-environment");
const IDENTIFIER: &str = "lambda-extension-identifier";
/// It is answered on the same machine.
const REGISTRATION_TIME: Duration = Duration::from_millis(100);
/// Lambda waits for half a second.
const LAST_WORK: Duration = Duration::from_millis(400);

/// Waits for Lambda's notice that the environment ends; never returns if it cannot register for that. Returns the instant by
/// which the last work must be done.
///
/// # Errors
/// When the system has no signals.
pub(super) fn signal_of_end() -> io::Result<impl Future<Output = Instant>> {
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        if terminated.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        Instant::now() + LAST_WORK
    })
}

/// Registers for Lambda's signal of the environment's end. A failure is ignored: what was not written by then is lost.
///
/// Takes at most a tenth of a second. It goes on behind that: Lambda would wait for an extension that has registered and
/// sends no more.
pub(super) async fn register() {
    drop(timeout(REGISTRATION_TIME, tokio::spawn(try_to_register())).await);
}

async fn try_to_register() -> Result<(), Box<dyn Error + Send + Sync>> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(&api).await?)).await?;
    tokio::spawn(connection);
    let request = Request::post(format!("{PATH}/register")).header(header::HOST, &api);
    let request = request.header("lambda-extension-name", NAME);
    let answer = sender.send_request(request.body(Full::new(Bytes::from_static(br#"{"events":[]}"#)))?).await?;
    let identifier = answer.headers().get(IDENTIFIER).filter(|_| answer.status() == StatusCode::OK).cloned();
    let identifier = identifier.ok_or("the extension was not registered")?;
    answer.into_body().collect().await?;
    let next = Request::get(format!("{PATH}/event/next")).header(header::HOST, &api).header(IDENTIFIER, identifier);
    let next = next.body(Full::default())?;
    // Lambda takes this as the end of its start. There are no events, so no answer comes.
    tokio::spawn(async move { sender.send_request(next).await.map(drop) });
    Ok(())
}
