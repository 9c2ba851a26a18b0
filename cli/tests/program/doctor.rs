//! `doctor`: a healthy stack passes, and each fault is named with the line to type.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, AUTHORIZER, Done, KEY, Reply, VALUE, World};

const REST_AUTHORIZERS: &str = "GET /restapis/r1/authorizers";
const HTTP_AUTHORIZERS: &str = "GET /v2/apis/h1/authorizers";
const REST_STAGES: &str = "GET /restapis/r1/stages";

fn uri() -> String {
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{AUTHORIZER}:live/invocations")
}

fn rest_authorizer(seconds: u64, sources: &str) -> Value {
    json!({"item": [{"id": "x1", "name": "KeyAuthorizer", "type": "REQUEST", "authorizerUri": uri(),
        "authorizerResultTtlInSeconds": seconds, "identitySource": sources}]})
}

fn http_authorizer(has_simple_responses: bool) -> Value {
    json!({"items": [{"authorizerId": "y1", "name": "KeyAuthorizer", "authorizerType": "REQUEST", "authorizerUri": uri(),
        "authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": has_simple_responses,
        "authorizerResultTtlInSeconds": 0, "identitySource": ["$request.header.X-API-Key"]}]})
}

fn table(deletion_protection: bool, stream: Option<&str>) -> Value {
    json!({"Table": {"TableStatus": "ACTIVE", "DeletionProtectionEnabled": deletion_protection,
        "StreamSpecification": stream.map(|view| json!({"StreamEnabled": true, "StreamViewType": view}))}})
}

fn recovery(status: &str) -> Value {
    json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}})
}

fn time_to_live(status: &str) -> Value {
    json!({"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "purgeAt"}})
}

fn alarm(state: &str, actions: &[&str]) -> Value {
    json!({"MetricAlarms": [
        {"AlarmName": "api-keys-ModifiedEventAlarm", "StateValue": state, "ActionsEnabled": true, "AlarmActions": actions,
            "MetricName": "ModifiedEvents", "Dimensions": [{"Name": "Stack", "Value": "api-keys"}]},
        {"AlarmName": "of another stack", "StateValue": "ALARM", "ActionsEnabled": true, "AlarmActions": [],
            "MetricName": "ModifiedEvents", "Dimensions": [{"Name": "Stack", "Value": "api-keys-2"}]},
    ]})
}

fn quota(executions: u64) -> Value {
    json!({"AccountLimit": {"ConcurrentExecutions": executions, "UnreservedConcurrentExecutions": executions}})
}

/// What AWS answers of a stack that is well.
fn well() -> Vec<(String, u16, String)> {
    let cached = "method.request.header.X-API-Key,context.identity.sourceIp,context.httpMethod,context.path";
    let mut services = Vec::new();
    let functions = ["CreateAccount", "EraseAccount", "ImportKeys", "ManageAccount", "PublishEvents"];
    let functions = functions.iter().map(|name| format!("{name}FunctionName")).chain([format!("{AUTHORIZER}:live")]);
    for function in functions {
        services.push((format!("GET /2015-03-31/functions/{function}/configuration"), json!({"State": "Active"})));
    }
    for name in ["TableName", "EventTableName", "UsageTableName"] {
        let stream = (name == "EventTableName").then_some("NEW_IMAGE");
        services.push((format!("DescribeTable {name}"), table(true, stream)));
        services.push((format!("DescribeContinuousBackups {name}"), recovery("ENABLED")));
        services.push((format!("DescribeTimeToLive {name}"), time_to_live("ENABLED")));
    }
    for (asked, answer) in [
        ("GET /account", json!({"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs"})),
        ("GET /restapis", json!({"item": [{"id": "r1", "name": "api-keys"}]})),
        (REST_AUTHORIZERS, rest_authorizer(0, cached)),
        (REST_STAGES, json!({"item": [{"stageName": "v1", "variables": {"keyService": "true"}}]})),
        ("GET /v2/apis", json!({"items": [{"apiId": "h1", "name": "orders"}]})),
        (HTTP_AUTHORIZERS, http_authorizer(false)),
        ("GET /v2/apis/h1/stages", json!({"items": [{"stageName": "$default"}]})),
        ("GET /2016-08-19/account-settings", quota(1000)),
        ("DescribeAlarms", alarm("OK", &["arn:aws:sns:us-east-1:123456789012:page"])),
        ("GET /v1/openapi.json", json!({})),
        ("GET /v1/authentication/self", json!({})),
    ] {
        services.push((asked.to_owned(), answer));
    }
    let mut services: Vec<_> = services.into_iter().map(|(asked, answer)| (asked, 200, answer.to_string())).collect();
    services.push(("GET /v1/authentication/self after".to_owned(), 401, String::new()));
    services
}

/// The same with other answers to some questions.
fn with(name: &str, changes: &[(&str, u16, Value)]) -> World {
    let mut services = well();
    for (asked, status, answer) in changes {
        services.retain(|(name, ..)| name != asked);
        services.push(((*asked).to_owned(), *status, answer.to_string()));
    }
    World::with_services(name, services, |_, payload| match payload["action"].as_str() {
        Some("revoke-keys") => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        Some("suspend") => {
            Reply::Json(json!({"account": crate::shown(), "done": true, "keysMarked": 0, "cursor": null}))
        }
        _ if payload["confirm"] == ACCOUNT => Reply::Json(json!({"done": true, "removed": 5, "cursor": null})),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    })
}

fn checks(done: &Done) -> Vec<Value> {
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    report.pointer("/checks").unwrap().as_array().unwrap().clone()
}

#[test]
fn a_healthy_stack_passes_and_its_account_is_erased() {
    let world = with("doctor-well", &[]);
    let done = world.run(&["doctor"]);
    assert_eq!((done.code, &*done.stderr), (0, ""), "{done:?}");
    assert!(done.stdout.ends_with(" checks: 0 faults, 0 warnings, 0 unknown.\n"), "{}", done.stdout);
    assert!(done.stdout.lines().rev().skip(2).all(|line| line.starts_with("ok       ")), "{}", done.stdout);
    assert!(!done.stdout.contains(VALUE));
    let payloads = world.payloads();
    let asked: Vec<_> = payloads.iter().map(|payload| payload["action"].as_str().unwrap_or("-")).collect();
    assert_eq!(asked, ["-", "revoke-keys", "suspend", "-"]);
    assert_eq!((&payloads[0]["company"], &payloads[3]["confirm"]), (&json!("api-keys doctor"), &json!(ACCOUNT)));

    let world = with("doctor-reads", &[]);
    let done = world.run(&["doctor", "--read-only", "--json"]);
    assert!(done.code == 0 && world.payloads().is_empty(), "{done:?}");
    assert!(checks(&done).iter().all(|check| check["sign"] == "OK" && check["fix"].is_null()), "{}", done.stdout);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of faults")]
fn each_fault_is_named_with_its_cause_and_the_line_to_type() {
    let broken = "GET /2015-03-31/functions/ManageAccountFunctionName/configuration";
    let narrow = "method.request.header.X-API-Key,context.path";
    let cases = [
        (
            "function",
            (broken, 200, json!({"State": "Failed", "StateReason": "no role"})),
            "cannot run: no role",
            "get-function-configuration",
        ),
        (
            "reserved",
            (
                &*format!("GET /2019-09-30/functions/{AUTHORIZER}/concurrency"),
                200,
                json!({"ReservedConcurrentExecutions": 0}),
            ),
            "reserved concurrency is 0",
            "delete-function-concurrency",
        ),
        ("role", ("GET /account", 200, json!({})), "no role for logs", "ApiGatewayAccountRole=create"),
        (
            "deletion",
            ("DescribeTable TableName", 200, table(false, None)),
            "its deletion protection is off",
            "--deletion-protection-enabled",
        ),
        (
            "stream",
            ("DescribeTable EventTableName", 200, table(true, None)),
            "no event gets to the bus",
            "StreamViewType=NEW_IMAGE",
        ),
        (
            "recovery",
            ("DescribeContinuousBackups UsageTableName", 200, recovery("DISABLED")),
            "cannot be restored",
            "PointInTimeRecoveryEnabled=true",
        ),
        (
            "ttl",
            ("DescribeTimeToLive TableName", 200, time_to_live("DISABLED")),
            "keeps what has ended",
            "AttributeName=purgeAt",
        ),
        (
            "cache",
            (REST_AUTHORIZERS, 200, rest_authorizer(300, narrow)),
            "for 300 s and does not tell requests apart by identity.sourceIp, httpMethod: it refuses good ones",
            "Context: [identity.sourceIp, httpMethod, path]",
        ),
        (
            "header",
            (REST_AUTHORIZERS, 200, rest_authorizer(0, "method.request.header.Authorization")),
            "asks for the header authorization, and the stage v1 takes the key from x-api-key",
            "Headers: [X-API-Key]",
        ),
        (
            "simple",
            (HTTP_AUTHORIZERS, 200, http_authorizer(true)),
            "has simple responses",
            "--no-enable-simple-responses",
        ),
        (
            "rules",
            (REST_STAGES, 200, json!({"item": [{"stageName": "v1", "variables": {"routeOperations": "orders"}}]})),
            "refuses every request with a 500: routeOperations",
            "docs/guides/attach.md",
        ),
        (
            "alarm-rings",
            ("DescribeAlarms", 200, alarm("ALARM", &["x"])),
            "api-keys-ModifiedEventAlarm rings",
            "describe-alarm-history",
        ),
        (
            "alarm-gone",
            ("DescribeAlarms", 200, json!({"MetricAlarms": []})),
            "no alarm watches ModifiedEvents",
            "make deploy STACK=api-keys",
        ),
        (
            "dead",
            ("GET /v1/authentication/self", 403, json!({})),
            "a new key is answered 403 on its first request",
            "aws logs tail",
        ),
        (
            "immortal",
            ("GET /v1/authentication/self after", 200, json!({})),
            "a deleted key is answered 200, and not 401",
            "AuthorizerCacheSeconds=0",
        ),
    ];
    for (name, (asked, status, answer), cause, fix) in cases {
        let world = with(&format!("doctor-{name}"), &[(asked, status, answer)]);
        let done = world.run(&["doctor", "--json"]);
        let faults: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "FAULT").collect();
        assert_eq!((done.code, faults.len(), &done.error()["code"]), (6, 1, &json!("PARTIAL")), "{name}: {done:?}");
        assert!(faults[0]["cause"].as_str().unwrap().contains(cause), "{name}: {faults:?}");
        assert!(faults[0]["fix"].as_str().unwrap().contains(fix), "{name}: {faults:?}");
        let erased = world.payloads().into_iter().any(|payload| payload["confirm"] == ACCOUNT);
        assert!(erased, "{name}: whatever is found");
    }
}

#[test]
fn what_is_weak_is_a_warning_and_no_failure() {
    let whole = "method.request.header.X-API-Key,context.identity.sourceIp,context.httpMethod,context.path";
    for (name, change, cause) in [
        ("quota", ("GET /2016-08-19/account-settings", 200, quota(10)), "at most 100 requests a second"),
        ("cached", (REST_AUTHORIZERS, 200, rest_authorizer(60, whole)), "keeps verdicts for 60 s"),
        ("silent", ("DescribeAlarms", 200, alarm("OK", &[])), "tells nobody"),
    ] {
        let done = with(&format!("doctor-{name}"), &[change]).run(&["doctor", "--json"]);
        let warnings: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "WARNING").collect();
        assert_eq!((done.code, warnings.len()), (0, 1), "{name}: {done:?}");
        assert!(warnings[0]["cause"].as_str().unwrap().contains(cause), "{name}: {warnings:?}");
    }
}

#[test]
fn what_may_not_be_read_is_unknown_and_no_failure() {
    let denied = json!({"__type": "AccessDeniedException", "message": "you may not", "Message": "you may not"});
    for (name, asked) in [
        ("role", "GET /account"),
        ("backups", "DescribeContinuousBackups TableName"),
        ("apis", "GET /restapis"),
        ("http", "GET /v2/apis"),
        ("quota", "GET /2016-08-19/account-settings"),
        ("alarms", "DescribeAlarms"),
    ] {
        let done = with(&format!("doctor-denied-{name}"), &[(asked, 400, denied.clone())]).run(&["doctor", "--json"]);
        let unknown: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "UNKNOWN").collect();
        assert_eq!((done.code, unknown.len()), (0, 1), "{name}: {done:?}");
        assert!(unknown[0]["cause"].as_str().unwrap().contains("is not answered"), "{name}: {unknown:?}");
    }
    let emulated = with("doctor-emulated", &[("DescribeTimeToLive TableName", 200, time_to_live("DISABLED"))]);
    let done = emulated.run(&["doctor", "--json", "--stack", "emulated"]);
    let unknown = checks(&done).into_iter().filter(|check| check["sign"] == "UNKNOWN").count();
    assert!(emulated.payloads().is_empty(), "its address is made up");
    assert!(unknown >= 3, "time to live, clock, round trip: {done:?}");
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["unknown"], json!(unknown));
}

#[test]
fn a_stack_that_is_not_there_is_no_access() {
    let done = with("doctor-missing", &[]).run(&["doctor", "--stack", "missing"]);
    assert_eq!((done.code, done.stdout.len()), (3, 0), "{done:?}");
}
