//! The fields that new keys and patches share.

use serde_json::Value;

use super::fields::Fields;
use crate::key::{AllowedIps, Catalogue, Operations, TrafficType};

impl Fields {
    /// Takes `operations`: required, one or more, each one that a key may have, none twice.
    pub fn operations(&mut self, catalogue: &Catalogue) -> Operations {
        const FIELD: &str = "operations";
        let mut taken = Operations::default();
        let names = match self.take(FIELD) {
            None => {
                self.wrong(FIELD, "is required");
                return taken;
            }
            Some(Value::Array(names)) if !names.is_empty() => names,
            Some(_) => {
                self.wrong(FIELD, "must be a list of one or more operations");
                return taken;
            }
        };
        let possible = catalogue.operations_of_keys();
        let most = possible.len();
        if names.len() > most {
            self.wrong(FIELD, format!("must have at most {most} operations"));
            return taken;
        }
        for (at, name) in names.iter().enumerate() {
            let offered = possible.iter().find(|possible| name.as_str() == Some(possible.as_str()));
            let at = format!("{FIELD}[{at}]");
            match offered {
                None => self.wrong(&at, format!("must be one of {possible}")),
                Some(operation) if taken.contains(operation.as_str()) => self.wrong(&at, "must not be given twice"),
                Some(operation) => taken.push(operation.clone()),
            }
        }
        taken
    }

    /// Takes `trafficType`: one that is offered, or the default when it is absent.
    pub fn traffic_type(&mut self, catalogue: &Catalogue) -> TrafficType {
        const FIELD: &str = "trafficType";
        let Some(name) = self.take(FIELD) else {
            return catalogue.default_traffic_type();
        };
        let offered = catalogue.traffic_types().iter().find(|offered| name.as_str() == Some(offered.as_str()));
        offered.cloned().unwrap_or_else(|| {
            let names: Vec<_> = catalogue.traffic_types().iter().map(TrafficType::as_str).collect();
            self.wrong(FIELD, format!("must be one of {}", names.join(",")));
            catalogue.default_traffic_type()
        })
    }

    /// Takes `allowedIps`: 1 to 50 IPv4 or IPv6 addresses or CIDR ranges, none twice. `None` when it is absent: the
    /// key may be used from anywhere.
    pub fn allowed_ips(&mut self) -> Option<AllowedIps> {
        const FIELD: &str = "allowedIps";
        let given = match self.take(FIELD)? {
            Value::Array(given) if (1..=AllowedIps::MAX).contains(&given.len()) => given,
            _ => {
                self.wrong(FIELD, "must be a list of 1 to 50 addresses or ranges, or null for any");
                return None;
            }
        };
        let mut ranges = Vec::new();
        for (at, text) in given.iter().enumerate() {
            let at = format!("{FIELD}[{at}]");
            match text.as_str().and_then(|text| text.parse().ok()) {
                None => self.wrong(&at, "must be an IPv4 or IPv6 address or CIDR range"),
                Some(range) if ranges.contains(&range) => self.wrong(&at, "must not be given twice"),
                Some(range) => ranges.push(range),
            }
        }
        Some(ranges.into_iter().collect())
    }
}
