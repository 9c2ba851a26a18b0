//! The pattern of a route, by which the gateway chose what answers.

use super::method::Method;

/// A route as its API declares it: `/sms/{proxy+}` in a REST API, `GET /sms/{id}` or `$default` in an HTTP API.
#[derive(Debug, Clone, Copy)]
pub struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// Takes an event's `resource` or `routeKey`.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// Whether a request of that method, whose path begins with these segments, may be one of this route. A variable is any one
    /// segment, a greedy one any rest. `None` is a segment that may be any one, too.
    pub(super) fn can_meet<'b>(self, method: Method, mut prefix: impl Iterator<Item = Option<&'b str>>) -> bool {
        let (of_method, path) = self.method_and_path();
        if !["ANY", method.as_str()].contains(&of_method) {
            return false;
        }
        if is_default(path) {
            return true;
        }
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut segments = segments(path);
        let mut is_greedy = false;
        prefix.all(|wanted| {
            let segment = if is_greedy { Some("{") } else { segments.next() };
            is_greedy |= segment.is_some_and(|segment| segment.ends_with("+}"));
            segment.is_some_and(|segment| segment.starts_with('{') || wanted.is_none_or(|wanted| wanted == segment))
        })
    }

    /// Whether the path of a request of this route may be taken for one that begins with these segments, where it is not known: an
    /// encoded slash may stand in each variable, and letters may be of the other case.
    pub(super) fn may_meet<'b>(self, mut prefix: impl Iterator<Item = Option<&'b str>>) -> bool {
        let (_, path) = self.method_and_path();
        if is_default(path) {
            return true;
        }
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut segments = segments(path);
        let mut is_open = false;
        prefix.all(|wanted| {
            let segment = if is_open { Some("{") } else { segments.next() };
            is_open |= segment.is_some_and(|segment| segment.starts_with('{'));
            let is_same = |segment: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(segment));
            is_open || segment.is_some_and(is_same)
        })
    }

    /// Whether the path of each request of this route begins with these segments. `None` is any one.
    pub(super) fn must_meet<'b>(self, mut prefix: impl Iterator<Item = Option<&'b str>>) -> bool {
        let (_, path) = self.method_and_path();
        let mut segments = segments(path.strip_prefix('/').unwrap_or_default());
        prefix.all(|wanted| {
            let segment = segments.next().filter(|segment| !segment.ends_with("+}"));
            segment.is_some_and(|segment| wanted.is_none_or(|wanted| wanted == segment))
        })
    }

    fn method_and_path(self) -> (&'a str, &'a str) {
        self.0.split_once(' ').unwrap_or(("ANY", self.0))
    }
}

/// Whether that is the route of an HTTP API that takes what no other takes.
fn is_default(path: &str) -> bool {
    path.trim_start_matches('/') == "$default"
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(pattern: &str, prefix: &str) -> bool {
        let prefix = prefix.split('/').filter(|segment| !segment.is_empty());
        Pattern::of(pattern).can_meet(Method::Get, prefix.map(|segment| (segment != "~").then_some(segment)))
    }

    #[test]
    fn a_pattern_meets_what_its_literals_and_variables_may_be() {
        for (pattern, prefix) in [
            ("/sms", "sms"),
            ("/sms/", "sms"),
            ("/sms", ""),
            ("/", ""),
            ("/sms/{id}", "sms"),
            ("/sms/{id}", "sms/x"),
            ("/{first}", "sms"),
            ("/{proxy+}", "sms/x/y"),
            ("/sms/{proxy+}", "sms/x/y"),
            ("/users/{id}/invoices", "users/~/invoices"),
            ("/users/me/invoices", "users/~/invoices"),
            ("/users/{proxy+}", "users/~/invoices"),
            ("$default", "sms/x"),
            ("/$default", "sms"),
            ("GET /sms", "sms"),
            ("ANY /{proxy+}", "sms"),
        ] {
            assert!(meets(pattern, prefix), "{pattern} {prefix}");
        }
    }

    #[test]
    fn a_pattern_must_meet_its_literals() {
        for (pattern, prefix, must) in [
            ("/sms", "sms", true),
            ("GET /sms/{id}", "sms", true),
            ("/sms/{id}", "sms/~", true),
            ("/users/{id}/invoices", "users/~/invoices", true),
            ("/sms/{proxy+}", "sms", true),
            ("/sms/{proxy+}", "", true),
            ("/sms/{proxy+}", "sms/~", false),
            ("/sms/{id}", "sms/1", false),
            ("/sms", "sms/~", false),
            ("/{first}", "sms", false),
            ("/rcs", "sms", false),
            ("$default", "sms", false),
            ("$default", "~", false),
        ] {
            let segments = prefix.split('/').filter(|segment| !segment.is_empty());
            let wanted = segments.map(|segment| (segment != "~").then_some(segment));
            assert_eq!(Pattern::of(pattern).must_meet(wanted), must, "{pattern} {prefix}");
        }
    }

    #[test]
    fn a_pattern_may_meet_all_that_its_variables_may_hold() {
        for (pattern, prefix, may) in [
            ("$default", "sms/x", true),
            ("ANY /{proxy+}", "sms/x", true),
            ("GET /{one}", "sms/x", true),
            ("/users/{id}", "users/~/invoices", true),
            ("/USERS/{id}", "users", true),
            ("/sms", "", true),
            ("/sms/1", "sms/~", true),
            ("/sms", "sms/1", false),
            ("/rcs/{id}", "sms", false),
            ("/sms/1/{id}", "sms/2", false),
            ("", "", false),
            ("sms", "sms", false),
        ] {
            let segments = prefix.split('/').filter(|segment| !segment.is_empty());
            let wanted = segments.map(|segment| (segment != "~").then_some(segment));
            assert_eq!(Pattern::of(pattern).may_meet(wanted), may, "{pattern} {prefix}");
        }
    }

    #[test]
    fn a_pattern_meets_nothing_else() {
        for (pattern, prefix) in [
            ("/rcs", "sms"),
            ("/SMS", "sms"),
            ("/sms", "sms/x"),
            ("/sms/{id}", "sms/x/y"),
            ("/sms/{id}", "rcs"),
            ("/rcs/{proxy+}", "sms"),
            ("/users/{id}/orders", "users/~/invoices"),
            ("/users", "users/~"),
            ("/", "sms"),
            ("", "sms"),
            ("", ""),
            ("sms", "sms"),
            ("POST /sms", "sms"),
            ("GET sms", "sms"),
        ] {
            assert!(!meets(pattern, prefix), "{pattern} {prefix}");
        }
    }
}
