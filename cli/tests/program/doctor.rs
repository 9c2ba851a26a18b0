//! `doctor`: a healthy stack passes, and each fault is named with the line to type.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, AUTHORIZER, Done, KEY, OTHER, OTHER_FUNCTIONS, Reply, VALUE, World};

const REST_AUTHORIZERS: &str = "GET /restapis/r1/authorizers";
const HTTP_AUTHORIZERS: &str = "GET /v2/apis/h1/authorizers";
const MAPPINGS: &str = "GET /2015-03-31/event-source-mappings";
const REST_STAGES: &str = "GET /restapis/r1/stages";

fn uri() -> String {
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{AUTHORIZER}:live/invocations")
}

/// What asks for the authorizer's resource policy.
fn policy() -> String {
    format!("GET /2015-03-31/functions/{AUTHORIZER}/policy")
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

fn gone() -> Value {
    json!({"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "not found"})
}

fn recovery(status: &str) -> Value {
    json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}})
}

fn time_to_live(status: &str) -> Value {
    json!({"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "purgeAt"}})
}

/// The alarms of infra/alarms.yaml, of which `ModifiedEvents` is so.
fn alarms(state: &str, enabled: bool, actions: &[&str]) -> Value {
    let alarm = |metric: &str, (dimension, value): (&str, &str), state: &str, enabled: bool, actions: &[&str]| {
        json!({"AlarmName": format!("api-keys-alarms-{metric}"), "StateValue": state, "ActionsEnabled": enabled,
            "AlarmActions": actions, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}]})
    };
    let of = |metric, dimension, value| {
        alarm(metric, (dimension, value), "OK", true, &["arn:aws:sns:us-east-1:123456789012:page"])
    };
    let modified = alarm("ModifiedEvents", ("Stack", "api-keys"), state, enabled, actions);
    let other = alarm("ModifiedEvents", ("Stack", "api-keys-2"), "ALARM", true, &[]);
    json!({"MetricAlarms": [modified, other, of("5XXError", "ApiName", "api-keys"),
        of("Unavailable", "Stack", "api-keys"), of("Throttles", "FunctionName", OTHER_FUNCTIONS[0]),
        of("Throttles", "FunctionName", "VerifyFunctionName"),
        of("Duration", "FunctionName", OTHER_FUNCTIONS[0]), of("IteratorAge", "FunctionName", "PublishEventsFunctionName"),
        of("Errors", "FunctionName", "NotifyExpiryFunctionName")]})
}

/// The same, of which `ModifiedEvents` rings, and has that name.
fn ringing_alarm(name: &str) -> Value {
    let mut alarms = alarms("ALARM", true, &["x"]);
    *alarms.pointer_mut("/MetricAlarms/0/AlarmName").unwrap() = name.into();
    alarms
}

/// All but the one that watches verify-key.
fn without_verify_key() -> Value {
    let mut alarms = alarms("OK", true, &["x"]);
    let all = alarms.pointer_mut("/MetricAlarms").unwrap().as_array_mut().unwrap();
    all.retain(|alarm| alarm.pointer("/Dimensions/0/Value") != Some(&json!("VerifyFunctionName")));
    alarms
}

/// An hour with sixty requests, and what else is measured.
fn hour(more: &[(&str, f64)]) -> Value {
    let series = [("requests", 60.0)].iter().chain(more);
    let results: Vec<_> = series.map(|(id, value)| json!({"Id": id, "Values": [value, 0.0]})).collect();
    json!({"MetricDataResults": results})
}

fn mapping(state: &str, result: &str) -> Value {
    json!({"EventSourceMappings": [{"UUID": "m1", "State": state, "LastProcessingResult": result}]})
}

fn quota(executions: u64) -> Value {
    json!({"AccountLimit": {"ConcurrentExecutions": executions, "UnreservedConcurrentExecutions": executions}})
}

/// What AWS answers of a stack that is well.
fn well() -> Vec<(String, u16, String)> {
    let cached = "method.request.header.X-API-Key,context.identity.sourceIp,context.httpMethod,context.path";
    let mut services = Vec::new();
    let functions =
        ["CreateAccount", "EraseAccount", "ImportKeys", "ManageAccount", "NotifyExpiry", "PublishEvents", "Verify"];
    let functions = functions.iter().map(|name| format!("{name}FunctionName")).chain([format!("{AUTHORIZER}:live")]);
    let functions = functions.chain(OTHER_FUNCTIONS.map(str::to_owned));
    for function in functions {
        services.push((format!("GET /2015-03-31/functions/{function}/configuration"), json!({"State": "Active"})));
        services.push((format!("GET /2019-09-30/functions/{function}/concurrency"), json!({})));
    }
    services.push((policy(), json!({"Policy": "{}"})));
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
        ("DescribeAlarms", alarms("OK", true, &["arn:aws:sns:us-east-1:123456789012:page"])),
        ("GetMetricData", hour(&[("failed", 2.0), ("slow", 40.0)])),
        (MAPPINGS, mapping("Enabled", "OK")),
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
        Some("list") => {
            Reply::Json(json!({"accounts": [{"accountId": ACCOUNT}, {"accountId": OTHER}], "nextCursor": null}))
        }
        Some("suspend") => {
            Reply::Json(json!({"account": crate::shown(), "done": true, "keysMarked": 0, "cursor": null}))
        }
        _ if payload["confirm"] == ACCOUNT => Reply::Json(json!({"done": true, "removed": 5, "cursor": null})),
        _ => {
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "userId": "u", "operations": ["SMS"], "value": VALUE}))
        }
    })
}

/// The actions that the functions were invoked with.
fn asked(world: &World) -> Vec<String> {
    world.payloads().iter().map(|payload| payload["action"].as_str().unwrap_or("-").to_owned()).collect()
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
    assert_eq!(asked(&world), ["list", "-", "revoke-keys", "suspend", "-"]);
    assert_eq!((&payloads[1]["company"], &payloads[4]["confirm"]), (&json!("api-keys doctor"), &json!(ACCOUNT)));

    let world = with("doctor-reads", &[]);
    let done = world.run(&["doctor", "--read-only", "--json"]);
    assert!(done.code == 0 && asked(&world) == ["list"], "{done:?}");
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
                &*format!("GET /2019-09-30/functions/{}/concurrency", OTHER_FUNCTIONS[0]),
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
            "for 300 s and does not distinguish requests by identity.sourceIp, httpMethod: it refuses good ones",
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
            ("DescribeAlarms", 200, alarms("ALARM", true, &["x"])),
            "api-keys-alarms-ModifiedEvents rings",
            "describe-alarm-history --alarm-name api-keys-alarms-ModifiedEvents --max-items 5",
        ),
        (
            "alarm-with-a-command",
            ("DescribeAlarms", 200, ringing_alarm("Ada's; $(id)")),
            "Ada's; $(id) rings",
            r"describe-alarm-history --alarm-name 'Ada'\''s; $(id)' --max-items 5",
        ),
        (
            "create-key",
            (
                &*format!("GET /2019-09-30/functions/{}/concurrency", OTHER_FUNCTIONS[1]),
                200,
                json!({"ReservedConcurrentExecutions": 0}),
            ),
            "the reserved concurrency of api-keys-create-key is 0",
            "delete-function-concurrency",
        ),
        (
            "route-gone",
            (
                &*format!("GET /2015-03-31/functions/{}/configuration", OTHER_FUNCTIONS[1]),
                200,
                json!({"State": "Failed", "StateReason": "no image"}),
            ),
            "api-keys-create-key cannot run: no image",
            "get-function-configuration",
        ),
        (
            "table-gone",
            ("DescribeTable TableName", 400, gone()),
            "TableName is gone",
            "list-backups --backup-type SYSTEM",
        ),
        ("stopped", (MAPPINGS, 200, mapping("Disabled", "OK")), "is Disabled: no event", "--uuid m1 --enabled"),
        (
            "in-vain",
            (MAPPINGS, 200, mapping("Enabled", "PROBLEM: Function call failed")),
            "PROBLEM: Function call failed",
            "list-event-source-mappings",
        ),
        (
            "unavailable",
            ("GetMetricData", 200, hour(&[("unavailable", 3.0)])),
            "3 requests could not be checked, because the table did not answer",
            "/aws/lambda/api-keys-authorizer --since 1h --filter-pattern ERROR   # and docs/guides/alarms.md#unavailable",
        ),
        (
            "no-concurrency",
            ("GetMetricData", 200, hour(&[("throttled", 4.0)])),
            "4 times Lambda refused to run the authorizer",
            "docs/guides/alarms.md#throttledauthorizer",
        ),
        (
            "no-verifying",
            ("GetMetricData", 200, hour(&[("unverified", 3.0)])),
            "3 times Lambda refused to run verify-key",
            "docs/guides/alarms.md#throttledverifykey",
        ),
        (
            "failing",
            ("GetMetricData", 200, hour(&[("failed", 3.0)])),
            "3 of 60 requests to the API were a 5xx",
            "docs/guides/alarms.md#servererrors",
        ),
        (
            "behind",
            ("GetMetricData", 200, hour(&[("late", 600_000.0)])),
            "600000 ms an event has waited",
            "/aws/lambda/api-keys-publish-events --since",
        ),
        (
            "modified",
            ("GetMetricData", 200, hour(&[("modified", 1.0)])),
            "1 modifications of events",
            "docs/guides/alarms.md#modifiedevents",
        ),
        (
            "dead",
            ("GET /v1/authentication/self", 403, json!({})),
            "a new key is answered 403 on its first request",
            "aws logs tail /aws/lambda/api-keys-authorizer --since 10m",
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
        assert!(erased, "{name}: with any finding");
    }
}

#[test]
fn what_is_weak_is_a_warning_and_no_failure() {
    let whole = "method.request.header.X-API-Key,context.identity.sourceIp,context.httpMethod,context.path";
    for (name, change, cause) in [
        ("quota", ("GET /2016-08-19/account-settings", 200, quota(10)), "at most 100 requests a second"),
        ("cached", (REST_AUTHORIZERS, 200, rest_authorizer(60, whole)), "keeps verdicts for 60 s"),
        ("silent", ("DescribeAlarms", 200, alarms("OK", true, &[])), "sends no notification, unless"),
        ("off", ("DescribeAlarms", 200, alarms("OK", false, &["x"])), "its actions are off"),
        (
            "no-alarms",
            ("DescribeAlarms", 200, json!({"MetricAlarms": []})),
            "no alarm watches 5XXError, Unavailable, Throttles of the authorizer, Throttles of verify-key, Duration of the \
             authorizer, IteratorAge of publish-events, ModifiedEvents, Errors of notify-expiry:",
        ),
        (
            "verify-unwatched",
            ("DescribeAlarms", 200, without_verify_key()),
            "no alarm watches Throttles of verify-key:",
        ),
        (
            "unnoticed",
            ("GetMetricData", 200, hour(&[("unnoticed", 1.0)])),
            "1 failures of notify-expiry: notices of keys that end may be late",
        ),
        ("slow", ("GetMetricData", 200, hour(&[("slow", 500.0)])), "500 ms or more were the slowest hundredth"),
        ("throttled", ("GetMetricData", 200, hour(&[("reads", 1.0)])), "1 reads of the table of keys were throttled"),
    ] {
        let done = with(&format!("doctor-{name}"), &[change]).run(&["doctor", "--json"]);
        let warnings: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "WARNING").collect();
        assert_eq!((done.code, warnings.len()), (0, 1), "{name}: {done:?}");
        assert!(warnings[0]["cause"].as_str().unwrap().contains(cause), "{name}: {warnings:?}");
        if name == "unnoticed" {
            let line = "aws logs tail /aws/lambda/api-keys-notify-expiry --since 1h --filter-pattern ERROR   # and \
                        docs/guides/alarms.md#failednotices";
            assert_eq!(warnings[0]["fix"], line);
        }
    }
}

#[test]
fn an_account_that_is_not_listed_is_a_warning() {
    let mut services = well();
    services.retain(|(asked, ..)| asked != "GET /v1/authentication/self");
    let world = World::with_services("doctor-unlisted", services, |_, _| {
        Reply::Json(json!({"accounts": [{"accountId": ACCOUNT}], "nextCursor": null}))
    });
    let done = world.run(&["doctor", "--json", "--read-only"]);
    let warning = checks(&done).into_iter().find(|check| check["sign"] == "WARNING").unwrap();
    assert!(
        warning["cause"].as_str().unwrap().starts_with("of 2 accounts of the stack, the list lacks 1"),
        "{warning}"
    );
    assert_eq!((done.code, &warning["fix"]), (0, &json!("api-keys accounts upgrade")));
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
        ("metrics", "GetMetricData"),
        ("mappings", MAPPINGS),
        ("function", "GET /2015-03-31/functions/api-keys-create-key/configuration"),
        ("reserved", "GET /2019-09-30/functions/api-keys-create-key/concurrency"),
        ("policy", &*policy()),
    ] {
        let done = with(&format!("doctor-denied-{name}"), &[(asked, 400, denied.clone())]).run(&["doctor", "--json"]);
        let unknown: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "UNKNOWN").collect();
        assert_eq!((done.code, unknown.len()), (0, 1), "{name}: {done:?}");
        assert!(unknown[0]["cause"].as_str().unwrap().contains("is not answered"), "{name}: {unknown:?}");
        let is_passed = |check: &Value| check["sign"] == "OK" && check["check"] == unknown[0]["check"];
        assert!(!checks(&done).iter().any(is_passed), "{name}: what is not known is no pass: {done:?}");
    }
    let emulated = with("doctor-emulated", &[("DescribeTimeToLive TableName", 200, time_to_live("DISABLED"))]);
    let done = emulated.run(&["doctor", "--json", "--stack", "emulated"]);
    let unknown = checks(&done).into_iter().filter(|check| check["sign"] == "UNKNOWN").count();
    assert_eq!(asked(&emulated), ["list"], "its address is made up");
    assert!(unknown >= 3, "time to live, clock, round trip: {done:?}");
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["unknown"], json!(unknown));
}

#[test]
fn metrics_that_cloudwatch_gives_in_part_are_unknown() {
    let series = |status: &str| {
        json!({"MetricDataResults": [{"Id": "requests", "Values": [60.0], "StatusCode": "Complete"},
        {"Id": "unavailable", "Values": [], "StatusCode": status}]})
    };
    for (name, status, signs) in [("forbidden", "Forbidden", ["UNKNOWN"]), ("whole", "Complete", ["OK"])] {
        let world = with(&format!("doctor-{name}"), &[("GetMetricData", 200, series(status))]);
        let all = checks(&world.run(&["doctor", "--json", "--read-only"]));
        let of_hour: Vec<_> = all.iter().filter(|check| check["check"] == "last hour").collect();
        assert_eq!(of_hour.iter().map(|check| &check["sign"]).collect::<Vec<_>>(), signs, "{of_hour:?}");
    }
}

#[test]
fn a_stack_that_is_not_there_is_no_access() {
    let done = with("doctor-missing", &[]).run(&["doctor", "--stack", "missing"]);
    assert_eq!((done.code, done.stdout.len()), (3, 0), "{done:?}");
}

/// A stack that is well, of which the functions answer otherwise.
fn scripted(name: &str, script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> World {
    World::with_services(name, well(), move |_, payload| script(payload))
}

#[test]
fn a_function_that_the_operator_may_not_invoke_is_unknown_and_no_fault() {
    let world = scripted("doctor-may-not-invoke", |_| Reply::Status(403, "you may not"));
    let done = world.run(&["doctor", "--json"]);
    let unknown: Vec<_> = checks(&done).into_iter().filter(|check| check["sign"] == "UNKNOWN").collect();
    assert_eq!((done.code, unknown.len()), (0, 2), "{done:?}");
    assert_eq!((&unknown[0]["check"], &unknown[1]["check"]), (&json!("accounts"), &json!("round trip")));
}

#[test]
fn an_account_that_may_have_been_made_is_named_with_how_to_find_it() {
    let world = scripted("doctor-lost", |payload| {
        if payload["company"] == "api-keys doctor" {
            return Reply::Status(500, "for a moment");
        }
        Reply::Json(json!({"accounts": [{"accountId": ACCOUNT}, {"accountId": OTHER}], "nextCursor": null}))
    });
    let done = world.run(&["doctor", "--json"]);
    let fault = checks(&done).into_iter().find(|check| check["sign"] == "FAULT").unwrap();
    assert!(fault["cause"].as_str().unwrap().contains("may have been made all the same"), "{fault}");
    assert_eq!(fault["fix"], "api-keys accounts list --company 'api-keys doctor'");
}

#[test]
fn stopped_it_erases_its_account() {
    let stop = crate::world::Stop::default();
    let by = stop.clone();
    let world = scripted("doctor-stopped", move |payload| match payload["action"].as_str() {
        Some("list") => {
            Reply::Json(json!({"accounts": [{"accountId": ACCOUNT}, {"accountId": OTHER}], "nextCursor": null}))
        }
        Some("revoke-keys") => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        Some("suspend") => Reply::Json(json!({"done": true, "cursor": null})),
        _ if payload["confirm"] == ACCOUNT => Reply::Json(json!({"done": true, "removed": 5, "cursor": null})),
        _ => {
            by.interrupt();
            Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE}))
        }
    });
    let done = stop.run(world.command(&["doctor"]));
    assert_eq!((done.code, &*done.stderr), (130, "error: stopped: its account is erased\n"), "{done:?}");
    assert_eq!(asked(&world), ["list", "-", "revoke-keys", "suspend", "-"]);
}

#[test]
fn every_line_to_type_is_for_the_stack_that_was_looked_at() {
    let broken = "GET /2015-03-31/functions/ManageAccountFunctionName/configuration";
    let is_gone = json!({"__type": "ResourceNotFoundException", "Message": "not found"});
    for (name, change) in [
        ("gone", (broken, 404, is_gone)),
        ("immortal", ("GET /v1/authentication/self after", 200, json!({}))),
        ("dead", ("GET /v1/authentication/self", 403, json!({}))),
        ("unlisted", ("GetMetricData", 400, json!({}))),
    ] {
        let done = with(&format!("doctor-staging-{name}"), &[change]).run(&["doctor", "--json", "--stack", "staging"]);
        let fixes: Vec<_> =
            checks(&done).into_iter().filter_map(|check| check["fix"].as_str().map(str::to_owned)).collect();
        assert!(!fixes.is_empty(), "{done:?}");
        for fix in fixes {
            let named = if fix.starts_with("make ") { "STACK=staging" } else { "--stack staging" };
            let is_ours = fix.starts_with("make ") || fix.starts_with("api-keys ");
            assert!(!is_ours || fix.contains(named), "{name}: {fix}");
        }
    }
    let world = scripted("doctor-staging-left", |payload| match payload["action"].as_str() {
        Some("list") => Reply::Json(json!({"accounts": [], "nextCursor": null})),
        Some("revoke-keys") => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        Some("suspend") => Reply::Error("Conflict", "why"),
        _ => Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE})),
    });
    let done = world.run(&["doctor", "--json", "--stack", "staging"]);
    let fixes: Vec<_> =
        checks(&done).into_iter().filter_map(|check| check["fix"].as_str().map(str::to_owned)).collect();
    let ours: Vec<_> = fixes.iter().filter(|fix| fix.starts_with("api-keys ")).collect();
    assert_eq!(ours.len(), 2, "accounts upgrade, and what erases its account: {fixes:?}");
    for fix in ours {
        assert_eq!(fix.matches("api-keys ").count(), fix.matches("--stack staging").count(), "{fix}");
    }
}
