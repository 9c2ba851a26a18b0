//! Work that is done when the answer has gone out and before the next request is asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use lambda_http::tower::Layer;
use lambda_http::{Error, Service};
use tokio::time::Instant;

use super::ending;
use super::log;
use super::metrics::Metrics;
use crate::check::{EnvironmentState, LogEntries};

/// A layer around all that answers a request, the sending included: writes behind it what is to be written.
///
/// Lambda hands an answer on as soon as the runtime has posted it, and leaves the environment running until the
/// runtime asks for the next request.
#[derive(Debug, Clone)]
pub struct AfterAnswer {
    state: Arc<EnvironmentState>,
    metrics: Metrics,
}

impl AfterAnswer {
    /// Writes what that environment keeps, and its log for that stack's metrics.
    #[must_use]
    pub fn new(state: Arc<EnvironmentState>, metrics: Metrics) -> Self {
        Self { state, metrics }
    }

    /// Serves requests until the environment ends, and then writes what is left. `serving` has this layer around it.
    ///
    /// # Errors
    /// When Lambda's Runtime API can no longer be reached.
    pub async fn serve(
        &self,
        serving: impl Future<Output = Result<(), Error>> + Send + 'static,
        clock: impl Fn() -> SystemTime,
    ) -> Result<(), Error> {
        let signal = ending::signal_of_end()?;
        // Nothing but the table takes time at a start.
        tokio::join!(self.state.reader.warm(), ending::register());
        // The runtime wakes a task by itself, but its outermost future by a system call each time.
        let serving = tokio::spawn(serving);
        tokio::select! {
            served = serving => served?,
            end = signal => {
                self.write_rest(clock(), end).await;
                Ok(())
            }
        }
    }

    async fn write(&self) {
        let LogEntries { dropped_use, dropped_usage, reasons } = self.state.after_answer().await;
        if let Some(dropped) = dropped_use {
            log::dropped_last_use(&self.metrics, &dropped);
        }
        if let Some(dropped) = dropped_usage {
            log::dropped_usage(&self.metrics, &dropped);
        }
        if let Some(reasons) = reasons {
            log::verdicts(&self.metrics, &reasons);
        }
    }

    /// Writes what is left at the end of the environment, at `now` by its clock, until then.
    pub async fn write_rest(&self, now: SystemTime, end: Instant) {
        // First what takes no time: the rest may not be done by then.
        for reasons in self.state.reasons.take_rest() {
            log::verdicts(&self.metrics, &reasons);
        }
        if let Some(dropped) = self.state.finish(now.into(), end).await {
            log::dropped_usage(&self.metrics, &dropped);
        }
    }
}

impl<S> Layer<S> for AfterAnswer {
    type Service = WritesAfter<S>;

    fn layer(&self, inner: S) -> WritesAfter<S> {
        WritesAfter { inner, after: self.clone() }
    }
}

/// The service that [`AfterAnswer`] makes.
#[derive(Debug, Clone)]
pub struct WritesAfter<S> {
    inner: S,
    after: AfterAnswer,
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
        let after = self.after.clone();
        Box::pin(async move {
            let answered = answer.await;
            after.write().await;
            answered
        })
    }
}
