//! A connection in memory with HTTP on it, which may end in the midst of an answer.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Some bytes less than what stands before a body.
pub const HEAD: u64 = 60;

/// The server's side of a connection.
#[derive(Clone)]
pub struct Connection {
    /// So many bytes are sent before it ends.
    left: Rc<Cell<u64>>,
    /// So many requests have come.
    requests: Rc<Cell<u64>>,
}

impl Connection {
    /// Whether it was kept from an earlier request.
    pub fn is_kept(&self) -> bool {
        self.requests.get() > 1
    }

    /// Ends it when so many more bytes are sent.
    pub fn tear_after(&self, bytes: u64) {
        self.left.set(bytes);
    }
}

/// Answers requests until one side ends the connection; it ends where there is no answer.
pub async fn serve<A>(stream: DuplexStream, answer: impl Fn(Request<Incoming>, Connection) -> A)
where
    A: Future<Output = Option<Response<Full<Bytes>>>>,
{
    let connection = Connection { left: Rc::new(Cell::new(u64::MAX)), requests: Rc::default() };
    let stream = Torn { stream, left: Rc::clone(&connection.left) };
    let service = service_fn(|request| {
        connection.left.set(u64::MAX);
        connection.requests.set(connection.requests.get() + 1);
        let answer = answer(request, connection.clone());
        async { answer.await.ok_or(Cut) }
    });
    let _ = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
}

/// The connection ends.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

struct Torn {
    stream: DuplexStream,
    left: Rc<Cell<u64>>,
}

impl AsyncRead for Torn {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Torn {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.left.get();
        let some = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        if some.is_empty() && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, some);
        if let Poll::Ready(Ok(sent)) = &written
            && left != u64::MAX
        {
            self.left.set(left - *sent as u64);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
