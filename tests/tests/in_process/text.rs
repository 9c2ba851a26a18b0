//! Text of clients and operators: one spelling for what looks the same, and nothing that cannot be seen.

use serde_json::{Value, json};
use tests::values::import_of;
use tests::{Gateway, new_key};

/// `é` as one character, and as a letter and its accent.
const COMPOSED: &str = "Ren\u{e9}e";
const DECOMPOSED: &str = "Rene\u{301}e";

const FIELDS: [&str; 4] = ["userId", "username", "name", "description"];

fn body_with(field: &str, text: &str) -> Value {
    let mut body = new_key();
    body[field] = json!(text);
    body
}

#[tokio::test]
async fn text_in_any_spelling_is_stored_and_found_in_one() {
    let gateway = Gateway::importing().await;
    let admin = gateway.create_account(DECOMPOSED).await;

    for field in FIELDS {
        let made = admin.post(&body_with(field, DECOMPOSED)).await;
        assert_eq!((&made.body[field], &made.body["company"]), (&json!(COMPOSED), &json!(COMPOSED)));
    }
    let changes = json!({"name": DECOMPOSED, "description": DECOMPOSED});
    let patched = admin.patch(&admin.id, &changes).await;
    assert_eq!((&patched.body["name"], &patched.body["description"]), (&json!(COMPOSED), &json!(COMPOSED)));
    let mut import = import_of("sk_of_another_system_0123456789");
    import["userId"] = json!(DECOMPOSED);
    gateway.import_keys(&admin, json!([import])).await;

    for spelling in [COMPOSED, DECOMPOSED] {
        let found = admin.list(&[("userId".to_owned(), spelling.to_owned())]).await;
        assert_eq!(found.ids().len(), 2, "the created one and the imported one");
    }
}

/// `White_Space` of Unicode that is no control, but for the separators of lines and paragraphs.
const SPACES: [char; 17] = [
    ' ', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}',
    '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
];

#[tokio::test]
async fn any_space_is_the_same_one_and_there_is_none_around_a_text() {
    let gateway = Gateway::importing().await;
    for space in SPACES {
        let written = format!("{space}Ada{space}King{space} ");
        let admin = gateway.create_account(&written).await;
        for field in FIELDS {
            let made = admin.post(&body_with(field, &written)).await;
            assert_eq!((&made.body[field], &made.body["company"]), (&json!("Ada King"), &json!("Ada King")));
        }
        let patched = admin.patch(&admin.id, &json!({"name": written, "description": written})).await;
        assert_eq!((&patched.body["name"], &patched.body["description"]), (&json!("Ada King"), &json!("Ada King")));
        let mut import = import_of(&format!("sk_of_another_system_{:x}", u32::from(space)));
        import["userId"] = json!(written);
        let imported = json!({"accountId": admin.account_id, "keys": [import], "operator": written});
        gateway.invoke_import_keys(imported).await.unwrap();

        for spelling in [&*written, "Ada King", "Ada King ", " Ada\u{a0}King"] {
            let found = admin.list(&[("userId".to_owned(), spelling.to_owned())]).await;
            assert_eq!(found.ids().len(), 2, "the created one and the imported one");
            let assigned = admin.list(&[("assignedTo".to_owned(), spelling.to_owned())]).await;
            assert_eq!(assigned.ids(), found.ids());
            let listed = json!({"action": "list-keys", "accountId": admin.account_id, "userId": spelling});
            let listed = gateway.invoke_manage_account(listed).await.unwrap();
            assert_eq!(listed["apiKeys"].as_array().unwrap().len(), 2);
        }
        let events = admin.get("/authentication/events?limit=1").await;
        assert_eq!(events.body["events"][0]["actor"]["claimed"], "Ada King");
    }
}

#[tokio::test]
async fn spaces_around_a_text_do_not_count() {
    let (_, admin) = Gateway::with_manager().await;
    let longest = "x".repeat(128);
    for field in FIELDS {
        let made = admin.post(&body_with(field, &format!("  {longest}\u{3000}"))).await;
        assert_eq!((made.status, &made.body[field]), (201, &json!(longest)));
    }
    let longer = admin.post(&body_with("userId", &format!(" {longest}x "))).await;
    assert_eq!(longer.body["errors"][0]["message"], "must have 1 to 128 characters");
    let inside = admin.post(&body_with("userId", "a  b")).await;
    assert_eq!(inside.body["userId"], "a  b", "those within it look like what they are");
}

#[tokio::test]
async fn a_selector_of_a_presentation_that_selects_none_is_refused() {
    let (_, admin) = Gateway::with_manager().await;
    for idle in
        ["\u{fe0f}x", "x \u{fe0f}", "x \u{fe0f}y", "⚠\u{fe0f}\u{fe0f}", "⚠\u{fe0e}\u{fe0f}", "x\u{3000}\u{fe0e}"]
    {
        assert_eq!(admin.post(&body_with("userId", idle)).await.wrong_fields(), ["userId"], "{idle:?}");
    }
}

#[tokio::test]
async fn characters_are_counted_in_the_spelling_that_is_stored() {
    let (_, admin) = Gateway::with_manager().await;
    // The last one becomes three characters: it has no composed spelling.
    for (text, count) in [("e\u{301}", 128), ("😀", 128), ("\u{fb2c}", 42)] {
        assert_eq!(admin.post(&body_with("userId", &text.repeat(count))).await.status, 201, "{text}");
        let longer = admin.post(&body_with("userId", &text.repeat(count + 1))).await;
        assert_eq!(longer.wrong_fields(), ["userId"], "{text}");
        assert_eq!(longer.body["errors"][0]["message"], "must have 1 to 128 characters");
    }
}

#[tokio::test]
async fn blank_text_is_refused() {
    let (gateway, admin) = Gateway::with_manager().await;
    for blank in ["", " ", "   ", "\u{a0}", "\u{2003}\u{3000}", "\u{fe0f}", " \u{fe0e}"] {
        for field in FIELDS {
            assert_eq!(admin.post(&body_with(field, blank)).await.wrong_fields(), [field], "{blank:?}");
        }
        for field in FIELDS {
            assert_eq!(admin.patch(&admin.id, &json!({ field: blank })).await.wrong_fields(), [field], "{blank:?}");
        }
        let filtered = admin.list(&[("userId".to_owned(), blank.to_owned())]).await;
        assert_eq!(filtered.wrong_fields(), ["userId"], "{blank:?}");
        let account = json!({"company": blank, "userId": "u", "username": "n"});
        let error = gateway.invoke_create_account(account).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().starts_with("company must"), "{error}");
    }
    assert_eq!(admin.patch(&admin.id, &json!({"name": null})).await.status, 200, "that is how a name is removed");
}

#[tokio::test]
async fn what_cannot_be_seen_is_refused() {
    let (_, admin) = Gateway::with_manager().await;
    let ranges = [
        ('\0', '\u{1f}'),
        ('\u{7f}', '\u{9f}'),
        ('\u{ad}', '\u{ad}'),
        ('\u{34f}', '\u{34f}'),
        ('\u{61c}', '\u{61c}'),
        ('\u{115f}', '\u{1160}'),
        ('\u{17b4}', '\u{17b5}'),
        ('\u{180b}', '\u{180f}'),
        ('\u{200b}', '\u{200f}'),
        ('\u{2028}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'),
        ('\u{2800}', '\u{2800}'),
        ('\u{3164}', '\u{3164}'),
        ('\u{fe00}', '\u{fe0d}'),
        ('\u{feff}', '\u{feff}'),
        ('\u{ffa0}', '\u{ffa0}'),
        ('\u{fff0}', '\u{fff8}'),
        ('\u{1bca0}', '\u{1bca3}'),
        ('\u{1d173}', '\u{1d17a}'),
        ('\u{e0000}', '\u{e0001}'),
        ('\u{e0020}', '\u{e007f}'),
        ('\u{e0100}', '\u{e01ef}'),
        ('\u{e0fff}', '\u{e0fff}'),
    ];
    for hidden in ranges.into_iter().flat_map(|(first, last)| first..=last) {
        let answer = admin.patch(&admin.id, &json!({"name": format!("a{hidden}b")})).await;
        assert_eq!(answer.wrong_fields(), ["name"], "U+{:04X}", u32::from(hidden));
        assert_eq!(answer.body["errors"][0]["message"], "must not contain control or invisible characters");
    }
    let names = [
        "a b@c/d'\"\\",
        "⚠\u{fe0f} production",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "ᄒ",
        "\u{a0}x\u{a0}",
        "\u{ac}\u{ae}",
        "\u{2027}\u{202f}\u{2070}",
        "\u{fffd}",
    ];
    for name in names {
        assert_eq!(admin.patch(&admin.id, &json!({ "name": name })).await.status, 200, "{name:?}");
    }
}
