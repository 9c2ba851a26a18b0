//! Any rules of an API are read, or named as wrong; and what they open of any path may be taken for no other.

#![no_main]

use api_keys::check::{Opens, Pattern, RouteRules};
use api_keys::key::Operations;
use api_keys::lambda::MethodArn;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| {
    let (path, rules) = data.split_once(' ').unwrap_or((data, "reports/~:SMS,:"));
    let rules = match RouteRules::parse(rules) {
        Ok(read) => {
            assert_eq!(read.to_string(), rules);
            read
        }
        Err(error) => return assert!(error.to_string().contains("of routeOperations")),
    };
    let arn = serde_json::json!(format!("arn:aws:execute-api:eu-central-1:1:a/v1/GET/{path}"));
    let arn: MethodArn = serde_json::from_value(arn).unwrap();
    let operations = Operations::parse("SMS").unwrap();
    let opens = |rules| arn.route(Pattern::of("/{proxy+}"), rules, false).opened_by_operations(&operations);
    for rules in [Some(&rules), None] {
        let is_known = !path.contains('{') && !path.ends_with("/$default") && path != "$default";
        if opens(rules) != Opens::Nothing && is_known {
            let plain = |text: &str| !text.contains("//") && !text.contains(['*', '?', '\\']);
            let decoded = path.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/").replace("%2F", "/");
            assert!(plain(path) && plain(&decoded));
            // What stands behind a semicolon are parameters of the segment: `..;a` leads up, and `a;..` does not.
            assert!(decoded.split('/').all(|segment| segment.split(';').next() != Some("..")), "{path}");
        }
    }
});
