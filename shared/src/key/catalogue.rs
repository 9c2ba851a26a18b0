//! What a deployment offers: the operations and traffic types that keys may have.

use super::operation::{Operation, Operations, TrafficType};

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
            operations.push(Operation::parse(Operation::AUTHENTICATION)?);
        }
        let traffic_types: Vec<_> =
            traffic_types.split(',').map(|name| TrafficType::parse(name.trim())).collect::<Option<_>>()?;
        let usual = traffic_types.iter().find(|offered| offered.as_str() == "TRANSACTIONAL");
        let default_traffic_type = usual.or(traffic_types.first())?.clone();
        (operations.len() <= Self::MAX_OPERATIONS).then_some(Self { operations, traffic_types, default_traffic_type })
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

    /// The traffic types on offer, in the order in which they were given.
    #[must_use]
    pub fn traffic_types(&self) -> &[TrafficType] {
        &self.traffic_types
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
