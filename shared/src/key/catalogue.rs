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
    /// Reads two comma-separated lists. `AUTHENTICATION` is always among the operations; what is named twice is there once.
    ///
    /// `None` when a name is not of the shape `[A-Z][A-Z0-9_]*` with at most 32 characters, when a list is empty, or when
    /// `AUTHENTICATION_READ` is named: a company's operation of that name would let its keys read all others.
    #[must_use]
    pub fn parse(operations: &str, traffic_types: &str) -> Option<Self> {
        let mut offered = Operations::default();
        let authentication = Operation::parse(Operation::AUTHENTICATION)?;
        for operation in Operations::parse(operations)?.iter().chain([&authentication]) {
            if !offered.contains(operation.as_str()) {
                offered.push(operation.clone());
            }
        }
        if offered.contains(Operation::AUTHENTICATION_READ) {
            return None;
        }
        let traffic_types: Vec<_> =
            traffic_types.split(',').map(|name| TrafficType::parse(name.trim())).collect::<Option<_>>()?;
        let usual = traffic_types.iter().find(|offered| offered.as_str() == "TRANSACTIONAL");
        let default_traffic_type = usual.or(traffic_types.first())?.clone();
        Some(Self { operations: offered, traffic_types, default_traffic_type })
    }

    /// All that there is, for an account's first key.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// All that a key may have: those on offer, and `AUTHENTICATION_READ`.
    #[must_use]
    pub fn operations_of_keys(&self) -> Operations {
        let mut operations = self.operations.clone();
        operations.push(Operation::authentication_read());
        operations
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
    fn the_catalogue_has_each_operation_once_and_authentication_always() {
        let added = Catalogue::parse("SMS, RCS", "OTP").unwrap();
        assert_eq!(added.operations().to_string(), "SMS,RCS,AUTHENTICATION");
        let given = Catalogue::parse("AUTHENTICATION,SMS", "OTP").unwrap();
        assert_eq!(given.operations().to_string(), "AUTHENTICATION,SMS");
        let twice = Catalogue::parse("SMS,RCS,SMS", "OTP").unwrap();
        assert_eq!(twice.operations().to_string(), "SMS,RCS,AUTHENTICATION");
        assert_eq!(twice.operations_of_keys().to_string(), "SMS,RCS,AUTHENTICATION,AUTHENTICATION_READ");
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
        let wrong = [("", "A"), ("A", ""), ("a", "A"), ("A,,B", "A"), ("A,AUTHENTICATION_READ", "A")];
        for (operations, traffic_types) in wrong {
            assert!(Catalogue::parse(operations, traffic_types).is_none(), "{operations} {traffic_types}");
        }
    }
}
