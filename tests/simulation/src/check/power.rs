//! What operations open, and what their holder may give: in the simplest form.

use std::collections::BTreeSet;

/// Manages keys, and reads.
const MANAGES: &str = "AUTHENTICATION";
/// Reads alone. It is in no catalogue.
pub const READS: &str = "AUTHENTICATION_READ";

/// What a holder of these may give, change and learn: nothing where they do not manage.
pub fn of<'a>(operations: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let has: BTreeSet<_> = operations.collect();
    if has.contains(MANAGES) { has.into_iter().chain([READS]).collect() } else { BTreeSet::new() }
}

/// Whether these operations, a comma list, open that route: of this service, or of another API. `None` where the key itself decides,
/// as it may be the one that the path names.
pub fn opens(operations: &str, method: &str, path: &str) -> Option<bool> {
    let has = |operation: &str| operations.split(',').any(|it| it == operation);
    let mut segments = path.split('/').skip(1);
    let name = segments.next().unwrap_or_default();
    if name != "authentication" {
        return Some(name != "authentication-read" && has(&name.to_uppercase()));
    }
    let is_of_one = segments.next().is_some_and(|key| !["events", "account", "usage"].contains(&key));
    match method {
        _ if has(MANAGES) => Some(true),
        "GET" if has(READS) => Some(true),
        "GET" if is_of_one => None,
        _ => Some(false),
    }
}
