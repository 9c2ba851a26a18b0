//! The methods of an API's routes.

/// A method that a route may have. An event names one of these, never `ANY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

impl Method {
    /// All seven.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// Its name, in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// The method of that name, in capitals.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// Some of the seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Those for which it holds.
    pub(super) fn which(holds: impl Fn(Method) -> bool) -> Self {
        Self(Method::ALL.into_iter().filter(|method| holds(*method)).fold(0, |set, method| set | Self::bit(method)))
    }

    /// Whether that one is among them.
    #[must_use]
    pub fn contain(self, method: Method) -> bool {
        self.0 & Self::bit(method) != 0
    }

    fn bit(method: Method) -> u8 {
        1 << method as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_one_name_in_capitals() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
            assert_eq!(Method::parse(&method.as_str().to_lowercase()), None);
        }
        assert_eq!(["ANY", "", "CONNECT", "GET "].map(Method::parse), [None; 4]);
    }

    #[test]
    fn a_set_has_what_was_put_in() {
        let gets = Methods::which(|method| method == Method::Get);
        for method in Method::ALL {
            assert!(Methods::ALL.contain(method) && !Methods::NONE.contain(method));
            assert_eq!(gets.contain(method), method == Method::Get);
        }
    }
}
