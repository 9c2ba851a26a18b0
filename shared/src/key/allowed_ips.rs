//! From where a key may be used.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::from_text::from_text;

/// Up to 50 addresses and ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowedIps(Vec<IpRange>);

impl AllowedIps {
    /// How many a key may have.
    pub const MAX: usize = 50;

    /// Whether one of them holds the address. An IPv4-mapped IPv6 address is the IPv4 address.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.0.contains(&address))
    }
}

impl FromIterator<IpRange> for AllowedIps {
    fn from_iter<I: IntoIterator<Item = IpRange>>(ranges: I) -> Self {
        Self(ranges.into_iter().collect())
    }
}

/// One address, or a range without bits behind its prefix: `10.1.2.3/8` is `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange(IpNet);

impl FromStr for IpRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let range = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| ())?,
        };
        let unmapped = match range {
            IpNet::V6(range) => unmapped(range).map(IpNet::V4),
            IpNet::V4(_) => None,
        };
        Ok(Self(unmapped.unwrap_or(range).trunc()))
    }
}

/// `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
fn unmapped(range: Ipv6Net) -> Option<Ipv4Net> {
    let address: Ipv4Addr = range.addr().to_ipv4_mapped()?;
    Ipv4Net::new(address, range.prefix_len().checked_sub(96)?).ok()
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl Serialize for IpRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IpRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a range of addresses", |text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(ranges: &[&str]) -> AllowedIps {
        ranges.iter().map(|range| range.parse::<IpRange>().unwrap()).collect()
    }

    fn holds(range: &str, address: &str) -> bool {
        allowed(&[range]).contain(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_others() {
        assert!(holds("203.0.113.7", "203.0.113.7") && !holds("203.0.113.7", "203.0.113.8"));
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(holds("0.0.0.0/0", "198.51.100.1") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1") && !holds("::/0", "198.51.100.1"));
        assert!(!AllowedIps(Vec::new()).contain(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address_on_either_side() {
        assert!(holds("203.0.113.0/24", "::ffff:203.0.113.7"));
        assert!(holds("::ffff:203.0.113.7", "203.0.113.7"));
        assert!(holds("::ffff:203.0.113.0/120", "203.0.113.7") && !holds("::ffff:203.0.113.0/120", "203.0.114.7"));
    }

    #[test]
    fn ranges_are_written_in_one_way() {
        for (given, written) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("2001:db8::1/64", "2001:db8::/64"),
        ] {
            assert_eq!(given.parse::<IpRange>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn text_that_is_no_range() {
        for text in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "010.0.0.1", "::/129", "example.com", "fe80::1%eth0"] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }
}
