//! Reports of what people paste: a value, and the text around it.

use std::cell::Cell;

use api_keys::key::{ImportedKeys, KeyHash, KeyValue};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tests::values::import_of;
use tests::{Client, Gateway};

use super::{exposures, report, report_of, report_signed, with_github};
use crate::properties::{Started, for_all, texts};

const CASES: u32 = 96;
const FOREIGN: &str = "sk_of_another_system_0123";

/// What is around a value in files, shells, chats, browsers and logs; `{}` is the value.
const AROUND: [&str; 54] = [
    "{}",
    " {}\n",
    "\t{}\r\n",
    "\u{feff}{}",
    "\u{200b}{}\u{200b}",
    "\u{a0}{}\u{2028}",
    "\"{}\"",
    "'{}'",
    "`{}`",
    "“{}”",
    "\\\"{}\\\"",
    "({})",
    "<{}>",
    "[{}]",
    "{}.",
    "{},",
    "{};",
    "{}!",
    "**{}**",
    "| {} |",
    "- {}",
    "> {}",
    "```\n{}\n```",
    "API_KEY={}",
    "api.key={}",
    "api_key: {}",
    "api-key:{}",
    "\"key\":\"{}\"",
    "'key': '{}',",
    "{\"token\":\"{}\"}",
    "[{\"token\": \"{}\"}]",
    "export API_KEY='{}'",
    "export API_KEY=\"{}\";",
    "set API_KEY={}\r\n",
    "Authorization: Bearer {}",
    "X-API-Key: {}",
    "const key = \"{}\";",
    "curl -H 'X-API-Key: {}'",
    // From here on only a value with a shape and a checksum can be separated from the text that it touches.
    "x{}x",
    "_{}_",
    "0_{}0",
    "éé{}éé",
    "https://example.com/?key={}&page=2",
    "https://example.com/{}/keys#{}",
    "[key](https://example.com/{})",
    "https%3A%2F%2Fexample.com%2F%3Fkey%3D{}%26page%3D2",
    "%22{}%22",
    "%0a{}%0d",
    "&quot;{}&quot;",
    "&#34;{}&#34;",
    "\\u0022{}\\u0022",
    "\\n{}\\r\\n",
    "<td><b>{}</b></td>",
    "abcdefghijklmnopqrstuvwxyz_{}_1abcdefghijklmnopqrstuvwxyz",
];
const WITHOUT_SHAPE: usize = 38;

fn around(kinds: usize) -> impl Strategy<Value = &'static str> {
    select(&AROUND[..kinds])
}

/// What editors, mail and chats do to a long word itself.
fn broken(value: &str, at: usize, how: &str) -> String {
    let (head, tail) = value.split_at(at % value.len());
    match how {
        "\\" => value.replace('_', "\\_"),
        between => format!("{head}{between}{tail}"),
    }
}

impl Started {
    fn calls(&self) -> usize {
        self.gateway.wire.take_calls().len()
    }

    fn report(&self, token: &str) {
        assert_eq!(self.block_on(report(&self.gateway, &[token])), 202);
    }
}

async fn import(gateway: &Gateway, admin: &Client, value: &str) {
    let payload = json!({"accountId": admin.account_id, "keys": [import_of(value)]});
    gateway.invoke_import_keys(payload).await.unwrap();
    assert_eq!(gateway.status_of(value).await, 200);
}

#[test]
fn a_native_value_is_found_with_any_text_around_it() {
    let started = Started::new(ImportedKeys::Refused);
    let admin = started.account("Example");
    let breaks = select(&["", "", "", "\r\n", "\n  ", "=\r\n", "\u{200b}", "\u{ad}", "\" +\n\"", "\0", "\\"][..]);
    let pasted = (around(AROUND.len()), around(AROUND.len()), any::<String>(), any::<String>(), any::<usize>(), breaks);
    for_all(CASES, &pasted, |(inner, outer, before, after, at, between)| {
        let key = started.block_on(admin.create_key(&["SMS"]));
        let value = broken(&key.value, at, between);
        let token = format!("{before}{}{after}", outer.replace("{}", &inner.replace("{}", &value)));
        started.report(&token);
        assert_eq!(started.block_on(key.status()), 401, "{inner} in {outer}, with {between:?}");
    });
}

#[test]
fn a_value_of_another_system_is_found_in_blanks_quotes_names_and_brackets() {
    let started = Started::new(ImportedKeys::Accepted);
    let admin = started.account("Example");
    let values = prop_oneof![
        "[A-Za-z0-9]{16,64}",
        "[A-Za-z0-9_+/-]{16,64}",
        "[A-Za-z0-9]{1,8}:[A-Za-z0-9_+/-]{16,64}",
        "[A-Za-z0-9]{22}==",
    ];
    let made = Cell::new(0);
    for_all(CASES, &(values, around(WITHOUT_SHAPE), around(WITHOUT_SHAPE)), |(value, inner, outer)| {
        // No value is a key's twice.
        let value = format!("{}{value}", made.replace(made.get() + 1));
        started.block_on(import(&started.gateway, &admin, &value));
        started.calls();
        let nested = outer.replace("{}", &inner.replace("{}", &value));
        if started.block_on(started.gateway.report(&[], &report_of(&[&nested]))).status == 400 {
            assert_eq!(started.calls(), 0, "too much is nested");
            started.report(&inner.replace("{}", &value));
        }
        assert!(started.calls() <= 8 * 3 + 2, "eight look-ups at most, and the one value's end");
        assert_eq!(started.block_on(started.gateway.status_of(&value)), 401, "{value} in {inner} in {outer}");
    });
}

#[test]
fn what_people_paste_around_a_value_of_another_system_is_too_much_only_if_it_is_nested() {
    for value in [FOREIGN, "user:0123456789abcdef", "bm90IGEgdmFsdWUgZA=="] {
        for inner in &AROUND[..WITHOUT_SHAPE] {
            let pasted = inner.replace("{}", value);
            assert!(!KeyValue::find_all(&pasted, ImportedKeys::Accepted).left_out, "{pasted}");
            for outer in &AROUND[..WITHOUT_SHAPE] {
                let nested = outer.replace("{}", &pasted);
                let found = KeyValue::find_all(&nested, ImportedKeys::Accepted);
                assert!(found.left_out || found.foreign.iter().any(|found| found.expose() == value), "{nested}");
            }
        }
    }
}

#[test]
fn text_without_a_value_costs_no_read() {
    let started = Started::new(ImportedKeys::Refused);
    let admin = started.account("Example");
    let mistyped = (around(AROUND.len()), any::<prop::sample::Index>()).prop_map({
        let value = admin.value.clone();
        move |(around, at)| {
            // A letter of the prefix or of what follows; `#` is in no value.
            let at = at.index(value.len());
            let other = if &value[at..=at] == "a" { "b" } else { "a" };
            around.replace("{}", &format!("#{}{other}{}", &value[..at], &value[at + 1..]))
        }
    });
    // By more than what stands around it could make up for.
    let cut_off = admin.value[..admin.value.len() - 8].to_owned();
    let garbage = prop_oneof![
        mistyped,
        texts(),
        around(AROUND.len()).prop_map(move |it| it.replace("{}", &format!("{cut_off}#")))
    ];
    started.calls();
    for_all(CASES, &prop::collection::vec(garbage, 1..=10), |tokens| {
        let tokens: Vec<_> = tokens.iter().map(String::as_str).collect();
        assert_eq!(started.block_on(report(&started.gateway, &tokens)), 202);
        assert_eq!(started.calls(), 0);
    });
    assert_eq!(started.block_on(admin.status()), 200);
}

#[test]
fn where_imported_keys_are_accepted_a_token_costs_eight_look_ups_at_most() {
    let started = Started::new(ImportedKeys::Accepted);
    let words = prop::collection::vec(prop_oneof!["[!-~]{1,40}", "[A-Z_]{1,9}=\"[!-~]{16,40}\""], 1..40);
    let pasted = prop_oneof![texts(), words.prop_map(|words| words.join(" "))];
    for_all(CASES, &pasted, |token| {
        let status = started.block_on(started.gateway.report(&[], &report_of(&[&token]))).status;
        // For each the index and the claim.
        let most = if status == 202 { 8 * 2 } else { 0 };
        assert!([202, 400].contains(&status) && started.calls() <= most, "{status}");
    });
}

const LOG_LINE: &str =
    "2026-11-26T15:00:00Z_a 7f3b2c1d9e8a4f60 request-0123456789 client-0123456789 upstream-0123456789 X-API-Key={}";
const JSON_LINE: &str = r#"{"request":"0123456789abcdef0","session":"0123456789abcdef1","key":"user:{}"}"#;
const TOO_MUCH: &str = "a token has too much around a value of another system: send the value alone";

#[tokio::test]
async fn a_value_of_another_system_in_an_ordinary_line_of_a_log_is_found() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    import(&gateway, &admin, FOREIGN).await;
    assert_eq!(report(&gateway, &[&LOG_LINE.replace("{}", FOREIGN)]).await, 202);
    assert_eq!(gateway.status_of(FOREIGN).await, 401);
}

#[tokio::test]
async fn an_unsigned_token_with_too_much_around_a_value_of_another_system_is_a_400_before_any_read() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let value = format!("user:{FOREIGN}");
    import(&gateway, &admin, &value).await;
    let nested = format!("{}{value}{}", "(".repeat(20), ")".repeat(20));
    let long = format!("{} {}", LOG_LINE.replace("{}", "0123456789"), LOG_LINE.replace("{}", &value));
    drop(gateway.wire.take_calls());
    for token in [&*JSON_LINE.replace("user:{}", &value), &nested, &long] {
        let answer = gateway.report(&[], &report_of(&["nothing", token])).await;
        answer.assert_problem(400);
        assert_eq!(answer.body["errors"], json!([{"field": "body", "message": TOO_MUCH}]), "{token}");
        assert!(!answer.text.contains(FOREIGN));
    }
    assert!(gateway.wire.take_calls().is_empty());
    assert_eq!((gateway.status_of(&value).await, admin.status().await), (200, 200));
    assert_eq!(report(&gateway, &[&value]).await, 202, "alone it is looked up");
    assert_eq!(gateway.status_of(&value).await, 401);

    // A native value ends with any text around it.
    let key = admin.create_key(&["SMS"]).await;
    assert_eq!(report(&gateway, &[&format!("{long} {}", key.value)]).await, 202);
    assert_eq!(key.status().await, 401);

    let words = |token: usize| (0..5).map(|at| format!("word-{at}-of-token-{token}")).collect::<Vec<_>>().join(" ");
    let tokens: Vec<_> = (0..10).map(words).collect();
    let tokens: Vec<_> = tokens.iter().map(String::as_str).collect();
    drop(gateway.wire.take_calls());
    gateway.report(&[], &report_of(&tokens)).await.assert_problem(400);
    assert_eq!(gateway.wire.take_calls().len(), 0, "50 values are more than a request may have");
    assert_eq!(report(&gateway, &tokens[..8]).await, 202);
    assert_eq!(gateway.wire.take_calls().len(), 40 * 2);
}

#[tokio::test]
async fn a_signed_token_with_too_much_around_its_values_holds_up_no_other_and_its_native_values_end() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let (one, other) = (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    let words = |count| (0..count).map(|at| format!("a-word-of-another-system-{at}")).collect::<Vec<_>>().join(" ");
    let long = format!("{} {}", words(1000), one.value);
    let body: Value = [&*long, &other.value, &JSON_LINE.replace("{}", "0123456789abcdef")]
        .iter()
        .map(|token| json!({"token": token, "source": "commit", "url": "https://example.com/a-word-of-another-system-9"}))
        .collect();
    drop(gateway.wire.take_calls());

    let answer = report_signed(&gateway, &signer, &body.to_string()).await;

    let labels: Vec<_> = answer.body.as_array().unwrap().iter().map(|each| each["label"].clone()).collect();
    assert_eq!(
        (answer.status, labels),
        (200, vec![json!("true_positive"), json!("true_positive"), json!("false_positive")])
    );
    assert_eq!((one.status().await, other.status().await), (401, 401));
    let events = exposures(&gateway);
    let event = |id: &str| events.iter().find(|event| event["keyId"]["S"] == *id).unwrap();
    assert!(event(&one.id)["report"]["M"]["url"]["S"].is_null(), "a value that was not looked up may be in it");
    assert!(event(&other.id)["report"]["M"]["url"]["S"].is_string());

    let tokens: Vec<_> = (0..100).map(|at| words(8).replace("another", &format!("another-{at}"))).collect();
    let body = report_of(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
    drop(gateway.wire.take_calls());
    assert_eq!(report_signed(&gateway, &signer, &body).await.status, 200);
    // For each the index, the claim and the mark.
    assert_eq!(gateway.wire.take_calls().len(), 400 * 3);
}

#[tokio::test]
async fn a_value_of_another_system_beside_a_native_one_ends_too() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    let key = admin.create_key(&["SMS"]).await;
    import(&gateway, &admin, FOREIGN).await;
    assert_eq!(report(&gateway, &[&format!("old={FOREIGN} new={}", key.value)]).await, 202);
    assert_eq!((key.status().await, gateway.status_of(FOREIGN).await), (401, 401));
}

#[tokio::test]
async fn a_text_with_several_values_ends_them_all_and_github_gets_one_label() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let (one, other, dead) =
        (admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await, admin.create_key(&["SMS"]).await);
    assert_eq!(admin.delete(&dead.id).await.status, 204);
    import(&gateway, &admin, FOREIGN).await;
    let env = format!("# keys\nOLD={}\nNEW='{}'\nNEW='{}'\nTHEIRS={FOREIGN}\n", dead.value, one.value, one.value);
    let tokens = [env, format!("{{\"token\":\" {}\\n\"}}", other.value), format!("'{}'", dead.value)];
    let body: Value = tokens.iter().map(|token| json!({"token": token})).collect();

    let answer = report_signed(&gateway, &signer, &body.to_string()).await;

    assert_eq!((one.status().await, other.status().await, gateway.status_of(FOREIGN).await), (401, 401, 401));
    assert_eq!(exposures(&gateway).len(), 3);
    let label = |token: &String, label: &str| json!({"token_hash": KeyHash::of(token).to_hex(), "token_type": "", "label": label});
    let expected =
        [label(&tokens[0], "true_positive"), label(&tokens[1], "true_positive"), label(&tokens[2], "false_positive")];
    assert_eq!((answer.status, answer.body), (200, json!(expected)), "the hash is that of the token as it was sent");
}

#[tokio::test]
async fn more_values_than_one_request_may_have_are_a_400_and_none_is_passed_over() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    let keys: Vec<_> =
        (0..41).map(|at| crate::properties::value_at("ak_live", &admin.account_id, &format!("{at:022}"))).collect();
    let list = |count: usize| keys[..count].iter().map(KeyValue::expose).collect::<Vec<_>>().join("\n");
    drop(gateway.wire.take_calls());

    let refused = gateway.report(&[], &report_of(&[&list(40), &admin.value])).await;
    refused.assert_problem(400);
    assert_eq!(refused.wrong_fields(), ["body"]);
    gateway.report(&[], &report_of(&[&list(41)])).await.assert_problem(400);
    assert_eq!((gateway.wire.take_calls().len(), admin.status().await), (0, 200), "nothing was read");

    drop(gateway.wire.take_calls());
    assert_eq!(report(&gateway, &[&list(40)]).await, 202);
    assert_eq!(gateway.wire.take_calls().len(), 40, "each costs a read");
    assert_eq!(report(&gateway, &[&format!("{}\n{}", list(39), admin.value)]).await, 202);
    assert_eq!(admin.status().await, 401);
    assert_eq!(report_signed(&gateway, &signer, &report_of(&[&list(41)])).await.status, 200);
}

#[tokio::test]
async fn no_event_holds_a_value_that_was_reported_with_something_around_it() {
    let (gateway, _github, signer) = with_github().await;
    let admin = gateway.create_account("Example").await;
    import(&gateway, &admin, FOREIGN).await;
    for token in ["KEY='{}'", " {}\n", "{}"] {
        for value in [&*admin.create_key(&["SMS"]).await.value, FOREIGN] {
            let url = format!("https://example.com/?key={value}");
            let escaped = format!("https://example.com/{}", value.replace('_', "\\_").replace('K', "\u{212a}"));
            let reports: Value = [url, escaped, value.to_owned()]
                .iter()
                .map(|place| json!({"token": token.replace("{}", value), "source": value, "url": place}))
                .collect();
            assert_eq!(report_signed(&gateway, &signer, &reports.to_string()).await.status, 200);
        }
    }
    let events = serde_json::to_string(&exposures(&gateway)).unwrap();
    assert!(exposures(&gateway).len() == 4 && !events.contains(FOREIGN) && !events.contains("ak_live_1"), "{events}");
}

#[tokio::test]
async fn the_authorizer_takes_a_value_as_it_is_and_with_nothing_around_it() {
    let (gateway, admin) = Gateway::importing_with_manager().await;
    import(&gateway, &admin, FOREIGN).await;
    for value in [&*admin.value, FOREIGN] {
        for around in &AROUND[1..] {
            let pasted = around.replace("{}", value);
            let answer = gateway.send("GET", "/authentication/self", &[&pasted], None).await;
            assert_eq!(answer.status, 401, "{around:?}");
        }
    }
}
