//! What the gateway is told: which routes the key opens, and who its holder is.

use api_keys::{Caller, KeyId, Operation};
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
    pub(crate) fn for_key(caller: Caller, method: &MethodArn) -> Self {
        if wildcard_matches_foreign_route(&caller, method) {
            return Self::deny(caller, method);
        }
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

/// Whether the policy would open a route that no operation of the caller opens.
///
/// IAM's `*` knows no slashes: `{stage}/*/sms`, for any method, is also `POST/rcs/sms`. Naming each method instead would
/// make a policy larger than the gateway takes.
fn wildcard_matches_foreign_route(caller: &Caller, method: &MethodArn) -> bool {
    let mut segments = method.segments();
    let is_own = segments.next().is_some_and(|first| caller.operations.open(first));
    !is_own && segments.any(|later| caller.operations.open(later))
}
