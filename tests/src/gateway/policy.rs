//! IAM's evaluation of an authorizer's policy, for one request.

use serde_json::Value;

const INVOKE: &str = "execute-api:Invoke";

/// Whether the policy of a verdict allows the method of that ARN: a statement allows it, and none denies it.
#[must_use]
pub fn allows(verdict: &Value, method_arn: &str) -> bool {
    let statements = as_list(&verdict["policyDocument"]["Statement"]);
    let has = |effect: &str| statements.iter().any(|each| each["Effect"] == effect && applies(each, method_arn));
    has("Allow") && !has("Deny")
}

fn applies(statement: &Value, method_arn: &str) -> bool {
    for unknown in ["NotAction", "NotResource", "Condition"] {
        assert!(statement[unknown].is_null(), "this gateway does not know {unknown}");
    }
    // Of an action's name IAM does not see the case.
    let invokes = |action: &Value| matches(&action.as_str().unwrap().to_lowercase(), &INVOKE.to_lowercase());
    let covers = |resource: &Value| {
        let pattern = resource.as_str().unwrap();
        assert!(!pattern.contains("${"), "this gateway does not know variables: {pattern}");
        matches(pattern, method_arn)
    };
    as_list(&statement["Action"]).iter().any(invokes) && as_list(&statement["Resource"]).iter().any(covers)
}

/// IAM's wildcards: `*` is any text, slashes included, and `?` any one character.
///
/// IAM parts an ARN at its first five colons, and lets a `*` before one of them go beyond it. Of this gateway's requests
/// nothing before the sixth part can be chosen by a client, so that here a `*` may stand for any colon.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last `*` is, and how far it reaches.
    let mut star = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(expected) if *expected == '?' || *expected == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((place, reach)) = star else { return false };
                star = Some((place, reach + 1));
                (at, read) = (place + 1, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|left| *left == '*')
}

/// A policy may have one of a thing where it may have a list.
fn as_list(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gateway::STAGE;

    fn verdict(statements: &Value) -> Value {
        json!({"policyDocument": {"Version": "2012-10-17", "Statement": statements}})
    }

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("*", "a/b:c", true),
            ("?", "", false),
            ("?", "/", true),
            ("?", "ä", true),
            ("?", "ab", false),
            ("a", "A", false),
            ("a", "ab", false),
            ("ab", "a", false),
            ("v1/GET/sms", "v1/GET/sms", true),
            ("v1/*/sms", "v1/GET/sms", true),
            ("v1/*/sms", "v1/GET/rcs/sms", true),
            ("v1/*/sms", "v1/GET/sms/", false),
            ("v1/*/sms/*", "v1/GET/sms", false),
            ("v1/*/sms/*", "v1/GET/sms/", true),
            ("v1/*/sms/*", "v1/GET/rcs/sms/1/sms", true),
            ("v1/G?T/sms", "v1/GET/sms", true),
            ("v1/G?T/sms", "v1/GT/sms", false),
            ("*a*b", "aab", true),
            ("*a*b", "abab", true),
            ("*a*b", "aba", false),
            ("a**", "a", true),
            ("*?", "", false),
            ("?*?", "ab", true),
            ("[a-z]", "a", false),
            (".*", "xx", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn without_a_statement_that_allows_a_request_it_is_denied() {
        let arn = format!("{STAGE}/GET/sms");
        let on = |effect: &str, action: &str, resource: &str| {
            verdict(&json!({"Effect": effect, "Action": action, "Resource": resource}))
        };
        assert!(allows(&on("Allow", INVOKE, &arn), &arn));
        assert!(allows(&on("Allow", "EXECUTE-API:*", "*"), &arn));
        for denied in [
            verdict(&json!([])),
            on("Deny", INVOKE, &arn),
            on("allow", INVOKE, &arn),
            on("Allow", "execute-api:ManageConnections", &arn),
            on("Allow", INVOKE, &format!("{STAGE}/GET/rcs")),
            on("Allow", INVOKE, &arn.replace("a1b2c3d4e5", "another")),
            on("Allow", INVOKE, ""),
        ] {
            assert!(!allows(&denied, &arn), "{denied}");
        }
    }

    #[test]
    fn a_statement_that_denies_wins_wherever_it_stands() {
        let statement = |effect: &str, path: &str| json!({"Effect": effect, "Action": [INVOKE], "Resource": [format!("{STAGE}/*/x"), format!("{STAGE}/*{path}")]});
        for statements in [
            [statement("Deny", "/sms"), statement("Allow", "/*")],
            [statement("Allow", "/*"), statement("Deny", "/sms")],
        ] {
            let verdict = verdict(&json!(statements));
            assert!(!allows(&verdict, &format!("{STAGE}/GET/sms")));
            assert!(allows(&verdict, &format!("{STAGE}/GET/rcs")));
            assert!(!allows(&verdict, &format!("{STAGE}/GET/rcs/x")));
        }
    }
}
