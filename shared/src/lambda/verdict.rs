//! The answer to the gateway: whether a key opens the requested route, and whose key it is.

use std::iter;

use serde::Serialize;

use super::method_arn::MethodArn;
use crate::check::{Method, Methods, Reason};
use crate::key::{KeyId, Limit, Period};
use crate::request::Caller;
use crate::store::Admission;

/// A REQUEST authorizer's answer, on the route that is asked for alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    principal_id: KeyId,
    policy_document: PolicyDocument,
    context: Context,
}

/// The caller as the API behind the gateway gets it, a flat object of strings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(flatten)]
    caller: Option<Caller>,
    /// Why the request is allowed or refused. Always there, so that a gateway response can show it.
    reason: Reason,
    /// After how many seconds a request that was refused for its limit may come again; 0 for any other. Always there, so
    /// that a gateway response can show it.
    retry_after: String,
    /// Whether the request is over a limit of its key or account. Always there, so that an API that answers by itself can read it.
    limited: &'static str,
    #[serde(flatten)]
    limits: Option<LimitContext>,
}

/// The answer's part on a key that has limits, or whose account has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitContext {
    rate_limit: String,
    rate_limit_policy: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    action: &'static str,
    resource: Vec<String>,
}

impl Verdict {
    /// The most bytes of the routes that a policy names: with the longest context it is an answer of 8,000, and the gateway takes
    /// 8 KB.
    const MAX_ROUTES: usize = 3_560;

    /// Allows a caller the route that is asked for, and the same path for those of the other methods, as far as there is room.
    ///
    /// It names each as the gateway does, so that a cache may keep it for any other request: it opens none of those.
    #[must_use]
    pub fn allow(caller: Caller, method: &MethodArn, methods: Methods) -> Self {
        let others =
            Method::ALL.into_iter().filter(|other| methods.contain(*other) && other.as_str() != method.method());
        let routes = iter::once(method.as_str().to_owned()).chain(others.map(|other| method.of(other)));
        Self::new("Allow", Self::with_room(routes), Some(caller), Reason::Allowed)
    }

    /// Allows a caller to manage keys. A path there may hold a value, so none is named; the functions check each request again.
    #[must_use]
    pub fn allow_management(caller: Caller, method: &MethodArn) -> Self {
        let stage = method.stage();
        let others = Method::ALL.iter().map(|other| other.as_str()).filter(|other| *other != method.method());
        let routes = iter::once(method.method())
            .chain(others)
            .flat_map(|method| ["", "/*"].map(|below| format!("{stage}/{method}/authentication{below}")));
        Self::new("Allow", Self::with_room(routes), Some(caller), Reason::Allowed)
    }

    /// Allows a caller to read all that is read there; the functions check each request again.
    #[must_use]
    pub fn allow_reading(caller: Caller, method: &MethodArn) -> Self {
        let reads = ["", "/*"].map(|below| format!("{}/GET/authentication{below}", method.stage()));
        Self::new("Allow", reads.to_vec(), Some(caller), Reason::Allowed)
    }

    /// Allows a caller to look itself up. The path may hold its value, so the policy names all look-ups; the function checks again.
    #[must_use]
    pub fn allow_look_up(caller: Caller, method: &MethodArn) -> Self {
        let look_ups = format!("{}/GET/authentication/*", method.stage());
        Self::new("Allow", vec![look_ups], Some(caller), Reason::Allowed)
    }

    /// The same of a key that has limits, or whose account has, and what is left of them. Whether the request was within them is in the context
    /// alone: the API must answer.
    #[must_use]
    pub fn with_limits(mut self, admission: &Admission) -> Self {
        if !admission.allowed {
            self.context.reason = Reason::Limited;
            self.context.limited = "true";
            self.context.retry_after = admission.reset_seconds.max(1).to_string();
        }
        self.context.limits = Some(LimitContext::of(admission));
        self
    }

    /// Denies everything for that reason, to a caller or to an unknown value.
    #[must_use]
    pub fn deny(caller: Option<Caller>, method: &MethodArn, reason: Reason) -> Self {
        Self::new("Deny", vec![format!("{}/*", method.stage())], caller, reason)
    }

    fn new(effect: &'static str, resource: Vec<String>, caller: Option<Caller>, reason: Reason) -> Self {
        let statement = Statement { effect, action: "execute-api:Invoke", resource };
        Self {
            principal_id: caller.as_ref().map_or(KeyId::NONE, |caller| caller.key_id),
            policy_document: PolicyDocument { version: "2012-10-17", statement: [statement] },
            context: Context { caller, reason, retry_after: "0".to_owned(), limited: "false", limits: None },
        }
    }

    /// The first of them, as far as their bytes in JSON are few enough.
    fn with_room(routes: impl Iterator<Item = String>) -> Vec<String> {
        let mut bytes = 0;
        let has_room = |route: &String| {
            // Two quotes and a comma. Within, a quote is the only character that JSON escapes: the check refuses the others.
            bytes += route.len() + route.matches('"').count() + 3;
            bytes <= Self::MAX_ROUTES
        };
        routes.take_while(has_room).collect()
    }
}

impl LimitContext {
    /// In the syntax of the header fields `RateLimit` and `RateLimit-Policy`. The account's limits are policies of names of their own.
    ///
    /// Source: draft-ietf-httpapi-ratelimit-headers.
    fn of(admission: &Admission) -> Self {
        let policy = |of_account: bool, limit: Limit| {
            let window = limit.per.seconds().map(|seconds| format!(";w={seconds}")).unwrap_or_default();
            format!("{};q={}{window}", name(of_account, limit.per), limit.requests)
        };
        let of_key = admission.limits.iter().map(|limit| policy(false, limit));
        let of_account = admission.account_limits.iter().map(|limit| policy(true, limit));
        let policies: Vec<_> = of_key.chain(of_account).collect();
        let Admission { of_account, period, remaining, reset_seconds, .. } = admission;
        Self {
            rate_limit: format!("{};r={remaining};t={reset_seconds}", name(*of_account, *period)),
            rate_limit_policy: policies.join(", "),
        }
    }
}

/// The name of a policy, a string of structured fields.
fn name(of_account: bool, period: Period) -> String {
    let whose = if of_account { "account-" } else { "" };
    format!("\"{whose}{}\"", period.as_str().to_ascii_lowercase())
}
