//! Any query string: parameters as a list reads them, the cursor among them.

#![no_main]

use api_keys::request::{Fields, InvalidRequest, KeyQuery};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let pairs: Vec<_> = text.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let given = |name: &str| pairs.iter().filter(|(given, _)| *given == name).map(|(_, value)| *value).next();
    let parameters = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    match Fields::read_query(parameters, |fields| Ok(KeyQuery::take(fields))) {
        Ok(query) => {
            assert!((1..=1000).contains(&query.limit));
            assert_eq!(query.cursor.map(|id| id.to_string()).as_deref(), given("cursor"));
            assert_eq!(query.filter.user_id.is_some(), given("userId").is_some());
            assert!(query.filter.user_id.is_none_or(|text| (1..=128).contains(&text.chars().count())));
        }
        Err(InvalidRequest(fields)) => assert!(!fields.is_empty()),
    }
});
