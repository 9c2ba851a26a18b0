//! What a key may do.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// Text of the shape `[A-Z][A-Z0-9_]*`, at most 32 characters.
fn is_constant(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

macro_rules! constant {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes `[A-Z][A-Z0-9_]*` of at most 32 characters.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_constant(text).then(|| Self(text.to_owned()))
            }

            /// The name as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if is_constant(&text) { Ok(Self(text)) } else { Err(de::Error::custom(concat!("not a ", stringify!($name)))) }
            }
        }
    };
}

constant! {
    /// Something a key opens: `RCS_BULK` opens the routes `/rcs-bulk` and `/rcs-bulk/*`.
    Operation
}

constant! {
    /// The kind of messages that a key is meant for, such as `TRANSACTIONAL`.
    TrafficType
}

impl Operation {
    /// The operation that opens the management of keys.
    pub const AUTHENTICATION: &str = "AUTHENTICATION";
    /// The operation that opens reading there: keys, events, usage and the account. It opens nothing of any other API.
    pub const AUTHENTICATION_READ: &str = "AUTHENTICATION_READ";

    /// The operation that is in no catalogue, and that every catalogue's keys may have.
    #[must_use]
    pub fn authentication_read() -> Self {
        Self(Self::AUTHENTICATION_READ.to_owned())
    }

    /// Whether that is the first segment of the routes that it opens: lower case, `-` for `_`.
    #[must_use]
    pub fn opens(&self, segment: &str) -> bool {
        self.is_for_other_apis() && self.path_letters().eq(segment.bytes())
    }

    /// Whether something else than this service's own routes may need it. Any manager may give the right to read these, even if
    /// a company's rule names it.
    #[must_use]
    pub fn is_for_other_apis(&self) -> bool {
        self.0 != Self::AUTHENTICATION_READ
    }

    fn path_letters(&self) -> impl Iterator<Item = u8> {
        self.0.bytes().map(|letter| if letter == b'_' { b'-' } else { letter.to_ascii_lowercase() })
    }
}

/// The operations of one key, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operations(Vec<Operation>);

impl Operations {
    /// Reads a comma-separated list, as the authorizer's context carries it.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        list.split(',').map(|name| Operation::parse(name.trim())).collect::<Option<_>>().map(Self)
    }

    /// Whether one of them opens the routes that begin with that segment.
    #[must_use]
    pub fn open(&self, segment: &str) -> bool {
        self.0.iter().any(|operation| operation.opens(segment))
    }

    /// Whether the operation of that name is one of them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|operation| operation.as_str() == name)
    }

    /// Whether their holder may do what needs the operation of that name: it is one of them, or `AUTHENTICATION` is and implies
    /// it.
    #[must_use]
    pub fn cover(&self, name: &str) -> bool {
        self.contains(name) || (name == Operation::AUTHENTICATION_READ && self.contains(Operation::AUTHENTICATION))
    }

    /// Those of `wanted` that these do not cover: what the holder may not give.
    #[must_use]
    pub fn lacking(&self, wanted: &Self) -> Vec<Operation> {
        wanted.0.iter().filter(|operation| !self.cover(operation.as_str())).cloned().collect()
    }

    /// Whether both have the same operations, in any order. None of them has one twice.
    #[must_use]
    pub fn are_those_of(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|operation| other.contains(operation.as_str()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds one behind the others.
    pub(crate) fn push(&mut self, operation: Operation) {
        self.0.push(operation);
    }

    /// The operations in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.0.iter()
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<I: IntoIterator<Item = Operation>>(operations: I) -> Self {
        Self(operations.into_iter().collect())
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, operation) in self.0.iter().enumerate() {
            write!(f, "{}{operation}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_opens_the_route_of_its_name() {
        for (operation, segment) in [("SMS", "sms"), ("RCS_BULK_2", "rcs-bulk-2")] {
            let operation = Operation::parse(operation).unwrap();
            assert!(operation.opens(segment) && !operation.opens(operation.as_str()) && !operation.opens(""));
        }
    }

    #[test]
    fn text_that_could_widen_a_policy_is_no_operation() {
        for text in ["", "*", "SMS*", "S?S", "SMS/RCS", "sms", "1A", "_A", "A-B", "A B", "Ä", "${X}", &"A".repeat(33)]
        {
            assert_eq!(Operation::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_lacking_is_named() {
        let own = Operations::parse("SMS,AUTHENTICATION").unwrap();
        let wanted = Operations::parse("SMS,RCS").unwrap();
        assert_eq!(own.lacking(&wanted), [Operation::parse("RCS").unwrap()]);
        assert_eq!(own.lacking(&own), []);
    }

    #[test]
    fn who_manages_may_read_and_give_that_and_who_reads_does_not_manage() {
        let (manager, reader) = (operations("AUTHENTICATION"), operations("AUTHENTICATION_READ"));
        assert!(manager.cover("AUTHENTICATION_READ") && !manager.contains("AUTHENTICATION_READ"));
        assert!(!reader.cover("AUTHENTICATION") && !operations("SMS").cover("AUTHENTICATION_READ"));
        assert_eq!(manager.lacking(&reader), []);
        assert_eq!(reader.lacking(&manager), [Operation::parse("AUTHENTICATION").unwrap()]);
        let both = operations("AUTHENTICATION,AUTHENTICATION_READ");
        assert!(!both.are_those_of(&manager) && both.are_those_of(&operations("AUTHENTICATION_READ,AUTHENTICATION")));
    }

    #[test]
    fn reading_opens_no_route_by_its_name() {
        assert!(!Operation::authentication_read().opens("authentication-read"));
        assert!(Operation::parse("AUTHENTICATION_READS").unwrap().opens("authentication-reads"));
    }

    fn operations(list: &str) -> Operations {
        Operations::parse(list).unwrap()
    }
}
