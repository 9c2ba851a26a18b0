//! Every answer is one that the documents have for its route, in the time that they promise; a 5xx comes only where faults could
//! strike.

use crate::history::{History, Request};

pub fn check(history: &History) -> Vec<String> {
    history.requests.iter().filter_map(check_one).collect()
}

fn check_one(request: &Request) -> Option<String> {
    let Request { action, id, function, status, took, struck, .. } = request;
    let known: &[u16] = match &**function {
        "authorizer" => &[],
        "create-key" => &[201, 400, 403, 409, 422],
        "list-keys" | "list-events" | "read-usage" => &[200, 400, 403],
        "find-key" => &[200, 403, 404],
        "read-account" => &[200, 403, 409],
        "update-key" => &[200, 400, 403, 404, 409, 412],
        "rotate-key" => &[201, 400, 403, 404, 409, 412, 422],
        "delete-key" => &[204, 403, 404, 409, 412],
        // A write of a key, as the same request of a manager is answered.
        "manage-account" => &[200, 201, 400, 404, 409],
        // While GitHub is not asked again, what it signs with a new key is a 503.
        "verify-key" => &[200],
        "report-leaks" => &[200, 202, 400, 503],
        other => panic!("no function {other}"),
    };
    let of_a_fault: &[u16] = if *struck { &[0, 500, 503] } else { &[] };
    if !known.contains(status) && !of_a_fault.contains(status) {
        return Some(format!("[{action}] {function} answers {id} with {status}"));
    }
    (!struck && *took > 9_000).then(|| format!("[{action}] {function} takes {took} ms without a fault"))
}
