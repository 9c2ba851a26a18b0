//! `GET /authentication`.

use serde_json::{Value, json};
use tests::wire::Call;
use tests::{Client, Gateway};

/// Follows `nextCursor` to the end and returns the pages.
async fn pages(client: &Client, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let from = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let page = client.get(&format!("/authentication?{query}{from}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        pages.push(page.ids());
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn keys_come_newest_first_without_value_or_hash() {
    let (_, admin) = Gateway::with_manager().await;
    let mut made = vec![admin.id.clone()];
    for _ in 0..3 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        made.insert(0, admin.create_key(&["SMS"]).await.id);
    }

    let list = admin.get("/authentication").await;

    assert_eq!(list.status, 200);
    assert_eq!(list.ids(), made);
    assert_eq!(list.body["nextCursor"], Value::Null);
    assert_eq!(list.headers["cache-control"], "no-store");
    // What a look-up shows, field by field, `create_key` holds.
    let found = admin.get(&format!("/authentication/{}", made[0])).await;
    assert_eq!(list.body["apiKeys"][0], found.body);
}

#[tokio::test]
async fn a_list_is_one_strongly_consistent_query() {
    let (gateway, admin) = Gateway::with_manager().await;
    admin.status().await;
    drop(gateway.wire.take_calls());

    admin.get("/authentication").await;

    let read = Call { operation: "GetItem".into(), index: None, consistent: true };
    let query = Call { operation: "Query".into(), index: None, consistent: true };
    assert_eq!(gateway.wire.take_calls(), [read, query], "the authorizer's, then the function's");
}

#[tokio::test]
async fn a_user_sees_the_keys_created_by_or_assigned_to_them() {
    let gateway = Gateway::start().await;
    let ada = gateway.create_account("Example").await;
    let grace = ada.create_key_for("grace", &["SMS", "AUTHENTICATION"]).await;
    let of_grace = grace.create_key_for("linus", &["SMS"]).await;
    let of_ada = ada.create_key_for("linus", &["SMS"]).await;

    let list = async |user: &str| {
        let mut ids = ada.get(&format!("/authentication?userId={user}")).await.ids();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };

    assert_eq!(list("grace").await, sorted(vec![grace.id.clone(), of_grace.id.clone()]));
    assert_eq!(list("linus").await, sorted(vec![of_grace.id.clone(), of_ada.id.clone()]));
    assert_eq!(list("user-1").await, sorted(vec![ada.id.clone(), grace.id.clone(), of_ada.id.clone()]));
    assert_eq!(list("no-user").await, Vec::<String>::new());
}

#[tokio::test]
async fn pages_hold_each_key_once_and_the_last_has_no_cursor() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..5 {
        admin.create_key(&["SMS"]).await;
    }
    let all = admin.get("/authentication").await.ids();
    assert_eq!(all.len(), 6);

    for (limit, sizes) in [(1, vec![1; 6]), (2, vec![2, 2, 2]), (4, vec![4, 2]), (6, vec![6]), (1000, vec![6])] {
        let pages = pages(&admin, &format!("limit={limit}")).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "limit {limit}");
        assert_eq!(pages.concat(), all);
    }
    assert_eq!(pages(&admin, "userId=user-2&limit=2").await.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
}

#[tokio::test]
async fn a_cursor_outlives_the_key_that_it_was_made_of() {
    let (_, admin) = Gateway::with_manager().await;
    for _ in 0..3 {
        admin.create_key(&["SMS"]).await;
    }
    let all = admin.get("/authentication").await.ids();
    let first = admin.get("/authentication?limit=2").await;
    assert_eq!(admin.delete(&all[1]).await.status, 204);

    let cursor = first.body["nextCursor"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/authentication?cursor={cursor}")).await.ids(), all[2..]);
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let (_, admin) = Gateway::with_manager().await;

    for limit in ["0", "1001", "-1", "+5", "1e2", "ten", "", "99999999999999999999999", " 5"] {
        let answer = admin.get(&format!("/authentication?limit={limit}")).await;
        answer.assert_problem(400);
        assert_eq!(answer.wrong_fields(), ["limit"], "{limit}");
    }
    let all = admin.get(&format!("/authentication?limit=0&cursor=x&userId={}&usrId=a", "x".repeat(129))).await;
    assert_eq!(all.wrong_fields(), ["cursor", "limit", "userId", "usrId"]);
    assert_eq!(admin.get("/authentication?userId=").await.wrong_fields(), ["userId"]);
    assert_eq!(admin.get("/authentication?cursor=").await.wrong_fields(), ["cursor"]);
    assert_eq!(admin.get("/authentication?limit=1&limit=2").await.wrong_fields(), ["limit"]);
}

#[tokio::test]
async fn an_account_of_many_megabytes_is_walked_in_whole() {
    let (gateway, admin) = Gateway::with_manager().await;
    let item = gateway.engine.keys().remove(0);
    for number in 0..2_500 {
        let mut item = item.clone();
        item["id"]["S"] = json!(format!("0{number:021}"));
        item["userId"]["S"] = json!(if number == 3 { "rare" } else { "common" });
        item["createdBy"]["S"] = json!("common");
        item["description"] = json!({ "S": "d".repeat(512) });
        gateway.engine.put(&item);
    }

    let all = pages(&admin, "limit=1000").await;
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), 2_501);
    let filtered = pages(&admin, "userId=common").await;
    assert_eq!(filtered.iter().map(Vec::len).sum::<usize>(), 2_500);
    let rare = pages(&admin, "userId=rare").await;
    assert_eq!(rare, [[format!("0{:021}", 3)]], "one page, though the key is megabytes away");
}
