//! What the gateway is told: which routes a key opens, and who its holder is.

use serde::Serialize;

use super::method_arn::MethodArn;
use crate::check::Reason;
use crate::key::{AccountId, Catalogue, KeyId, Limit, Operation, Operations, Period, TrafficType};
use crate::request::Caller;
use crate::store::Admission;

/// A REQUEST authorizer's answer.
///
/// The policy names routes by wildcards, never the one method that was asked for, whose path may hold a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    principal_id: KeyId,
    policy_document: PolicyDocument,
    context: Context,
}

/// What the API behind the gateway is told, a flat object of strings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    #[serde(flatten)]
    caller: Caller,
    /// Why the request is allowed or refused. Always there, so that a gateway response can show it.
    reason: Reason,
    /// After how many seconds a request that was refused for its limit may come again; 0 for any other. Always there, so
    /// that a gateway response can show it.
    retry_after: String,
    /// Whether the request is over a limit of its key. Always there, so that an API that answers by itself can read it.
    limited: &'static str,
    #[serde(flatten)]
    limits: Option<LimitContext>,
}

/// What is said of a key that has limits.
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
    /// The most bytes that API Gateway documents to take.
    const MAX_BYTES: usize = 8_192;
    /// Kept free for what the context is to say of limited keys.
    const RESERVED_BYTES: usize = 400;
    /// The routes of so many operations have room beside the longest texts and tags.
    const ALWAYS_NAMED: usize = 16;

    /// Allows a caller the routes of its operations. The policy fits every request of the API, so a cache may keep it; where
    /// it has no room for all of them beside the context, the asked one is in it, and the last ones are not.
    ///
    /// Region, account and stage are wildcards: they would make most of the policy, and nothing is decided by them. The
    /// gateway asks the policy for methods of one stage alone.
    #[must_use]
    pub fn allow(caller: Caller, method: &MethodArn) -> Self {
        let mut verdict = Self::allow_all(caller, method);
        if verdict.context.caller.operations.len() > Self::ALWAYS_NAMED {
            verdict.make_room(method);
        }
        verdict
    }

    fn allow_all(caller: Caller, method: &MethodArn) -> Self {
        let any_method = method.any_method_of_its_api();
        let mut resource = Vec::new();
        for segment in caller.operations.iter().map(Operation::path_segment) {
            resource.push(format!("{any_method}/{segment}"));
            resource.push(format!("{any_method}/{segment}/*"));
        }
        Self::new("Allow", resource, caller, Reason::Allowed)
    }

    /// Takes routes out of the policy that are not asked for, the last ones first, until the gateway takes the answer.
    fn make_room(&mut self, method: &MethodArn) {
        let mut over = self.bytes().saturating_sub(Self::MAX_BYTES - Self::RESERVED_BYTES);
        let asked = format!("{}/{}", method.any_method_of_its_api(), method.first_segment());
        let all_below = format!("{asked}/*");
        let [Statement { resource, .. }] = &mut self.policy_document.statement;
        let mut kept = Vec::new();
        for route in std::mem::take(resource).into_iter().rev() {
            if over == 0 || route == asked || route == all_below {
                kept.push(route);
            } else {
                // Its quotes and a comma too.
                over = over.saturating_sub(route.len() + 3);
            }
        }
        kept.reverse();
        *resource = kept;
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |answer| answer.len())
    }

    /// Allows a caller to look itself up. The path may hold its value, so the policy names all look-ups: a cache may keep it for
    /// this path alone.
    #[must_use]
    pub fn allow_look_up(caller: Caller, method: &MethodArn) -> Self {
        let look_ups = format!("{}/GET/authentication/*", method.stage());
        Self::new("Allow", vec![look_ups], caller, Reason::Allowed)
    }

    /// The answer where the key does not open the route: it is allowed its own routes, of which the policy does not match this
    /// one. Where the policy's wildcards would match it, everything is denied.
    ///
    /// IAM's `*` knows no slashes: `*/sms`, for any method, is also `POST/rcs/sms`. Naming each method instead would make a
    /// policy larger than the gateway takes.
    #[must_use]
    pub fn of_other_routes(caller: Caller, method: &MethodArn) -> Self {
        if method.later_segments().any(|later| caller.operations.open(later)) {
            return Self::deny(caller, method, Reason::Operation);
        }
        let mut verdict = Self::allow(caller, method);
        verdict.context.reason = Reason::Operation;
        verdict
    }

    /// The same of a key that has limits, and what is left of them. Whether the request was within them is in the context
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

    /// Denies a caller everything for that reason: the key is good, but not for this request.
    #[must_use]
    pub fn deny(caller: Caller, method: &MethodArn, reason: Reason) -> Self {
        Self::new("Deny", vec![format!("{}/*", method.stage())], caller, reason)
    }

    fn new(effect: &'static str, resource: Vec<String>, caller: Caller, reason: Reason) -> Self {
        let statement = Statement { effect, action: "execute-api:Invoke", resource };
        Self {
            principal_id: caller.key_id,
            policy_document: PolicyDocument { version: "2012-10-17", statement: [statement] },
            context: Context { caller, reason, retry_after: "0".to_owned(), limited: "false", limits: None },
        }
    }

    /// Whether the answer has room for all routes of every key that may have operations of this catalogue, where it has no tags and
    /// its account no external id.
    pub(super) fn fits(catalogue: &Catalogue) -> bool {
        let largest = Self::largest(catalogue.operations().clone());
        largest.is_some_and(|largest| largest.bytes() <= Self::MAX_BYTES - Self::RESERVED_BYTES)
    }

    /// The answer for a key of these operations whose texts are the longest, from the API of the longest ARN.
    fn largest(operations: Operations) -> Option<Self> {
        // No character is longer in JSON than four bytes: those that have an escape of six are refused.
        let text = "\u{10ffff}".repeat(Caller::MAX_TEXT);
        let caller = Caller {
            account_id: AccountId::NONE,
            key_id: KeyId::NONE,
            user_id: text.clone(),
            username: text.clone(),
            company: text,
            external_id: String::new(),
            operations,
            traffic_type: TrafficType::parse(&"T".repeat(32))?,
            tags: String::new(),
        };
        Some(Self::allow_all(caller, &MethodArn::longest()?))
    }
}

impl LimitContext {
    /// In the syntax of the header fields `RateLimit` and `RateLimit-Policy`.
    ///
    /// Source: draft-ietf-httpapi-ratelimit-headers.
    fn of(admission: &Admission) -> Self {
        let policy = |limit: Limit| {
            let window = limit.per.seconds().map(|seconds| format!(";w={seconds}")).unwrap_or_default();
            format!("{};q={}{window}", name(limit.per), limit.requests)
        };
        let policies: Vec<_> = admission.limits.iter().map(policy).collect();
        Self {
            rate_limit: format!("{};r={};t={}", name(admission.period), admission.remaining, admission.reset_seconds),
            rate_limit_policy: policies.join(", "),
        }
    }
}

/// The name of a policy, a string of structured fields.
fn name(period: Period) -> String {
    format!("\"{}\"", period.as_str().to_ascii_lowercase())
}
