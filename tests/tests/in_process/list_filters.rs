//! The filters of `GET /authentication`: which keys they keep, what they take, and what a page costs.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_keys::key::{KeyStatus, Timestamp};
use serde_json::{Value, json};
use tests::values::import_of;
use tests::wire::{Gate, Stop};
use tests::{Answer, Client, Gateway, new_key_with};

type Filter = (&'static str, String);

async fn list(client: &Client, filters: &[Filter]) -> Answer {
    let filters: Vec<_> = filters.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let answer = client.list(&filters).await;
    assert_eq!(answer.status, 200, "{filters:?} {answer:?}");
    answer
}

/// The ids on all pages.
async fn walk(client: &Client, filters: &[Filter], limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let from = cursor.map(|cursor| ("cursor", cursor));
        let parameters = [filters, &[("limit", limit.to_string())], from.as_slice()].concat();
        let page = list(client, &parameters).await;
        assert!(page.ids().len() <= limit);
        ids.extend(page.ids());
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return ids,
        }
    }
}

/// Whether a filter keeps a key, by what the list shows of it.
fn keeps(key: &Value, (name, wanted): &Filter) -> bool {
    let is = |field: &str| key[field] == **wanted;
    // All times are of one form, and a day is the beginning of its times.
    let is_before = |field: &str| key[field].as_str().map(|time| *time < **wanted);
    match *name {
        "userId" => is("userId") || is("createdBy"),
        "assignedTo" => is("userId"),
        "status" => is("status"),
        "operation" => key["operations"].as_array().unwrap().contains(&json!(wanted)),
        "createdByKeyId" => is("createdByKeyId"),
        "expiresBefore" => is_before("expiresAt").unwrap_or(false),
        "unusedSince" => is_before("lastUsedAt").or(is_before("createdAt")).unwrap(),
        other => panic!("no filter {other}"),
    }
}

/// Puts keys into an account that differ in all that filters look at. Their ids are older than any issued one.
fn put_various_keys(gateway: &Gateway, admin: &Client, count: usize) {
    let item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *admin.id).unwrap();
    let now = Timestamp::from(gateway.now());
    let time = |days: i64| {
        let distance = Duration::from_hours(24 * days.unsigned_abs());
        json!({"S": if days < 0 { now.minus(distance) } else { now.plus(distance) }})
    };
    // A sequence that looks like chance, and is the same each time.
    let state = Cell::new(1_u64);
    let choose = |of: u64| {
        state.set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        usize::try_from((state.get() >> 33) % of).unwrap()
    };
    for number in 0..count {
        let mut key = item.clone();
        key.as_object_mut().unwrap().remove("lastUsedAt");
        key["id"]["S"] = json!(format!("0{number:021}"));
        key["userId"]["S"] = json!(["ada", "grace", "linus"][choose(3)]);
        key["createdBy"]["S"] = json!(["ada", "grace", "user-1"][choose(3)]);
        key["createdAt"] = time([-10, -20, -30][choose(3)]);
        key["operations"]["L"] = [json!([{"S": "SMS"}]), json!([{"S": "RCS"}, {"S": "SMS"}])][choose(2)].clone();
        key["enabled"]["BOOL"] = json!(choose(4) > 0);
        for (name, value) in [
            ("createdByKeyId", json!({"S": admin.id})),
            ("lastUsedAt", time(-15)),
            ("lastUsedAt", time(-2)),
            ("expiresAt", time(5)),
            ("expiresAt", time(-5)),
            ("exposedHash", item["keyHash"].clone()),
            ("suspension", json!({"N": (number % 4).to_string()})),
            ("held", json!({"BOOL": number % 4 == 0})),
        ] {
            if choose(4) == 0 {
                key[name] = value;
            }
        }
        gateway.engine.put(&key);
    }
}

/// What a filter can be given, of the keys that `put_various_keys` makes.
fn filters(gateway: &Gateway, admin: &Client) -> Vec<Filter> {
    let day = |days: u64| Timestamp::from(gateway.now()).minus(Duration::from_hours(24 * days)).day();
    let mut filters: Vec<Filter> = vec![
        ("operation", "RCS".to_owned()),
        ("operation", "RC".to_owned()),
        ("createdByKeyId", admin.id.clone()),
        ("createdByKeyId", "0000000000000000000000".to_owned()),
        ("expiresBefore", gateway.time_in(Duration::from_hours(24))),
        ("expiresBefore", gateway.time_in(Duration::from_hours(24 * 6))),
        ("expiresBefore", day(6)),
        ("unusedSince", day(1)),
        ("unusedSince", day(12)),
        ("unusedSince", day(25)),
    ];
    for user in ["ada", "grace", "linus", "no-user"] {
        filters.extend([("userId", user.to_owned()), ("assignedTo", user.to_owned())]);
    }
    filters.extend(STATUSES.map(|status| ("status", status.to_owned())));
    filters
}

const STATUSES: [&str; 5] = ["ACTIVE", "DISABLED", "EXPIRED", "EXPOSED", "SUSPENDED"];

#[tokio::test]
async fn each_filter_keeps_exactly_what_it_names_alone_and_with_every_other() {
    let (gateway, admin) = Gateway::with_manager().await;
    put_various_keys(&gateway, &admin, 150);
    let all = admin.get("/authentication").await.body["apiKeys"].as_array().unwrap().clone();
    assert_eq!(all.len(), 151);
    let shown: BTreeSet<_> = all.iter().map(|key| key["status"].as_str().unwrap()).collect();
    assert_eq!(shown, STATUSES.into(), "there is a key of each");
    let filters = filters(&gateway, &admin);
    let expected = |wanted: &[Filter]| -> Vec<_> {
        let kept = all.iter().filter(|key| wanted.iter().all(|filter| keeps(key, filter)));
        kept.map(|key| key["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut keep_some = BTreeSet::new();

    for (at, one) in filters.iter().enumerate() {
        let alone = expected(std::slice::from_ref(one));
        assert_eq!(list(&admin, std::slice::from_ref(one)).await.ids(), alone, "{one:?}");
        if !alone.is_empty() && alone.len() < all.len() {
            keep_some.insert(one.0);
        }
        for other in filters[at..].iter().filter(|other| other.0 != one.0) {
            let both = [one.clone(), other.clone()];
            assert_eq!(list(&admin, &both).await.ids(), expected(&both), "{both:?}");
        }
    }
    let names: BTreeSet<_> = filters.iter().map(|(name, _)| *name).collect();
    assert_eq!(keep_some, names, "each keeps some and drops some");
}

#[tokio::test]
async fn pages_of_any_length_hold_each_key_once() {
    let (gateway, admin) = Gateway::with_manager().await;
    put_various_keys(&gateway, &admin, 400);
    let status = |status: &str| ("status", status.to_owned());
    for filters in [
        vec![("assignedTo", "ada".to_owned())],
        vec![status("SUSPENDED")],
        vec![status("ACTIVE"), ("operation", "RCS".to_owned()), ("userId", "linus".to_owned())],
        vec![("userId", "no-user".to_owned())],
    ] {
        let whole = list(&admin, &filters).await;
        assert_eq!(whole.body["nextCursor"], Value::Null);
        for limit in [1, 2, 3, 7, 50, 399] {
            assert_eq!(walk(&admin, &filters, limit).await, whole.ids(), "{filters:?} {limit}");
        }
    }
}

#[tokio::test]
async fn filters_follow_what_becomes_of_keys() {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create_with(&json!({"expiresAt": gateway.time_in(Duration::from_hours(1))})).await;
    let ids = async |filter: Filter| list(&admin, &[filter]).await.ids();
    let statuses = async || {
        let mut of_key = Vec::new();
        for status in STATUSES {
            if ids(("status", status.to_owned())).await.contains(&key.id) {
                of_key.push(status);
            }
        }
        of_key
    };
    assert_eq!(statuses().await, ["ACTIVE"]);
    admin.patch(&key.id, &json!({"enabled": false})).await;
    assert_eq!(statuses().await, ["DISABLED"]);
    gateway.pass(Duration::from_hours(1));
    assert_eq!(statuses().await, ["EXPIRED"], "the clock is asked each time");
    let report = json!([{"token": key.value}]).to_string();
    assert_eq!(gateway.report(&[], &report).await.status, 202);
    assert_eq!(statuses().await, ["EXPOSED"]);
    admin.rotate(&key.id, 0).await;
    assert_eq!(statuses().await, ["EXPIRED"]);

    // Before a time is not at it.
    let hour = Duration::from_hours(1);
    let (end, later) = (gateway.time_in(hour), gateway.time_in(hour + Duration::from_millis(1)));
    let ends = admin.create(&new_key_with(&json!({"expiresAt": end}))).await;
    assert!(!ids(("expiresBefore", end)).await.contains(&ends.id));
    assert!(ids(("expiresBefore", later)).await.contains(&ends.id));
    let made = admin.get(&format!("/authentication/{}", ends.id)).await.body["createdAt"].as_str().unwrap().to_owned();
    assert!(!ids(("unusedSince", made)).await.contains(&ends.id));
    assert!(ids(("unusedSince", gateway.time_in(Duration::from_millis(1)))).await.contains(&ends.id));

    let unused = async || ids(("unusedSince", gateway.time_in(Duration::ZERO))).await;
    let other = admin.create_key(&["SMS"]).await;
    gateway.pass(Duration::from_mins(6));
    assert!(unused().await.contains(&other.id), "it was made before, and never used");
    let before = gateway.time_in(Duration::ZERO);
    other.status().await;
    assert!(!ids(("unusedSince", before)).await.contains(&other.id));
    admin.patch(&other.id, &json!({"userId": "other"})).await;
    assert_eq!(ids(("assignedTo", "other".to_owned())).await, [other.id]);
}

/// Operators see what managers see, and what none can see: a suspended account.
#[tokio::test]
async fn operators_have_the_same_filters() {
    let gateway = Gateway::importing().await;
    let admin = gateway.create_account("Example").await;
    let key = admin.create_key(&["SMS"]).await;
    let ids = async |filter: Value| {
        let mut payload = json!({"action": "list-keys", "accountId": admin.account_id});
        payload.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let listed = gateway.invoke_manage_account(payload).await.unwrap();
        let ids = listed["apiKeys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(json!({"createdByKeyId": admin.id})).await, std::slice::from_ref(&key.id));
    assert_eq!(ids(json!({"status": "ACTIVE", "operation": "AUTHENTICATION"})).await, std::slice::from_ref(&admin.id));
    let imported = json!({"accountId": admin.account_id, "keys": [import_of("sk_of_another_system_0123456789")]});
    gateway.invoke_import_keys(imported).await.unwrap();
    let payload = json!({"action": "suspend", "accountId": admin.account_id});
    gateway.invoke_manage_account(payload).await.unwrap();
    assert_eq!(ids(json!({"status": "SUSPENDED"})).await.len(), 3);
    assert_eq!(ids(json!({"status": "ACTIVE"})).await.len(), 0);
    let wrong = json!({"action": "list-keys", "accountId": admin.account_id, "status": "active"});
    let error = gateway.invoke_manage_account(wrong).await.unwrap_err();
    assert!(error["errorMessage"].as_str().unwrap().starts_with("status must be one of"), "{error}");
}

#[tokio::test]
async fn a_wrong_value_is_named_with_what_is_taken() {
    let (_, admin) = Gateway::with_manager().await;
    for (name, message, wrong) in [
        ("assignedTo", "must have 1 to 128 characters", vec![String::new(), "x".repeat(129)]),
        ("assignedTo", "must not be blank", vec![" ".to_owned(), "\u{a0}".to_owned()]),
        (
            "status",
            "must be one of ACTIVE, DISABLED, EXPIRED, EXPOSED, SUSPENDED",
            ["", "active", "ACTIVE,EXPIRED", " ACTIVE", "LIVE"].map(str::to_owned).to_vec(),
        ),
        (
            "operation",
            "must be the name of an operation: a letter A-Z, then A-Z, 0-9 and _, at most 32 characters",
            ["", "sms", "SMS,RCS", "1", "SMS ", &"A".repeat(33)].map(str::to_owned).to_vec(),
        ),
        ("createdByKeyId", "must be the id of a key", ["", "x", &admin.id[1..]].map(str::to_owned).to_vec()),
        (
            "createdByKeyId",
            "must be the id of a key, neither a value nor self",
            vec!["self".to_owned(), admin.value.clone(), admin.value.replacen('k', "x", 1)],
        ),
    ] {
        for wrong in wrong {
            let answer = admin.list(&[(name.to_owned(), wrong.clone())]).await;
            let expected = json!([{"field": name, "message": message}]);
            assert_eq!((answer.status, &answer.body["errors"]), (400, &expected), "{name}");
        }
    }
    let time = "must be a time such as 2030-01-31T00:00:00Z, or a day such as 2030-01-31";
    for name in ["expiresBefore", "unusedSince"] {
        for wrong in ["", "tomorrow", "2030-02-30", "2030", "2030-01-31T00:00:00", " 2030-01-31", "1893456000"] {
            let answer = admin.list(&[(name.to_owned(), wrong.to_owned())]).await;
            let expected = json!([{"field": name, "message": time}]);
            assert_eq!((answer.status, &answer.body["errors"]), (400, &expected), "{name} {wrong}");
        }
        let twice = [(name.to_owned(), "2030-01-31".to_owned()), (name.to_owned(), "2030-01-31".to_owned())];
        assert_eq!(admin.list(&twice).await.wrong_fields(), [name]);
    }
    assert_eq!(admin.get("/authentication?Status=ACTIVE").await.wrong_fields(), ["Status"]);
}

#[tokio::test]
async fn tags_are_kept_by_their_exact_texts() {
    let (_, admin) = Gateway::with_manager().await;
    let with = async |tags: Value| admin.create_with(&json!({ "tags": tags })).await.id;
    let blue = with(json!({"team": "blue", "env": "prod"})).await;
    let bluer = with(json!({"team": "bluer", "xteam": "blue", "teams": "blue"})).await;
    let odd = with(json!({"team": "a&team=blue", "note": "é +%/=\u{1f600} b"})).await;
    with(json!({})).await;
    let ids = async |tags: &[(&str, &str)]| {
        let filters: Vec<_> = tags.iter().map(|(name, text)| (format!("tag.{name}"), (*text).to_owned())).collect();
        let mut ids = admin.list(&filters).await.ids();
        ids.reverse();
        ids
    };
    for (tags, expected) in [
        (&[("team", "blue")][..], vec![&blue]),
        (&[("team", " blue\u{a0}")], vec![&blue]),
        (&[("team", "bluer")], vec![&bluer]),
        (&[("xteam", "blue")], vec![&bluer]),
        (&[("team", "a&team=blue")], vec![&odd]),
        (&[("note", "e\u{301} +%/=\u{1f600}\u{3000}b")], vec![&odd]),
        (&[("team", "blue"), ("env", "prod")], vec![&blue]),
        (&[("team", "blue"), ("env", "test")], vec![]),
        (&[("eam", "blue")], vec![]),
        (&[("Team", "blue")], vec![]),
        (&[("team", "Blue")], vec![]),
        (&[("team", "lue")], vec![]),
        // No key can have it.
        (&[("team", &"\u{1f600}".repeat(128))], vec![]),
    ] {
        assert_eq!(ids(tags).await, expected.into_iter().cloned().collect::<Vec<_>>(), "{tags:?}");
    }
    let both = [("tag.env".to_owned(), "prod".to_owned()), ("status".to_owned(), "DISABLED".to_owned())];
    assert_eq!(admin.list(&both).await.ids(), Vec::<String>::new());
    admin.patch(&blue, &json!({"enabled": false, "tags": {"team": null}})).await;
    assert_eq!(admin.list(&both).await.ids(), std::slice::from_ref(&blue));
    assert_eq!(ids(&[("team", "blue")]).await, Vec::<String>::new());
}

#[tokio::test]
async fn wrong_tags_are_named() {
    let (_, admin) = Gateway::with_manager().await;
    let name = "must be tag. and the name of a tag: a letter, then letters, digits, _, . and -, at most 40 characters";
    let long = format!("tag.{}", "a".repeat(41));
    for (field, text, message) in [
        ("tag.", "x", name),
        ("tag.1a", "x", name),
        ("tag.a b", "x", name),
        (&*long, "x", name),
        ("tag.team", "", "must have 1 to 128 characters"),
        ("tag.team", " ", "must not be blank"),
        ("tag.team", "a\u{200d}", "must not contain control or invisible characters"),
        ("tags.team", "x", "is not a known field"),
        ("tag", "x", "is not a known field"),
    ] {
        let answer = admin.list(&[(field.to_owned(), text.to_owned())]).await;
        let expected = json!([{"field": field, "message": message}]);
        assert_eq!((answer.status, &answer.body["errors"]), (400, &expected), "{field}");
    }
    let team = ("tag.team".to_owned(), "x".to_owned());
    assert_eq!(admin.list(&[team.clone(), team]).await.wrong_fields(), ["tag.team"]);
    let many = |count: usize| (0..count).map(|at| (format!("tag.a{at}"), "x".to_owned())).collect::<Vec<_>>();
    assert_eq!(admin.list(&many(16)).await.status, 200);
    assert_eq!(admin.list(&many(17)).await.wrong_fields(), ["tag"]);
}

#[test]
fn every_status_is_one_that_is_taken() {
    for status in STATUSES {
        assert_eq!(serde_json::to_value(KeyStatus::parse(status)).unwrap(), status);
    }
    assert_eq!(KeyStatus::parse("Active"), None);
}

/// A page whose queries take their time ends with what it has, and the next one goes on behind it.
#[tokio::test]
async fn a_page_ends_when_its_time_is_over_and_hides_nothing() {
    let (gateway, admin) = Gateway::with_manager().await;
    put_various_keys(&gateway, &admin, 300);
    let mut oldest = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == format!("0{:021}", 0)).unwrap();
    oldest["userId"]["S"] = json!("rare");
    gateway.engine.put(&oldest);
    let rare = [("assignedTo", "rare".to_owned()), ("limit", "1".to_owned())];
    assert_eq!(
        list(&admin, &rare).await.ids(),
        [format!("0{:021}", 0)],
        "where queries are quick it is on the first page"
    );

    let slow = async {
        for _ in 0..3 {
            let mut query = gateway.wire.stop(Stop::before("Query"));
            query.reached().await;
            // Less than the time limit of an attempt.
            tokio::time::sleep(Duration::from_millis(1_010)).await;
            query.release();
        }
    };
    let (page, ()) = tokio::join!(list(&admin, &rare), slow);

    assert_eq!(page.ids(), Vec::<String>::new());
    let cursor = page.body["nextCursor"].as_str().expect("it is not the last one").to_owned();
    let rest = list(&admin, &[rare.as_slice(), &[("cursor", cursor)]].concat()).await;
    assert_eq!(rest.ids(), [format!("0{:021}", 0)]);
}

/// Notes how far each query may read until it is dropped.
fn watch_reach(gateway: &Gateway) -> (Gate, Arc<Mutex<Vec<u64>>>) {
    let reach = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&reach);
    let note = move |body: &Value| {
        seen.lock().unwrap().push(body["Limit"].as_u64().unwrap());
        false
    };
    (gateway.wire.stop(Stop::before("Query").when(note)), reach)
}

/// The bytes of an item, as DynamoDB counts them.
fn size(item: &Value) -> usize {
    let size_of = |(name, value): (&String, &Value)| {
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        let size = match (&**kind, value) {
            ("B", value) => value.as_str().unwrap().len() * 3 / 4,
            ("L", list) => list.as_array().unwrap().iter().map(|it| it["S"].as_str().unwrap().len() + 1).sum(),
            (_, value) => value.as_str().map_or(1, str::len),
        };
        name.len() + size
    };
    item.as_object().unwrap().iter().map(size_of).sum()
}

/// What a page costs depends on the keys that it passes over, and not on how many the account has. It is in
/// `docs/reference/costs.md`: `LISTED_KEYS=100000 cargo test -p tests --test in_process a_page_reads -- --nocapture` prints
/// it of so many.
#[tokio::test]
async fn a_page_reads_at_most_five_times_what_it_passes_over_and_at_most_eight_megabytes() {
    const MEGABYTE: usize = 1 << 20;
    const UNIT: usize = 4096;
    let keys: usize = std::env::var("LISTED_KEYS").map_or(1_000, |keys| keys.parse().unwrap());
    let (gateway, admin) = Gateway::with_manager().await;
    let mut item = gateway.engine.keys().remove(0);
    for number in 1..=keys {
        item["id"]["S"] = json!(format!("0{number:021}"));
        let rarity = [1_000, 100, 10, 1].into_iter().find(|rarity| number % rarity == 0).unwrap();
        item["userId"]["S"] = json!(format!("1 of {rarity}"));
        item["description"] = json!({"S": "d".repeat(100)});
        gateway.engine.put(&item);
    }
    let in_a_megabyte = MEGABYTE / size(&item);
    println!("{keys} keys of {} bytes", size(&item));
    let (_watching, reach) = watch_reach(&gateway);
    for user in ["1 of 1", "1 of 10", "1 of 100", "1 of 1000", "no-user"] {
        // A query of a megabyte is too much for an engine beside many others.
        for limit in [10, 100, 1_000].into_iter().filter(|limit| limit * 10 <= keys) {
            reach.lock().unwrap().clear();
            let page = list(&admin, &[("assignedTo", user.to_owned()), ("limit", limit.to_string())]).await;
            let reach = std::mem::take(&mut *reach.lock().unwrap());

            // The newest is the manager's own.
            let left = reach.iter().scan(keys + 1, |left, reach| {
                let read = usize::try_from(*reach).unwrap().min(in_a_megabyte).min(*left);
                *left -= read;
                Some(read)
            });
            let read: usize = left.sum();
            let (units, found) = ((read * size(&item)).div_ceil(UNIT), page.ids());
            println!(
                "{user}, limit {limit}: {} found, {} queries, {read} read, {units} units",
                found.len(),
                reach.len()
            );
            assert!(reach.len() <= 8 && units <= 8 * MEGABYTE / UNIT, "{reach:?}");
            if found.len() == limit {
                let passed = keys + 2 - found[limit - 1].parse::<usize>().unwrap();
                assert!(read <= 5 * passed.max(limit + 1), "{user}, limit {limit}: {read} of {passed}");
            }
        }
    }
}
