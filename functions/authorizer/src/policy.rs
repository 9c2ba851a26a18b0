//! The answer to the gateway: which routes the key opens, and who its holder is.

use api_keys::{Caller, KeyId, Operation, Operations};
use serde::Serialize;

use crate::method_arn::MethodArn;

/// A REQUEST authorizer's answer.
///
/// The policy names the whole stage by wildcards for each operation, so that it fits every route and may be
/// cached; never the one method that was asked for, whose path may hold a key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    principal_id: KeyId,
    policy_document: PolicyDocument,
    context: Caller,
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
    /// Allows a caller the routes of its operations.
    #[must_use]
    pub(crate) fn allow(caller: Caller, method: &MethodArn) -> Self {
        let stage = method.stage();
        let mut resource = Vec::new();
        for segment in caller.operations.iter().map(Operation::path_segment) {
            resource.push(format!("{stage}/*/{segment}"));
            resource.push(format!("{stage}/*/{segment}/*"));
        }
        if !caller.manages() {
            // Every key may look itself up. Which look-up is of itself, find-key decides: the value must not be here.
            resource.push(format!("{stage}/GET/authentication/*"));
        }
        Self::new("Allow", resource, caller)
    }

    /// Denies a caller everything: the key is good, but not for this request.
    #[must_use]
    pub(crate) fn deny(caller: Caller, method: &MethodArn) -> Self {
        Self::new("Deny", vec![format!("{}/*", method.stage())], caller)
    }

    fn new(effect: &'static str, resource: Vec<String>, caller: Caller) -> Self {
        let statement = Statement { effect, action: "execute-api:Invoke", resource };
        Self {
            principal_id: caller.key_id,
            policy_document: PolicyDocument { version: "2012-10-17", statement: [statement] },
            context: caller,
        }
    }
}

/// What a key opens of the request that is asked for.
pub(crate) enum Opens {
    /// Its route: the key is used.
    This,
    /// Other routes: the policy does not match this one.
    Others,
    /// Not this route, but the policy's wildcards would match it.
    OnlyByWildcard,
}

impl Opens {
    /// What a key of these operations opens of that request.
    ///
    /// IAM's `*` matches slashes too: `{stage}/*/sms`, for any method, is also `POST/rcs/sms`. Naming each method instead would
    /// make a policy larger than the gateway takes.
    pub(crate) fn of(operations: &Operations, method: &MethodArn) -> Self {
        let mut segments = method.segments();
        if segments.next().is_some_and(|first| operations.open(first)) {
            Self::This
        } else if segments.any(|later| operations.open(later)) {
            Self::OnlyByWildcard
        } else if method.looks_up_a_key() {
            Self::This
        } else {
            Self::Others
        }
    }
}
