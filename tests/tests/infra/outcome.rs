//! What becomes of requests, as the real functions answer them, in good times and under each fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api_keys::check::Reason;
use serde_json::json;
use tests::engine::{EVENTS, TABLE, USAGE};
use tests::{Client, Gateway, wire};

/// A request of some kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A good key, on an attached API.
    Call,
    /// A mistyped one, there.
    MistypedCall,
    /// One without the operation, there.
    NarrowCall,
    /// One that is over its limit, there.
    LimitedCall,
    /// A manager's list of keys, on this API.
    Management,
    /// The same with a mistyped key.
    MistypedManagement,
    /// A question about a good key, to `verify-key`.
    Question,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Call,
        Self::MistypedCall,
        Self::NarrowCall,
        Self::LimitedCall,
        Self::Management,
        Self::MistypedManagement,
        Self::Question,
    ];

    /// Whether it is sent to this service's own API, whose metrics the alarms watch.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Management | Self::MistypedManagement)
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The tables were deleted.
    TableGone,
    /// DynamoDB throttles all calls.
    TableThrottled,
    /// DynamoDB takes its time.
    TableSlow,
    /// The authorizer fails before it decides: its code, its memory, its role.
    AuthorizerBroken,
    /// Lambda has no concurrency left for any function.
    OutOfConcurrency,
    /// It has none left for the part that is reserved for `verify-key`.
    VerifyKeyOutOfConcurrency,
    /// The functions behind the authorizer fail.
    FunctionsFail,
}

/// So long a slow table takes for a call. A call is given up after 1.1 s.
const SLOW: Duration = Duration::from_millis(550);

/// What a request came to.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// What the client got.
    pub status: u16,
    /// What the authorizer counted; `None` where it did not get so far.
    pub reason: Option<Reason>,
    /// How long the authorizer took in milliseconds; `None` where Lambda did not start it.
    pub duration: Option<u32>,
}

/// What each kind of request comes to.
pub type Outcomes = BTreeMap<Kind, Outcome>;

/// Sends one request of each kind.
pub async fn outcomes(fault: Fault) -> Outcomes {
    let (gateway, admin) = Gateway::with_manager().await;
    let narrow = admin.create_key(&["RCS"]).await;
    let limited = admin.create_with(&json!({"limits": [{"requests": 1, "per": "MONTH"}]})).await;
    assert_eq!(limited.get("/sms").await.status, 200);
    match fault {
        Fault::TableGone => [TABLE, EVENTS, USAGE].into_iter().for_each(|table| gateway.engine.drop_table(table)),
        Fault::TableThrottled => gateway.wire.break_with(wire::Fault::Throttle),
        Fault::TableSlow => gateway.wire.break_with(wire::Fault::Slow(SLOW)),
        _ => {}
    }
    drop(gateway.functions.kept.reasons.take_rest());
    drop(gateway.functions.verifying.reasons.take_rest());
    let mut found = Outcomes::new();
    for kind in Kind::ALL {
        let outcome = outcome(&gateway, [&admin, &narrow, &limited], kind).await;
        found.insert(kind, under(fault, kind, outcome));
    }
    found
}

async fn outcome(gateway: &Gateway, [admin, narrow, limited]: [&Client; 3], kind: Kind) -> Outcome {
    let mut mistyped = admin.value.clone();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    let (path, key) = match kind {
        Kind::Call => ("/sms", &admin.value),
        Kind::NarrowCall => ("/sms", &narrow.value),
        Kind::LimitedCall => ("/sms", &limited.value),
        Kind::MistypedCall => ("/sms", &mistyped),
        Kind::Management => ("/authentication", &admin.value),
        Kind::MistypedManagement => ("/authentication", &mistyped),
        Kind::Question => ("", &admin.value),
    };
    let begun = Instant::now();
    let status = if kind == Kind::Question {
        if gateway.verify(&json!({"value": key})).await.is_ok() { 200 } else { 500 }
    } else {
        gateway.send("GET", path, &[key], None).await.status
    };
    let mut counted = gateway.functions.kept.reasons.take_rest();
    counted.extend(gateway.functions.verifying.reasons.take_rest());
    let reasons: Vec<_> = counted.iter().flat_map(|counted| counted.counts.keys()).copied().collect();
    assert_eq!(reasons.len(), 1, "{kind:?}: {reasons:?}");
    // How fast this machine is does not matter: a request waited for the table, or it did not.
    let waited = begun.elapsed() >= SLOW && matches!(reasons[0], Reason::Allowed | Reason::Operation | Reason::Limited);
    let duration = u32::try_from(SLOW.as_millis()).unwrap();
    Outcome { status, reason: Some(reasons[0]), duration: Some(if waited { duration } else { 5 }) }
}

/// What a fault makes of an outcome that the functions' own code has no part in.
fn under(fault: Fault, kind: Kind, outcome: Outcome) -> Outcome {
    match fault {
        // The gateway's own answer, `AUTHORIZER_FAILURE`.
        Fault::AuthorizerBroken if kind != Kind::Question => Outcome { status: 500, reason: None, duration: Some(3) },
        Fault::OutOfConcurrency => Outcome { status: 500, reason: None, duration: None },
        Fault::VerifyKeyOutOfConcurrency if kind == Kind::Question => {
            Outcome { status: 429, reason: None, duration: None }
        }
        // `INTEGRATION_FAILURE`, where the authorizer let it through.
        Fault::FunctionsFail if kind == Kind::Management => Outcome { status: 502, ..outcome },
        Fault::TableSlow => outcome,
        _ => Outcome { duration: Some(5), ..outcome },
    }
}
