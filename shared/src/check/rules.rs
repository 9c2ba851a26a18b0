//! Which operation which route needs, by an API's own rules.

use std::fmt;

use super::method::{Method, Methods};
use super::pattern::Pattern;
use super::reading::{Readings, segments};
use crate::key::{Operation, Operations};

/// A comma list of `[METHOD/]prefix:OPERATION`, of which the first that a route meets decides. What no entry meets is refused.
///
/// A prefix is whole segments, `~` any one; an empty one is the rest. An empty operation is any live key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRules(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// `None` is every one.
    method: Option<Method>,
    /// `None` is any one segment.
    prefix: Vec<Option<String>>,
    /// `None` is any live key.
    operation: Option<Operation>,
}

/// An entry that makes no sense. No request is served by such a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRule {
    position: usize,
    entry: String,
    why: &'static str,
}

impl fmt::Display for MalformedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, entry, why } = self;
        write!(f, "entry {position} of routeOperations, `{entry}`: {why}")
    }
}

impl std::error::Error for MalformedRule {}

impl RouteRules {
    /// Reads such a list.
    ///
    /// # Errors
    /// [`MalformedRule`], the first one.
    pub fn parse(list: &str) -> Result<Self, MalformedRule> {
        let entries = list.split(',').enumerate().map(|(at, entry)| {
            Entry::parse(entry).map_err(|why| MalformedRule { position: at + 1, entry: entry.to_owned(), why })
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// The methods for which the entry that this route meets is the same, if those operations are enough for it. `None` where they
    /// are not, where readings of the path meet different entries or none, or where the pattern leads elsewhere.
    pub(super) fn opened(
        &self,
        method: Method,
        readings: &Readings<'_>,
        pattern: Pattern<'_>,
        operations: &Operations,
    ) -> Option<Methods> {
        let met = self.met_by(method, readings)?;
        let entry = self.0.get(met)?;
        let is_meant = pattern.can_meet(method, entry.prefix())
            && !self.0.iter().take(met).any(|before| before.is_of(method) && pattern.must_meet(before.prefix()));
        (is_meant && entry.is_opened_by(operations))
            .then(|| Methods::which(|other| self.met_by(other, readings) == Some(met)))
    }

    /// Whether those operations are enough for every path and method of a request to a route of that pattern, as where the
    /// gateway passes neither: for the entry that is the rest of all paths, and each before it that such a request may meet.
    pub(super) fn opened_unseen(&self, pattern: Pattern<'_>, operations: &Operations) -> bool {
        let is_rest = |entry: &Entry| entry.method.is_none() && entry.prefix.is_empty();
        let Some(rest) = self.0.iter().position(is_rest).filter(|_| pattern.may_meet(std::iter::empty())) else {
            return false;
        };
        let possible = self.0.iter().take(rest + 1).filter(|entry| pattern.may_meet(entry.prefix()));
        possible.into_iter().all(|entry| entry.is_opened_by(operations))
    }

    /// The place of the entry that every reading meets, with case and without.
    fn met_by(&self, method: Method, readings: &Readings<'_>) -> Option<usize> {
        let first = |path: &str, is_same: fn(&str, &str) -> bool| {
            self.0.iter().position(|entry| entry.is_met_by(method, segments(path), is_same))
        };
        let mut met = readings.iter().flat_map(|path| [first(path, str::eq), first(path, is_same_without_case)]);
        let met_first = met.next()??;
        met.all(|other| other == Some(met_first)).then_some(met_first)
    }
}

impl Entry {
    fn parse(entry: &str) -> Result<Self, &'static str> {
        let (route, operation) = entry.rsplit_once(':').ok_or("it has no `:` before its operation")?;
        let operation = match operation {
            "" => None,
            name => {
                Some(Operation::parse(name).ok_or("behind its last `:` is no operation, such as SMS, nor nothing")?)
            }
        };
        if operation.as_ref().is_some_and(|operation| !operation.is_for_other_apis()) {
            return Err("AUTHENTICATION_READ opens routes of the key service alone: name another operation");
        }
        let method = route.split_once('/').and_then(|(method, rest)| Some((Method::parse(method)?, rest)));
        let (method, prefix) = method.map_or((None, route), |(method, rest)| (Some(method), rest));
        // Taken for a segment of a path, an entry with such a word would meet nothing, and leave its routes to the entries behind it.
        let first = prefix.split('/').next().unwrap_or_default();
        if method.is_none() && (first == "ANY" || Method::parse(first).is_some()) {
            return Err(
                "it begins with a method that is none: `GET/` is for one of the seven, and no method for all of them",
            );
        }
        let prefix =
            if prefix.is_empty() { Vec::new() } else { prefix.split('/').map(segment).collect::<Result<_, _>>()? };
        Ok(Self { method, prefix, operation })
    }

    fn prefix(&self) -> impl Iterator<Item = Option<&str>> {
        self.prefix.iter().map(Option::as_deref)
    }

    fn is_met_by<'a>(
        &self,
        method: Method,
        mut path: impl Iterator<Item = &'a str>,
        is_same: fn(&str, &str) -> bool,
    ) -> bool {
        self.is_of(method)
            && self
                .prefix()
                .all(|wanted| path.next().is_some_and(|segment| wanted.is_none_or(|wanted| is_same(wanted, segment))))
    }

    fn is_of(&self, method: Method) -> bool {
        self.method.is_none_or(|own| own == method)
    }

    fn is_opened_by(&self, operations: &Operations) -> bool {
        self.operation.as_ref().is_none_or(|operation| operations.contains(operation.as_str()))
    }
}

/// A segment of a prefix, as a stage variable may have it.
fn segment(text: &str) -> Result<Option<String>, &'static str> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-._~:&=".contains(letter);
    match text {
        "" => Err("its prefix begins or ends with `/`, or has two in a row"),
        "." | ".." => Err("its prefix has a segment that every path is refused for"),
        "~" => Ok(None),
        _ if text.chars().all(is_letter) => Ok(Some(text.to_owned())),
        _ => Err("its prefix has a character that is none of A-Z, a-z, 0-9, `-`, `.`, `_`, `~`, `:`, `&`, `=` and `/`"),
    }
}

fn is_same_without_case(one: &str, other: &str) -> bool {
    // Some letters that are none of ASCII are ASCII's in the other case. The last is one where each letter becomes one.
    let folded = |text: &str| text.to_uppercase().to_lowercase().replace("i\u{307}", "i");
    one.eq_ignore_ascii_case(other) || (!other.is_ascii() && folded(one) == folded(other))
}

/// The list again.
impl fmt::Display for RouteRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Entry { method, prefix, operation }) in self.0.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            if let Some(method) = method {
                write!(f, "{}/", method.as_str())?;
            }
            for (at, segment) in prefix.iter().enumerate() {
                write!(f, "{}{}", if at == 0 { "" } else { "/" }, segment.as_deref().unwrap_or("~"))?;
            }
            write!(f, ":{}", operation.as_ref().map_or("", Operation::as_str))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "GET/reports:REPORTS_READ,reports:REPORTS,users/~/invoices:BILLING,health:,GET/a:b:A,:SMS";

    fn met(rules: &RouteRules, method: Method, path: &str) -> Option<usize> {
        rules.met_by(method, &Readings::of(path)?)
    }

    #[test]
    fn the_first_entry_that_a_route_meets_decides() {
        let rules = RouteRules::parse(RULES).unwrap();
        assert_eq!(rules.to_string(), RULES);
        for (method, path, expected) in [
            (Method::Get, "reports", 0),
            (Method::Get, "reports/2026", 0),
            (Method::Post, "reports", 1),
            (Method::Get, "reportsx", 5),
            (Method::Get, "users/1/invoices/2", 2),
            (Method::Get, "users/1", 5),
            (Method::Get, "users//invoices", 9),
            (Method::Get, "users/invoices", 5),
            (Method::Head, "health/", 3),
            (Method::Get, "a:b", 4),
            (Method::Get, "", 5),
            (Method::Get, "GET/reports", 5),
            (Method::Get, "REPORTS", 9),
            (Method::Get, "%72eports", 9),
            (Method::Get, "reports%2F2026", 9),
            (Method::Get, "x;/reports", 5),
            (Method::Get, "health;x", 9),
            (Method::Get, "users/a%2Finvoices", 9),
            (Method::Get, "ĥealth", 5),
        ] {
            assert_eq!(met(&rules, method, path), (expected < 9).then_some(expected), "{path}");
        }
        let rules = RouteRules::parse("Keys:A,users:B,:C").unwrap();
        for (path, expected) in [("Keys", Some(0)), ("keys", None), ("\u{212a}eys", None), ("u\u{17f}ers", None)] {
            assert_eq!(met(&rules, Method::Get, path), expected, "{path}");
        }
        assert_eq!(met(&RouteRules::parse("health:").unwrap(), Method::Get, "other"), None);
    }

    #[test]
    fn a_wrong_entry_is_named_with_what_is_wrong() {
        for (list, position, entry, why) in [
            ("", 1, "", "no `:`"),
            ("sms", 1, "sms", "no `:`"),
            ("a:A,", 2, "", "no `:`"),
            ("a:A,b:sms", 2, "b:sms", "no operation"),
            ("a:A,b:B ,c:C", 2, "b:B ", "no operation"),
            ("/a:A", 1, "/a:A", "begins or ends"),
            ("a/:A", 1, "a/:A", "begins or ends"),
            ("a//b:A", 1, "a//b:A", "two in a row"),
            ("GET//b:A", 1, "GET//b:A", "two in a row"),
            ("a/../b:A", 1, "a/../b:A", "refused"),
            ("a:AUTHENTICATION,b:AUTHENTICATION_READ", 2, "b:AUTHENTICATION_READ", "key service alone"),
            ("a*:A", 1, "a*:A", "character"),
            ("a%2F:A", 1, "a%2F:A", "character"),
            ("{id}:A", 1, "{id}:A", "character"),
            ("a b:A", 1, "a b:A", "character"),
            (":A,ANY/b:A", 2, "ANY/b:A", "method"),
            ("ANY:A", 1, "ANY:A", "method"),
            ("DELETE:A,:B", 1, "DELETE:A", "method"),
        ] {
            let error = RouteRules::parse(list).unwrap_err();
            assert_eq!((error.position, error.entry.as_str()), (position, entry), "{list}");
            let text = error.to_string();
            assert!(text.starts_with(&format!("entry {position} of routeOperations, `{entry}`: ")), "{text}");
            assert!(text.contains(why), "{text}");
        }
    }

    #[test]
    fn where_the_path_is_unknown_every_entry_that_may_be_meant_must_be_opened() {
        let operations = |list: &str| Operations::parse(list).unwrap();
        for (rules, pattern, held, is_opened) in [
            (":SMS", "$default", "SMS", true),
            (":", "$default", "RCS", true),
            (":SMS", "$default", "RCS", false),
            ("sms:SMS", "$default", "SMS", false),
            ("GET/:SMS", "$default", "SMS", false),
            ("health:,:SMS", "$default", "SMS", true),
            ("admin:ADMIN,:SMS", "$default", "SMS", false),
            ("GET/admin:ADMIN,:SMS", "$default", "SMS", false),
            ("admin:ADMIN,:SMS", "$default", "SMS,ADMIN", true),
            (":SMS,admin:ADMIN", "$default", "SMS", true),
            ("admin:ADMIN,:SMS", "GET /orders/{id}", "SMS", true),
            ("admin:ADMIN,:SMS", "GET /{proxy+}", "SMS", false),
            ("admin:ADMIN,orders/~/items:RCS,:SMS", "GET /orders/{id}", "SMS", false),
            (":SMS", "", "SMS", false),
        ] {
            let opened = RouteRules::parse(rules).unwrap().opened_unseen(Pattern::of(pattern), &operations(held));
            assert_eq!(opened, is_opened, "{rules} {pattern} {held}");
        }
    }
}
