//! What a key may do, what a company offers, and what a key may give to another.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::error::Error;
use crate::fields::Fields;

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

    /// The first segment of the routes that it opens: lower case, `-` for `_`.
    #[must_use]
    pub fn path_segment(&self) -> String {
        self.path_letters().map(char::from).collect()
    }

    /// Whether that is the first segment of the routes that it opens.
    #[must_use]
    pub fn opens(&self, segment: &str) -> bool {
        self.path_letters().eq(segment.bytes())
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

    /// Those of `wanted` that are missing here: what the holder may not give.
    #[must_use]
    pub fn lacking(&self, wanted: &Self) -> Vec<Operation> {
        wanted.0.iter().filter(|operation| !self.contains(operation.as_str())).cloned().collect()
    }

    /// Refuses what the holder lacks, in the words of `refusal`.
    ///
    /// # Errors
    /// The `refusal` of those that are missing here.
    pub fn must_cover(&self, wanted: &Self, refusal: fn(Vec<Operation>) -> Error) -> Result<(), Error> {
        match self.lacking(wanted) {
            lacking if lacking.is_empty() => Ok(()),
            lacking => Err(refusal(lacking)),
        }
    }

    /// Each in its turn.
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

/// What a company offers: the operations and traffic types that its keys may have.
#[derive(Debug, Clone)]
pub struct Catalogue {
    operations: Operations,
    traffic_types: Vec<TrafficType>,
    default_traffic_type: TrafficType,
}

impl Catalogue {
    /// API Gateway takes a policy of 8 KiB, and each operation writes two lines of it.
    const MAX_OPERATIONS: usize = 40;

    /// Reads two comma-separated lists. `AUTHENTICATION` is always among the operations.
    ///
    /// `None` when a name is not of the shape `[A-Z][A-Z0-9_]*`, when there is no traffic type, or when there
    /// are more than 40 operations.
    #[must_use]
    pub fn parse(operations: &str, traffic_types: &str) -> Option<Self> {
        let mut operations = Operations::parse(operations)?;
        if !operations.contains(Operation::AUTHENTICATION) {
            operations.0.push(Operation::parse(Operation::AUTHENTICATION)?);
        }
        let traffic_types: Vec<_> =
            traffic_types.split(',').map(|name| TrafficType::parse(name.trim())).collect::<Option<_>>()?;
        let usual = traffic_types.iter().find(|offered| offered.as_str() == "TRANSACTIONAL");
        let default_traffic_type = usual.or(traffic_types.first())?.clone();
        (operations.0.len() <= Self::MAX_OPERATIONS).then_some(Self { operations, traffic_types, default_traffic_type })
    }

    /// All that there is, for an account's first key.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// What a key gets that asks for no traffic type: `TRANSACTIONAL`, or the first where that is not offered.
    #[must_use]
    pub fn default_traffic_type(&self) -> TrafficType {
        self.default_traffic_type.clone()
    }

    /// Takes the field `operations`: required, one or more, each offered, none twice.
    pub fn take_operations(&self, fields: &mut Fields) -> Operations {
        const FIELD: &str = "operations";
        let mut taken = Operations::default();
        let names = match fields.take(FIELD) {
            None => {
                fields.wrong(FIELD, "is required");
                return taken;
            }
            Some(Value::Array(names)) if !names.is_empty() => names,
            Some(_) => {
                fields.wrong(FIELD, "must be a list of one or more operations");
                return taken;
            }
        };
        for (at, name) in names.iter().enumerate() {
            let offered = self.operations.iter().find(|offered| name.as_str() == Some(offered.as_str()));
            let at = format!("{FIELD}[{at}]");
            match offered {
                None => fields.wrong(&at, format!("must be one of {}", self.operations)),
                Some(operation) if taken.contains(operation.as_str()) => fields.wrong(&at, "must not be given twice"),
                Some(operation) => taken.0.push(operation.clone()),
            }
        }
        taken
    }

    /// Takes the field `trafficType`: one that is offered, or the default when it is absent.
    pub fn take_traffic_type(&self, fields: &mut Fields) -> TrafficType {
        let Some(name) = fields.take("trafficType") else {
            return self.default_traffic_type();
        };
        let offered = self.traffic_types.iter().find(|offered| name.as_str() == Some(offered.as_str()));
        offered.cloned().unwrap_or_else(|| {
            let names: Vec<_> = self.traffic_types.iter().map(TrafficType::as_str).collect();
            fields.wrong("trafficType", format!("must be one of {}", names.join(",")));
            self.default_traffic_type()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_opens_the_route_of_its_name() {
        assert_eq!(Operation::parse("SMS").unwrap().path_segment(), "sms");
        assert_eq!(Operation::parse("RCS_BULK_2").unwrap().path_segment(), "rcs-bulk-2");
    }

    #[test]
    fn text_that_could_widen_a_policy_is_no_operation() {
        for text in ["", "*", "SMS*", "S?S", "SMS/RCS", "sms", "1A", "_A", "A-B", "A B", "Ä", "${X}", &"A".repeat(33)]
        {
            assert_eq!(Operation::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_catalogue_always_has_authentication_and_once() {
        let added = Catalogue::parse("SMS, RCS", "OTP").unwrap();
        assert_eq!(added.operations().to_string(), "SMS,RCS,AUTHENTICATION");
        let given = Catalogue::parse("AUTHENTICATION,SMS", "OTP").unwrap();
        assert_eq!(given.operations().to_string(), "AUTHENTICATION,SMS");
    }

    #[test]
    fn the_default_traffic_type_is_the_usual_one_or_the_first() {
        assert_eq!(
            Catalogue::parse("A", "OTP,TRANSACTIONAL").unwrap().default_traffic_type().as_str(),
            "TRANSACTIONAL"
        );
        assert_eq!(Catalogue::parse("A", "OTP,BULK").unwrap().default_traffic_type().as_str(), "OTP");
    }

    #[test]
    fn a_catalogue_that_makes_no_sense_stops_the_function_from_starting() {
        let many: Vec<_> = (0..40).map(|number| format!("A{number}")).collect();
        for (operations, traffic_types) in [("", "A"), ("A", ""), ("a", "A"), ("A,,B", "A"), (&*many.join(","), "A")] {
            assert!(Catalogue::parse(operations, traffic_types).is_none(), "{operations} {traffic_types}");
        }
    }

    #[test]
    fn what_is_lacking_is_named() {
        let own = Operations::parse("SMS,AUTHENTICATION").unwrap();
        let wanted = Operations::parse("SMS,RCS").unwrap();
        assert_eq!(own.lacking(&wanted), [Operation::parse("RCS").unwrap()]);
        assert_eq!(own.lacking(&own), []);
    }
}
