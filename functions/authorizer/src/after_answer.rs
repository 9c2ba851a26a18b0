//! Work that is done when the answer has gone out and before the next request is asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lambda_runtime::Service;
use lambda_runtime::tower::Layer;

use crate::Kept;

/// A layer around all that answers a request, the sending included: writes behind it what is to be written.
///
/// Lambda hands an answer on as soon as the runtime has posted it, and leaves the environment running until the
/// runtime asks for the next request.
#[derive(Debug, Clone)]
pub struct AfterAnswer(pub Arc<Kept>);

impl<S> Layer<S> for AfterAnswer {
    type Service = WritesAfter<S>;

    fn layer(&self, inner: S) -> WritesAfter<S> {
        WritesAfter { inner, kept: Arc::clone(&self.0) }
    }
}

/// The service that [`AfterAnswer`] makes.
#[derive(Debug, Clone)]
pub struct WritesAfter<S> {
    inner: S,
    kept: Arc<Kept>,
}

impl<S, Request> Service<Request> for WritesAfter<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = self.inner.call(request);
        let kept = Arc::clone(&self.kept);
        Box::pin(async move {
            let answered = answer.await;
            kept.after_answer().await;
            answered
        })
    }
}
