//! Decides before every request whether its `X-API-Key` opens anything: one parse, one read, one policy.

mod after_answer;
mod event;
mod kept;

use std::fmt;
use std::time::SystemTime;

use api_keys::key::{ImportedKeys, KeyStatus, KeyValue, Limits, Locator, Timestamp};
use api_keys::lambda::{Opens, Reason, Verdict, log};
use api_keys::request::Caller;
use api_keys::store::Leases;
use lambda_runtime::{Diagnostic, LambdaEvent};

pub use crate::after_answer::AfterAnswer;
pub use crate::event::AuthorizerEvent;
use crate::event::{ApiKeyHeader, KeyService, LimitAnswer};
pub use crate::kept::{AFTER_ANSWER, Kept, LEASES};

/// What the stack decides.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether values without this service's format are looked up.
    pub imported: ImportedKeys,
    /// The ceiling of every key's limits.
    pub ceiling: Limits,
}

/// Answers one request with what its key opens, and counts it.
///
/// # Errors
/// [`Refusal`]. A verdict that denies is for a good key alone: from a wrong address, over its limit, or for a route that only
/// looks like its own.
pub async fn handle(
    event: LambdaEvent<AuthorizerEvent>,
    kept: &Kept,
    settings: Settings,
    now: SystemTime,
) -> Result<Verdict, Refusal> {
    let now = Timestamp::from(now);
    let Decision { reason, key, answer } = decide(event.payload, kept, settings, now).await;
    kept.count(reason, key, now);
    answer
}

/// What becomes of a request, and why.
struct Decision {
    reason: Reason,
    /// The key that was found.
    key: Option<Locator>,
    answer: Result<Verdict, Refusal>,
}

impl Decision {
    const UNKNOWN: Self = Self { reason: Reason::Unknown, key: None, answer: Err(Refusal::Unauthorized) };
    const UNAVAILABLE: Self = Self { reason: Reason::Unavailable, key: None, answer: Err(Refusal::Unavailable) };
}

async fn decide(event: AuthorizerEvent, kept: &Kept, settings: Settings, now: Timestamp) -> Decision {
    let end = Leases::deadline();
    let AuthorizerEvent { method, api_key, request_context, stage_variables } = event;
    let ApiKeyHeader::Once(api_key) = api_key else {
        return Decision::UNKNOWN;
    };
    let Some(value) = KeyValue::parse(&api_key, settings.imported) else {
        return Decision::UNKNOWN;
    };
    let record = match kept.reader.resolve(&value, now).await {
        Ok(Some(record)) => record,
        Ok(None) => return Decision::UNKNOWN,
        Err(error) => {
            log::failure(&request_context.request_id, &error);
            return Decision::UNAVAILABLE;
        }
    };
    let key = Some(Locator { account_id: record.account_id, id: record.metadata.id });
    if let Some(reason) = Reason::of(KeyStatus::of(&record.metadata, now)) {
        return Decision { reason, key, answer: Err(Refusal::Unauthorized) };
    }
    let decided = |reason, verdict| Decision { reason, key, answer: Ok(verdict) };
    if let Some(allowed) = &record.metadata.allowed_ips
        && !request_context.identity.source_ip.is_some_and(|address| allowed.contain(address))
    {
        return decided(Reason::Address, Verdict::deny(Caller::from(record), &method));
    }
    let is_ours = stage_variables.key_service == KeyService::Ours;
    match Opens::of(&record, &method, is_ours, settings.imported, now) {
        Opens::This => {
            let limits = record.metadata.effective_limits(settings.ceiling);
            // Nobody is kept from revoking a key by its limit.
            if limits.is_none() || (is_ours && method.manages_keys()) {
                kept.last_use.note(&record, now);
                return decided(Reason::Allowed, Verdict::allow(Caller::from(record), &method));
            }
            let admission = match Box::pin(kept.leases.admit(&record, limits, now, end)).await {
                Ok(admission) => admission,
                Err(error) => {
                    log::failure(&request_context.request_id, &error);
                    return Decision::UNAVAILABLE;
                }
            };
            let reason = if admission.allowed { Reason::Allowed } else { Reason::Limited };
            if admission.allowed {
                kept.last_use.note(&record, now);
            }
            let caller = Caller::from(record);
            let verdict = if admission.allowed || stage_variables.limit_answer == LimitAnswer::Integration {
                Verdict::allow(caller, &method)
            } else {
                Verdict::deny(caller, &method)
            };
            decided(reason, verdict.with_limits(&admission))
        }
        Opens::Itself => {
            kept.last_use.note(&record, now);
            decided(Reason::Allowed, Verdict::allow_look_up(Caller::from(record), &method))
        }
        Opens::Others => decided(Reason::Operation, Verdict::allow(Caller::from(record), &method)),
        Opens::OnlyByWildcard => decided(Reason::Operation, Verdict::deny(Caller::from(record), &method)),
    }
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
