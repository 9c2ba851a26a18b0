//! The variables of an attached API's stage.

use std::collections::HashMap;

use api_keys::check::RouteRules;

/// The header that carries the key, in lower case; what is malformed makes every request a 500.
pub(super) fn key_header(variables: &HashMap<String, String>) -> Result<&'static str, String> {
    match variables.get("keyHeader").map(String::as_str) {
        None | Some("x-api-key" | "X-API-Key") => Ok("x-api-key"),
        Some("authorization" | "Authorization") => Ok("authorization"),
        Some(other) => Err(format!("keyHeader is {other}, and neither authorization nor x-api-key")),
    }
}

/// Why every request of the stage is a 500.
pub(super) fn malformed(variables: &HashMap<String, String>) -> Option<String> {
    if let Err(why) = key_header(variables) {
        return Some(why);
    }
    let names: Vec<_> = (1..=9)
        .map(|number| if number == 1 { "routeOperations".to_owned() } else { format!("routeOperations{number}") })
        .collect();
    let there = names.iter().take_while(|name| variables.contains_key(*name)).count();
    if let Some(behind) = names.iter().skip(there).find(|name| variables.contains_key(*name)) {
        return Some(format!("{behind} is there, and one before it is missing"));
    }
    // Each has whole entries: where one goes on in the next, a comma may stand between them.
    names.iter().take(there).enumerate().find_map(|(at, name)| {
        let list = variables.get(name)?;
        let list = list.strip_prefix(',').filter(|_| at > 0).unwrap_or(list);
        let list = list.strip_suffix(',').filter(|_| at + 1 < there).unwrap_or(list);
        RouteRules::parse(list).err().map(|error| format!("{name}: {error}"))
    })
}

/// Whether the API chooses its answer to limited requests by an unknown word.
pub(super) fn strange_limit_answer(variables: &HashMap<String, String>) -> Option<String> {
    let answer = variables.get("limitAnswer").filter(|answer| !["integration", "gateway"].contains(&answer.as_str()));
    answer.map(|answer| format!("limitAnswer is {answer}, which is read as gateway: limited requests are a 403"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(all: &[(&str, &str)]) -> HashMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_that_refuse_everything_are_named() {
        for right in [
            &[][..],
            &[("routeOperations", "GET/v1/orders:SMS,:RCS,"), ("routeOperations2", "health:")],
            &[("routeOperations", "orders:SMS"), ("routeOperations2", ",health:"), ("routeOperations3", ":SMS")],
            &[("keyHeader", "authorization")],
        ] {
            assert_eq!(malformed(&variables(right)), None, "{right:?}");
        }
        for (wrong, named) in [
            (&[("routeOperations", "orders")][..], "routeOperations: "),
            (&[("routeOperations", ",:SMS")], "routeOperations: "),
            (&[("routeOperations", ":SMS,")], "routeOperations: "),
            (&[("routeOperations", ":SMS"), ("routeOperations3", ":SMS")], "routeOperations3 is there"),
            (&[("keyHeader", "X-Key")], "keyHeader is X-Key"),
        ] {
            assert!(malformed(&variables(wrong)).unwrap().starts_with(named), "{wrong:?}");
        }
        assert!(strange_limit_answer(&variables(&[("limitAnswer", "Integration")])).is_some());
        assert!(strange_limit_answer(&variables(&[("limitAnswer", "integration")])).is_none());
    }
}
