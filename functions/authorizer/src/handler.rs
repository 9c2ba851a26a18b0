//! Decides before every request whether its `X-API-Key` opens anything: one parse, one read, one policy.

mod after_answer;
mod event;

use std::fmt;
use std::time::SystemTime;

use api_keys::{
    Caller, ImportedKeys, KeyReader, KeyRecord, KeyStatus, KeyValue, LastUse, Leases, Limits, Opens, Timestamp,
    Verdict, log,
};
use lambda_runtime::{Diagnostic, LambdaEvent};

pub use crate::after_answer::AfterAnswer;
pub use crate::event::AuthorizerEvent;
use crate::event::{ApiKeyHeader, LimitAnswer};

/// Of how many keys an environment holds leases: some 2 MB.
pub const LEASES: usize = 8_192;

/// What the stack decides.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether values without this service's format are looked up.
    pub imported: ImportedKeys,
    /// The ceiling of every key's limits.
    pub ceiling: Limits,
}

/// Answers one request with what its key opens, and notes that the key was used if it opens this request's route.
///
/// # Errors
/// [`Refusal`]. A verdict that denies is for a good key alone: from a wrong address, or for a route that only looks like
/// its own.
pub async fn handle(
    event: LambdaEvent<AuthorizerEvent>,
    reader: &KeyReader,
    last_use: &LastUse,
    leases: &Leases,
    settings: Settings,
    now: SystemTime,
) -> Result<Verdict, Refusal> {
    let end = Leases::deadline();
    let AuthorizerEvent { method, api_key, request_context, stage_variables } = event.payload;
    let now = Timestamp::from(now);
    let ApiKeyHeader::Once(api_key) = api_key else {
        return Err(Refusal::Unauthorized);
    };
    let value = KeyValue::parse(&api_key, settings.imported).ok_or(Refusal::Unauthorized)?;
    let found = reader.resolve(&value, now).await.map_err(|error| {
        log::failure(&request_context.request_id, &error);
        Refusal::Unavailable
    })?;
    let active = |key: &KeyRecord| KeyStatus::of(&key.metadata, now) == KeyStatus::Active;
    let record = found.filter(active).ok_or(Refusal::Unauthorized)?;
    if let Some(allowed) = &record.metadata.allowed_ips
        && !request_context.identity.source_ip.is_some_and(|address| allowed.contain(address))
    {
        return Ok(Verdict::deny(Caller::from(record), &method));
    }
    Ok(match Opens::of(&record.metadata.operations, &method) {
        Opens::This => {
            let limits = record.metadata.effective_limits(settings.ceiling);
            // Nobody is kept from revoking a key by its limit.
            if limits.is_none() || method.manages_keys() {
                last_use.note(&record, now);
                return Ok(Verdict::allow(Caller::from(record), &method));
            }
            let admission = Box::pin(leases.admit(&record, limits, now, end)).await.map_err(|error| {
                log::failure(&request_context.request_id, &error);
                Refusal::Unavailable
            })?;
            if admission.allowed {
                last_use.note(&record, now);
            }
            let caller = Caller::from(record);
            if admission.allowed || stage_variables.limit_answer == LimitAnswer::Integration {
                Verdict::allow(caller, &method).with_limits(&admission)
            } else {
                Verdict::deny(caller, &method).with_limits(&admission)
            }
        }
        Opens::Others => Verdict::allow(Caller::from(record), &method),
        Opens::OnlyByWildcard => Verdict::deny(Caller::from(record), &method),
    })
}

/// Why there is no verdict. The gateway makes a 401 of the first, by its exact words, and a 500 of any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No live key has this value.
    Unauthorized,
    /// The table did not answer: the key may well be good.
    Unavailable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "Unauthorized",
            Self::Unavailable => "The key could not be checked",
        })
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let error_type = match refusal {
            Refusal::Unauthorized => "Unauthorized",
            Refusal::Unavailable => "Unavailable",
        };
        Self { error_type: error_type.to_owned(), error_message: refusal.to_string() }
    }
}
