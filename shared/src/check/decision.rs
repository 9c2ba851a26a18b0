//! Deciding about one request.

use std::fmt;
use std::net::IpAddr;

use tokio::time::Instant;

use super::environment::EnvironmentState;
use super::method::Methods;
use super::reason::Reason;
use super::route::{Opens, Route};
use crate::key::{ImportedKeys, KeyRecord, KeyValue, Limits, Locator, Operation, Timestamp};
use crate::request::Caller;
use crate::store::{Admission, Standing, TableError};

/// What the stack decides.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Whether values without this service's format are looked up.
    pub imported: ImportedKeys,
    /// The ceiling of every key's limits.
    pub ceiling: Limits,
}

/// One request of one key.
#[derive(Clone, Copy)]
pub struct Check<'a> {
    /// What is presented as a key's value; `None` for nothing, or for several.
    pub value: Option<&'a str>,
    /// What the key is to open.
    pub asked: Asked<'a>,
    /// Where the request comes from; `None` is never an allowed address.
    pub source_ip: Option<IpAddr>,
    /// When it comes.
    pub now: Timestamp,
    /// When it must be decided, see [`Leases::deadline`](crate::store::Leases::deadline).
    pub deadline: Instant,
}

impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check(…)")
    }
}

/// What a key is asked to open.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A route of an API.
    Route(Route<'a>),
    /// An operation, by its name.
    Operation(&'a Operation),
    /// Nothing but that it works.
    NoOperation,
}

/// What becomes of a request.
#[derive(Debug)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// Whose request it is; `None` where no key has the value.
    pub caller: Option<Caller>,
    /// How the request stands to the limits of its key and account, where it was counted in them.
    pub admission: Option<Admission>,
    /// What the key opens of what is asked; nothing where that was not reached.
    pub opens: Opens,
}

impl EnvironmentState {
    /// Decides about one request, and counts it.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer: the key may well be good.
    pub async fn check(&self, check: Check<'_>, settings: Settings) -> Result<Decision, TableError> {
        let decided = self.decide(check, settings).await;
        let (reason, key) = match &decided {
            Ok(decision) => (decision.reason, decision.key()),
            Err(_) => (Reason::Unavailable, None),
        };
        self.count(reason, key, check.now);
        decided
    }

    async fn decide(&self, check: Check<'_>, settings: Settings) -> Result<Decision, TableError> {
        let Check { value, asked, source_ip, now, deadline } = check;
        let Some(value) = value.and_then(|text| KeyValue::parse(text, settings.imported)) else {
            return Ok(Decision::UNKNOWN);
        };
        let Some(record) = self.reader.resolve(&value, now).await? else {
            return Ok(Decision::UNKNOWN);
        };
        if let Some(reason) = Reason::of(record.status(now)) {
            return Ok(Decision::of(record, reason));
        }
        if let Some(allowed) = &record.metadata.settings.allowed_ips
            && !source_ip.is_some_and(|address| allowed.contain(address))
        {
            return Ok(Decision::of(record, Reason::Address));
        }
        let opens = asked.opened_by(&record, settings.imported, now);
        if opens == Opens::Nothing {
            return Ok(Decision::of(record, Reason::Operation));
        }
        let limits = record.effective_limits(settings.ceiling);
        if !matches!(opens, Opens::Asked(_)) || !self.leases.are_needed(&record, limits) {
            self.note_use(&record, &value, now);
            return Ok(Decision { opens, ..Decision::of(record, Reason::Allowed) });
        }
        // Large and rarer, so boxed: see the crate's documentation on futures.
        let admission = Box::pin(self.leases.admit(&record, limits, now, deadline)).await?;
        let is_allowed = admission.as_ref().is_none_or(|admission| admission.allowed);
        let reason = if is_allowed { Reason::Allowed } else { Reason::Limited };
        if is_allowed {
            self.note_use(&record, &value, now);
        }
        Ok(Decision { admission, opens, ..Decision::of(record, reason) })
    }

    /// How the key of a request that was counted stands to each of its limits and its account's; nothing for any other.
    #[must_use]
    pub fn standings(&self, decision: &Decision, now: Timestamp) -> Vec<Standing> {
        match (&decision.admission, decision.key()) {
            (Some(admission), Some(key)) => self.leases.standings(key, admission, now),
            _ => Vec::new(),
        }
    }

    /// Hashes the value again only in a grace period.
    fn note_use(&self, record: &KeyRecord, value: &KeyValue, now: Timestamp) {
        self.last_use.note(record, now);
        if record.previous.as_ref().is_some_and(|previous| previous.works(now)) {
            self.last_use.note_previous(record, &value.hash(), now);
        }
    }
}

impl Asked<'_> {
    fn opened_by(&self, key: &KeyRecord, imported: ImportedKeys, now: Timestamp) -> Opens {
        match self {
            Self::Operation(operation)
                if operation.is_for_other_apis() && key.metadata.settings.operations.contains(operation.as_str()) =>
            {
                Opens::Asked(Methods::NONE)
            }
            Self::Operation(_) => Opens::Nothing,
            Self::NoOperation => Opens::Asked(Methods::NONE),
            Self::Route(route) => route.opened_by(key, imported, now),
        }
    }
}

impl Decision {
    const UNKNOWN: Self = Self { reason: Reason::Unknown, caller: None, admission: None, opens: Opens::Nothing };

    fn of(record: KeyRecord, reason: Reason) -> Self {
        Self { reason, caller: Some(Caller::from(record)), ..Self::UNKNOWN }
    }

    /// The key that was found.
    fn key(&self) -> Option<Locator> {
        self.caller.as_ref().map(|caller| Locator { account_id: caller.account_id, id: caller.key_id })
    }
}
