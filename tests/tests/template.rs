//! What an emulator would forgive, checked on the template as CloudFormation gets it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use api_keys::key::Period;
use api_keys::lambda::Code;
use serde_json::{Value, json};
use tests::template::{create_table_request, root, template};

/// `template.yaml` after SAM's transform, with the parameters' defaults.
static TRANSFORMED: LazyLock<Value> = LazyLock::new(|| {
    let python = root().join(".local/tools/sam/bin/python");
    assert!(python.exists(), "the tools are missing: run `make tools` first");
    let output = Command::new(python).arg(root().join("infra/local/stack.py")).arg("transform").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
});

fn resources(kind: &str) -> Vec<(&'static str, &'static Value)> {
    let all = TRANSFORMED["Resources"].as_object().unwrap();
    all.iter().filter(|(_, it)| it["Type"] == kind).map(|(name, it)| (name.as_str(), &it["Properties"])).collect()
}

fn only(kind: &str) -> &'static Value {
    let found = resources(kind);
    assert_eq!(found.len(), 1, "{kind}");
    found[0].1
}

fn api() -> &'static Value {
    &only("AWS::ApiGateway::RestApi")["Body"]
}

fn as_list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// An action, its resource and its condition.
type Permission = (String, String, String);

/// What the role of each function allows.
fn permissions() -> BTreeMap<&'static str, BTreeSet<Permission>> {
    let mut found = BTreeMap::new();
    for (name, role) in resources("AWS::IAM::Role") {
        if name == "ApiGatewayLogRole" {
            continue;
        }
        let logs_only = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        assert_eq!(role["ManagedPolicyArns"], json!([logs_only]), "{name}");
        let mut allowed = BTreeSet::new();
        for policy in role["Policies"].as_array().into_iter().flatten() {
            for statement in as_list(&policy["PolicyDocument"]["Statement"]) {
                // What a parameter adds is allowed with it, and nothing instead without.
                let statement = match &statement["Fn::If"] {
                    Value::Null => statement,
                    chosen => {
                        assert_eq!(
                            (&chosen[0], &chosen[2]),
                            (&json!("HasGithubToken"), &json!({"Ref": "AWS::NoValue"}))
                        );
                        chosen[1].clone()
                    }
                };
                assert_eq!(statement["Effect"], "Allow");
                for action in as_list(&statement["Action"]) {
                    for resource in as_list(&statement["Resource"]) {
                        let condition = statement["Condition"].to_string();
                        allowed.insert((action.as_str().unwrap().to_owned(), resource.to_string(), condition));
                    }
                }
            }
        }
        found.insert(name, allowed);
    }
    found
}

/// Marking a value in its partition, which holds the claim to it and its mark, and no keys; and requiring that there is no mark,
/// and that no key has it.
fn of_values(table: &Value) -> [Permission; 2] {
    let values = json!({"dynamodb:LeadingKeys": ["sha256#*"]});
    // A mark has no attribute but its key, so no claim can be written in its place.
    let marking = json!({"ForAllValues:StringLike": values,
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["accountId", "id"]}});
    [("PutItem", marking), ("ConditionCheckItem", in_a_transaction())]
        .map(|(action, condition)| (format!("dynamodb:{action}"), table.to_string(), condition.to_string()))
}

/// Recording that a request was carried out, where no key is, in its transaction.
fn of_requests(table: &Value) -> Permission {
    let recording = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#requests"]},
        "ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}});
    ("dynamodb:PutItem".to_owned(), table.to_string(), recording.to_string())
}

/// Looking through keys, writing on one the notice of its end, with its event; and how far that has come, where no key is.
fn of_notices(table: &Value) -> [Permission; 4] {
    let known = ["accountId", "id", "noticed", "lastEvent", "suspension", "held", "enabled", "expiresAt"];
    let noting = json!({"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": known}});
    let keeping = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["notices"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}});
    [("GetItem", Value::Null), ("Query", Value::Null), ("UpdateItem", noting), ("PutItem", keeping)]
        .map(|(action, condition)| (format!("dynamodb:{action}"), table.to_string(), condition.to_string()))
}

/// A write that needs no answer gets nothing back of what was there.
fn nothing_back() -> Value {
    json!({"dynamodb:ReturnValues": "NONE"})
}

/// Counting requests: those of limits where no key is, and those that usage has.
fn of_counters(table: &Value, usage: &Value) -> [Permission; 2] {
    let of_limits = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*#limits"]}});
    let of_usage = json!({"StringEqualsIfExists": nothing_back()});
    [(table, of_limits), (usage, of_usage)]
        .map(|(table, condition)| ("dynamodb:UpdateItem".to_owned(), table.to_string(), condition.to_string()))
}

/// What create-account writes of the account.
const NEW_ACCOUNT: [&str; 9] =
    ["accountId", "id", "suspension", "revision", "company", "ceiling", "plan", "externalId", "accountLimits"];

#[test]
fn each_function_may_do_what_it_does_and_no_more() {
    let table = json!({"Fn::GetAtt": ["KeyTable", "Arn"]});
    let events = json!({"Fn::GetAtt": ["EventTable", "Arn"]});
    let usage = json!({"Fn::GetAtt": ["UsageTable", "Arn"]});
    let index = json!({"Fn::Sub": "${KeyTable.Arn}/index/by-key-hash"});
    let on = |table: &Value, action: &str| (format!("dynamodb:{action}"), table.to_string(), Value::Null.to_string());
    let on_table = |action: &str| on(&table, action);
    let on_index = on(&index, "Query");
    // What is written in a transaction with its event, and in no other way.
    let with_event = |action: &str| (format!("dynamodb:{action}"), table.to_string(), in_a_transaction().to_string());
    // A role that appends events may do nothing else with them.
    let append = ("dynamodb:PutItem".to_owned(), events.to_string(), in_a_transaction().to_string());
    let nothing_back = nothing_back();
    let only = |attributes: &[&str]| {
        let attributes = json!({"dynamodb:Attributes": attributes});
        let condition = json!({"ForAllValues:StringEquals": attributes, "StringEqualsIfExists": nothing_back});
        ("dynamodb:UpdateItem".to_owned(), table.to_string(), condition.to_string())
    };
    let writing = |transacted: &[&str], plain: &[&str]| {
        let transacted = transacted.iter().map(|action| with_event(action));
        let plain = plain.iter().map(|action| on_table(action));
        transacted.chain(plain).chain([append.clone()]).collect::<BTreeSet<_>>()
    };
    let with = |mut allowed: BTreeSet<_>, one| {
        allowed.insert(one);
        allowed
    };
    let creating = writing(&["PutItem"], &["GetItem", "Query", "UpdateItem"]);
    let bus =
        json!({"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBusName}"});
    let stream = json!({"Fn::GetAtt": ["EventTable", "StreamArn"]});
    let publish = ("events:PutEvents".to_owned(), bus.to_string(), Value::Null.to_string());
    let record_request = of_requests(&table);
    let [mark_value, refuse_reported] = of_values(&table);
    let secret = json!({"Ref": "GithubTokenSecretArn"});
    let read_token = ("secretsmanager:GetSecretValue".to_owned(), secret.to_string(), Value::Null.to_string());
    let used = only(&["accountId", "id", "lastUsedAt", "previousLastUsedAt", "previousLastUsedOf"]);
    let checking: BTreeSet<_> =
        of_counters(&table, &usage).into_iter().chain([on_table("GetItem"), on_index.clone(), used]).collect();
    let expected = BTreeMap::from([
        ("AuthorizerFunctionRole", checking.clone()),
        ("CreateAccountFunctionRole", with(writing(&["PutItem"], &["GetItem"]), only(&NEW_ACCOUNT))),
        ("CreateKeyFunctionRole", creating.clone()),
        (
            "DeleteKeyFunctionRole",
            with(writing(&["DeleteItem"], &["GetItem"]), only(&["accountId", "id", "deletions"])),
        ),
        (
            "EraseAccountFunctionRole",
            [on(&events, "DeleteItem"), on(&events, "Query"), on(&usage, "DeleteItem"), on(&usage, "Query")]
                .into_iter()
                .fold(writing(&["UpdateItem"], &["GetItem", "DeleteItem", "Query"]), with),
        ),
        ("FindKeyFunctionRole", BTreeSet::from([on_table("GetItem"), on_index.clone()])),
        ("ImportKeysFunctionRole", with(with(creating, on_index.clone()), refuse_reported)),
        ("ListEventsFunctionRole", BTreeSet::from([on(&events, "Query")])),
        ("ListKeysFunctionRole", BTreeSet::from([on_table("GetItem"), on_table("Query")])),
        (
            "ManageAccountFunctionRole",
            [on(&events, "Query"), on(&usage, "Query")]
                .into_iter()
                .fold(writing(&["PutItem", "DeleteItem"], &["BatchGetItem", "GetItem", "Query", "UpdateItem"]), with),
        ),
        ("NotifyExpiryFunctionRole", of_notices(&table).into_iter().chain([append.clone()]).collect()),
        (
            "PublishEventsFunctionRole",
            BTreeSet::from([
                on(&events, "Query"),
                publish,
                on(&stream, "DescribeStream"),
                on(&stream, "GetRecords"),
                on(&stream, "GetShardIterator"),
                on(&json!("*"), "ListStreams"),
            ]),
        ),
        ("ReadAccountFunctionRole", BTreeSet::from([on_table("GetItem")])),
        ("ReadUsageFunctionRole", BTreeSet::from([on(&usage, "Query")])),
        (
            "ReportLeaksFunctionRole",
            [on_index.clone(), mark_value, read_token].into_iter().fold(writing(&["UpdateItem"], &["GetItem"]), with),
        ),
        ("RotateKeyFunctionRole", with(writing(&["UpdateItem"], &["GetItem"]), record_request)),
        ("ServeConsoleFunctionRole", BTreeSet::new()),
        ("UpdateKeyFunctionRole", writing(&["UpdateItem"], &["GetItem"])),
        ("VerifyKeyFunctionRole", checking),
    ]);

    assert_eq!(permissions(), expected);
}

/// AWS's way to allow what a transaction does, and not the same as a call of its own.
fn in_a_transaction() -> Value {
    json!({"ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}})
}

/// What is written without an event, by its function: counts, marks, uses, and what an erasing removes.
const WITHOUT_EVENT: [(&str, &str); 8] = [
    ("AuthorizerFunctionRole", "UpdateItem"),
    ("CreateAccountFunctionRole", "UpdateItem"),
    ("CreateKeyFunctionRole", "UpdateItem"),
    ("DeleteKeyFunctionRole", "UpdateItem"),
    ("EraseAccountFunctionRole", "DeleteItem"),
    ("ImportKeysFunctionRole", "UpdateItem"),
    ("ManageAccountFunctionRole", "UpdateItem"),
    ("VerifyKeyFunctionRole", "UpdateItem"),
];

#[test]
fn no_function_writes_a_key_or_an_event_but_both_in_one_transaction() {
    let mut transacted = 0;
    for (role, allowed) in permissions() {
        for (action, resource, condition) in allowed {
            let action = action.strip_prefix("dynamodb:").unwrap_or_default();
            if !["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "BatchWriteItem"].contains(&action) {
                continue;
            }
            // Further conditions may only narrow it.
            let condition: Value = serde_json::from_str(&condition).unwrap();
            if condition["ForAnyValue:StringEquals"] == in_a_transaction()["ForAnyValue:StringEquals"] {
                transacted += 1;
                continue;
            }
            let partitions = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            let of_no_key = [json!(["sha256#*"]), json!(["notices"])].contains(partitions);
            let is_known = WITHOUT_EVENT.contains(&(role, action)) || of_no_key;
            assert!(is_known, "{role} may {action} on {resource} without an event");
        }
    }
    assert!(transacted >= 18, "{transacted}");
}

#[test]
fn every_route_that_needs_a_key_asks_the_authorizer_each_time() {
    /// What is the same for everybody, and reports, whose proof is the value that they report.
    const OPEN: [&str; 4] = ["get /console", "get /console/{file}", "get /openapi.json", "post /leaks"];
    let scheme = &api()["components"]["securitySchemes"]["KeyAuthorizer"]["x-amazon-apigateway-authorizer"];
    assert_eq!(scheme["type"], "request");
    assert_eq!(scheme["authorizerResultTtlInSeconds"], 0);
    // A verdict on a look-up is for that one alone.
    let sources = "method.request.header.X-API-Key, context.identity.sourceIp, context.httpMethod, context.path";
    assert_eq!(scheme["identitySource"], sources);
    assert_eq!(only("AWS::ApiGateway::Stage")["Variables"], json!({"keyService": "true"}));
    let mut routes = BTreeSet::new();
    for (path, methods) in api()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let route = format!("{method} {path}");
            let authorizer = if OPEN.contains(&&*route) { "NONE" } else { "KeyAuthorizer" };
            assert_eq!(operation["security"], json!([{authorizer: []}]), "{route}");
            routes.insert(route);
        }
    }
    // `openapi` holds which routes there are.
    assert!(OPEN.iter().all(|open| routes.contains(*open)) && routes.len() > OPEN.len(), "{routes:?}");
}

#[test]
fn no_level_of_a_path_has_two_variables() {
    let mut variables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in api()["paths"].as_object().unwrap().keys() {
        let segments: Vec<_> = path.split('/').collect();
        for (at, segment) in segments.iter().enumerate().filter(|(_, segment)| segment.starts_with('{')) {
            variables.entry(segments[..at].join("/")).or_default().insert((*segment).to_owned());
        }
    }
    assert!(variables.values().all(|names| names.len() == 1), "API Gateway refuses {variables:?}");
}

#[test]
fn what_is_invoked_and_the_authorizer_are_on_no_route() {
    let paths = api()["paths"].to_string();
    let invoked = [
        "CreateAccountFunction",
        "EraseAccountFunction",
        "ImportKeysFunction",
        "ManageAccountFunction",
        "VerifyKeyFunction",
    ];
    for function in invoked.into_iter().chain(["AuthorizerFunction", "NotifyExpiryFunction"]) {
        assert!(TRANSFORMED["Resources"][function].is_object() && !paths.contains(function), "{function}");
    }
    for (name, permission) in resources("AWS::Lambda::Permission") {
        let function = permission["FunctionName"].to_string();
        assert!(invoked.iter().all(|invoked| !function.contains(invoked)), "{name}");
    }
}

#[test]
fn notices_are_written_by_a_schedule_that_may_do_that_alone() {
    let rule = only("AWS::Events::Rule");
    assert_eq!(rule["ScheduleExpression"], "rate(1 hour)");
    assert_eq!(rule["State"], json!({"Fn::If": ["HasNotices", "ENABLED", "DISABLED"]}));
    let [target] = &rule["Targets"].as_array().unwrap()[..] else { panic!("{rule}") };
    let function = json!({"Fn::GetAtt": ["NotifyExpiryFunction", "Arn"]});
    assert_eq!((&target["Arn"], &target["Input"]), (&function, &json!("{}")), "what the function takes");
    // One that could not be begun for an hour is not wanted any more, and none is lost for good: the next one goes on.
    let retries = json!({"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 2});
    assert_eq!(target["RetryPolicy"], retries);
    let asynchronous = only("AWS::Lambda::EventInvokeConfig");
    for (name, value) in retries.as_object().unwrap() {
        assert_eq!(asynchronous[name], *value, "{name}");
    }
    let (name, _) = resources("AWS::Events::Rule")[0];
    let permissions = resources("AWS::Lambda::Permission");
    let permissions: Vec<_> =
        permissions.iter().filter(|(_, it)| it["Principal"] == "events.amazonaws.com").map(|(_, it)| it).collect();
    assert_eq!(permissions.len(), 1);
    assert_eq!(permissions[0]["SourceArn"], json!({"Fn::GetAtt": [name, "Arn"]}));
    assert_eq!(permissions[0]["FunctionName"], json!({"Ref": "NotifyExpiryFunction"}));
    let conditions = &TRANSFORMED["Conditions"];
    assert_eq!(conditions["HasNotices"], json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "ExpiryNoticeDays"}, ""]}]}));
}

#[test]
fn what_reads_events_of_notices_is_deployed_before_what_writes_them() {
    let waits_for = waits_for("NotifyExpiryFunction");
    for function in ["PublishEventsFunction", "ListEventsFunction", "ManageAccountFunction"] {
        assert!(waits_for.contains(function), "{function}");
    }
}

#[test]
fn verify_key_has_a_url_where_it_is_wanted_and_for_signed_requests_alone() {
    let url = only("AWS::Lambda::Url");
    let function = json!({"Fn::GetAtt": ["VerifyKeyFunction", "Arn"]});
    assert_eq!(*url, json!({"TargetFunctionArn": function, "AuthType": "AWS_IAM"}));
    let template = template();
    for part in [&template["Resources"]["VerifyKeyUrl"], &template["Outputs"]["VerifyUrl"]] {
        assert_eq!(part["Condition"], "HasVerifyUrl");
    }
    assert_eq!(template["Conditions"]["HasVerifyUrl"], json!({"Fn::Equals": [{"Ref": "VerifyUrl"}, "enabled"]}));
    assert_eq!(template["Parameters"]["VerifyUrl"]["Default"], "disabled");
}

#[test]
fn no_log_and_no_trace_holds_a_path() {
    let stage = only("AWS::ApiGateway::Stage");
    let format = stage["AccessLogSetting"]["Format"].as_str().unwrap();
    assert!(format.contains("$context.resourcePath"));
    for leak in
        ["$context.path", "$context.identity.apiKey", "$context.authorizer.error", "$input", "$context.error.message"]
    {
        assert!(!format.contains(leak), "{leak}");
    }
    let example: Value = serde_json::from_str(format).expect("a line of the access log is JSON");
    assert_eq!(example["route"], "$context.resourcePath");
    assert!(!format.contains('\n'), "API Gateway takes one line");
    let settings = stage["MethodSettings"].as_array().unwrap();
    for (method, path) in [("POST", "/~1leaks"), ("GET", "/~1openapi.json")] {
        let own = settings.iter().find(|each| each["ResourcePath"] == path && each["HttpMethod"] == method);
        assert_eq!(own.unwrap()["ThrottlingRateLimit"], 5, "anybody may call {path}");
    }
    for settings in settings {
        assert_eq!(settings["DataTraceEnabled"], false);
        assert_eq!(settings["LoggingLevel"], "OFF");
        assert!(settings["ThrottlingRateLimit"].is_object() || settings["ThrottlingRateLimit"].is_number());
    }
    assert_ne!(stage["TracingEnabled"], json!(true));
    for (name, function) in resources("AWS::Lambda::Function") {
        assert_eq!(function["TracingConfig"], Value::Null, "{name}");
    }
}

#[test]
fn the_gateways_own_answers_are_problems_too() {
    let expected = BTreeMap::from([
        ("ACCESS_DENIED", 403),
        ("API_CONFIGURATION_ERROR", 500),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500),
        ("AUTHORIZER_FAILURE", 500),
        ("BAD_REQUEST_BODY", 400),
        ("BAD_REQUEST_PARAMETERS", 400),
        ("DEFAULT_4XX", 400),
        ("DEFAULT_5XX", 500),
        ("EXPIRED_TOKEN", 403),
        ("INTEGRATION_FAILURE", 502),
        ("INTEGRATION_TIMEOUT", 504),
        ("INVALID_API_KEY", 403),
        ("INVALID_SIGNATURE", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("QUOTA_EXCEEDED", 429),
        ("REQUEST_TOO_LARGE", 413),
        ("RESOURCE_NOT_FOUND", 404),
        ("THROTTLED", 429),
        ("UNAUTHORIZED", 401),
        ("WAF_FILTERED", 403),
    ]);
    let responses = api()["x-amazon-apigateway-gateway-responses"].as_object().unwrap();
    assert_eq!(responses.keys().map(String::as_str).collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
    for (name, status) in expected {
        let response = &responses[name];
        assert_eq!(response["statusCode"], status.to_string(), "{name}");
        let mut headers = json!({
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
            "gatewayresponse.header.Cache-Control": "'no-store'",
        });
        match status {
            401 => headers["gatewayresponse.header.WWW-Authenticate"] = json!("'ApiKey'"),
            429 => headers["gatewayresponse.header.Retry-After"] = json!("'1'"),
            _ => {}
        }
        assert_eq!(response["responseParameters"], headers, "{name}");
        let template = response["responseTemplates"]["application/json"].as_str().unwrap();
        let problem: Value = serde_json::from_str(template).unwrap();
        assert_eq!(problem["status"], status, "{name}");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["requestId"], "$context.requestId");
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        let mut variables = vec!["$context.requestId"];
        if name == "ACCESS_DENIED" {
            // One status, and several reasons.
            variables.insert(0, "$context.authorizer.reason");
            assert_eq!(problem["code"], variables[0]);
        } else {
            let code: Code = serde_json::from_value(problem["code"].clone()).unwrap();
            assert_eq!(code.status().as_u16(), status, "{name}");
        }
        let found: Vec<_> =
            template.split('$').skip(1).map(|rest| format!("${}", rest.split('"').next().unwrap())).collect();
        assert_eq!(found, variables, "nothing else of the request or the cause is in {name}");
    }
}

#[test]
fn the_tables_outlive_mistakes() {
    for name in ["KeyTable", "EventTable"] {
        outlives_mistakes(&template()["Resources"][name]);
    }
}

fn outlives_mistakes(table: &Value) {
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    let properties = &table["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(properties["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(properties["TimeToLiveSpecification"], json!({"AttributeName": "purgeAt", "Enabled": true}));
    assert_eq!(properties["TableName"], Value::Null, "a fixed name stops a second stack");
}

#[test]
fn the_table_has_the_keys_of_the_design() {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let request = create_table_request("KeyTable", "keys");
    for request in [&request, &create_table_request("EventTable", "events")] {
        assert_eq!(request["BillingMode"], "PAY_PER_REQUEST");
        assert_eq!(request["KeySchema"], json!([key("accountId", "HASH"), key("id", "RANGE")]));
    }
    assert_eq!(
        request["GlobalSecondaryIndexes"],
        json!([{"IndexName": "by-key-hash", "KeySchema": [key("keyHash", "HASH")], "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    );
}

#[test]
fn every_log_is_kept_as_long_as_the_parameter_sets() {
    let groups = resources("AWS::Logs::LogGroup");
    for (name, group) in &groups {
        assert!(!group["RetentionInDays"].is_null(), "{name}");
    }
    for (name, function) in resources("AWS::Lambda::Function") {
        let group = function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap();
        assert!(groups.iter().any(|(known, _)| known == &group), "{name} writes to a group of its own");
    }
}

#[test]
fn every_api_asks_the_authorizer_by_its_alias() {
    let alias = json!({"Ref": "AuthorizerFunctionAliaslive"});
    let output = &TRANSFORMED["Outputs"]["AuthorizerArn"];
    assert_eq!(output["Value"], alias);
    assert_eq!(output["Export"]["Name"], json!({"Fn::Sub": "${AWS::StackName}-AuthorizerArn"}));
    let scheme = &api()["components"]["securitySchemes"]["KeyAuthorizer"]["x-amazon-apigateway-authorizer"];
    assert_eq!(scheme["authorizerUri"]["Fn::Sub"][1], json!({"__FunctionArn__": alias}));
    let permissions = resources("AWS::Lambda::Permission");
    let of_authorizer: Vec<_> = permissions.iter().filter(|(name, _)| name.contains("Authorizer")).collect();
    assert_eq!(of_authorizer.len(), 1);
    assert_eq!(of_authorizer[0].1["FunctionName"], alias);
    assert_eq!(of_authorizer[0].1["Principal"], "apigateway.amazonaws.com");
}

#[test]
fn a_change_of_any_parameter_publishes_the_authorizer_anew() {
    let version = only("AWS::Lambda::Version")["Description"]["Fn::Sub"].as_str().unwrap();
    let function = &TRANSFORMED["Resources"]["AuthorizerFunction"]["Properties"];
    // A role with another path is another role, and a version goes on with the one that it was published with.
    let path_of_role = &TRANSFORMED["Resources"]["AuthorizerFunctionRole"]["Properties"]["Path"];
    let used = references(function).into_iter().chain(references(path_of_role));
    let used: BTreeSet<_> = used.filter(|name| TRANSFORMED["Parameters"][name].is_object()).collect();
    assert!(used.contains("AcceptImportedKeys"), "{used:?}");
    for parameter in used {
        assert!(version.contains(&format!("${{{parameter}}}")), "{parameter} is not in {version}");
    }
    let authorizer = &template()["Resources"]["AuthorizerFunction"]["Properties"];
    assert_eq!(authorizer["AutoPublishAliasAllProperties"], true, "and so does a change of the template");
}

#[test]
fn the_description_of_the_authorizers_version_has_room_for_the_longest_values() {
    // With `KeyLimits` of every period, which are up to 900000000.
    let longest = |name: &str| {
        if name == "KeyLimits" {
            return Period::ALL.iter().map(|period| period.as_str().len() + ",900000000/".len()).sum();
        }
        let parameter = &TRANSFORMED["Parameters"][name];
        let allowed = parameter["AllowedValues"].as_array().into_iter().flatten();
        let allowed = allowed.filter_map(|value| value.as_str().map(str::len));
        let bound = parameter["MaxLength"].as_u64().and_then(|bound| usize::try_from(bound).ok());
        allowed.max().or(bound).unwrap_or_else(|| panic!("{name} has no bound"))
    };
    let text = only("AWS::Lambda::Version")["Description"]["Fn::Sub"].as_str().unwrap();
    let names = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap());
    let (holders, values): (Vec<_>, Vec<_>) = names.map(|name| (name.len() + "${}".len(), longest(name))).unzip();
    let length = text.len() - holders.iter().sum::<usize>() + values.iter().sum::<usize>();
    assert!(length <= 256, "{length}");
}

#[test]
fn every_role_has_the_boundary_and_the_path_that_are_given() {
    let given =
        |condition: &str, parameter: &str| json!({"Fn::If": [condition, {"Ref": parameter}, {"Ref": "AWS::NoValue"}]});
    for (name, role) in resources("AWS::IAM::Role") {
        assert_eq!(role["PermissionsBoundary"], given("HasPermissionsBoundary", "PermissionsBoundary"), "{name}");
        assert_eq!(role["Path"], given("HasRolePath", "RolePath"), "{name}");
    }
    let conditions = &TRANSFORMED["Conditions"];
    for (condition, parameter, none) in
        [("HasPermissionsBoundary", "PermissionsBoundary", ""), ("HasRolePath", "RolePath", "/")]
    {
        assert_eq!(TRANSFORMED["Parameters"][parameter]["Default"], none);
        assert_eq!(conditions[condition], json!({"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, none]}]}));
    }
}

/// What a part of the template refers to; parameters in the text of an `Fn::Sub` are not among it.
fn references(part: &Value) -> BTreeSet<&str> {
    match part {
        Value::Object(fields) => {
            let own = match fields.iter().next() {
                Some((key, name)) if key == "Ref" => name.as_str(),
                Some((key, path)) if key == "Fn::GetAtt" => path[0].as_str(),
                _ => None,
            };
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn the_stage_waits_for_the_role_that_writes_its_log() {
    let all = TRANSFORMED["Resources"].as_object().unwrap();
    for (name, resource) in all {
        for waited_for in as_list(&resource["DependsOn"]).iter().filter_map(Value::as_str) {
            assert!(all[waited_for]["Condition"].is_null(), "{name} waits for what may not be there");
        }
    }
    let (stage, _) = resources("AWS::ApiGateway::Stage")[0];
    assert!(waits_for(stage).contains("ApiGatewayAccount"), "{:?}", waits_for(stage));
}

#[test]
fn the_role_for_logs_is_set_when_there_is_an_api() {
    let (api, _) = resources("AWS::ApiGateway::RestApi")[0];
    assert!(waits_for("ApiGatewayAccount").contains(api), "AWS refuses it in an account that never had an API");
}

#[test]
fn no_resource_waits_for_itself() {
    let all = TRANSFORMED["Resources"].as_object().unwrap();
    for name in all.keys() {
        assert!(!waits_for(name).contains(&**name), "{name} waits for {:?}", waits_for(name));
    }
    assert!(waits_for("Api").contains("KeyTable"), "by a function, whose ARN stands in a text");
}

/// The resources that must be there before this one, by references, texts of `Fn::Sub` and `DependsOn`.
fn waits_for(resource: &str) -> BTreeSet<&'static str> {
    let all = TRANSFORMED["Resources"].as_object().unwrap();
    let mut found = BTreeSet::new();
    let mut next = vec![&all[resource]];
    while let Some(part) = next.pop() {
        let depends_on = part["DependsOn"].as_str().into_iter();
        let listed = part["DependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in references(part).into_iter().chain(names_in_texts(part)).chain(depends_on).chain(listed) {
            if let Some((name, resource)) = all.get_key_value(name)
                && found.insert(&**name)
            {
                next.push(resource);
            }
        }
    }
    found
}

/// What the texts of each `Fn::Sub` name: `${Name}` and `${Name.Attribute}`.
fn names_in_texts(part: &Value) -> BTreeSet<&str> {
    match part {
        Value::Object(fields) => {
            let text = fields.get("Fn::Sub").map(|sub| sub.as_str().or(sub[0].as_str()).unwrap_or_default());
            let names = text.into_iter().flat_map(|text| text.split("${").skip(1));
            let names = names.map(|rest| rest.split(['.', '}']).next().unwrap_or_default());
            names.chain(fields.values().flat_map(names_in_texts)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(names_in_texts).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn two_stacks_in_a_region_share_no_metric() {
    let stack = json!({"Ref": "AWS::StackName"});
    for function in ["AuthorizerFunction", "PublishEventsFunction", "VerifyKeyFunction"] {
        let variables = &TRANSFORMED["Resources"][function]["Properties"]["Environment"]["Variables"];
        assert_eq!(variables["STACK_NAME"], stack, "{function}");
    }
}

#[test]
fn operators_find_what_they_need() {
    for name in [
        "ApiUrl",
        "TableName",
        "CreateAccountFunctionName",
        "EraseAccountFunctionName",
        "ImportKeysFunctionName",
        "ManageAccountFunctionName",
        "VerifyFunctionName",
        "VerifyFunctionArn",
        "VerifyUrl",
    ] {
        assert!(!TRANSFORMED["Outputs"][name]["Value"].is_null(), "{name}");
    }
}

#[test]
fn the_parameters_have_the_defaults_of_the_readme() {
    let parameters = template()["Parameters"].clone();
    for (name, default) in [
        ("KeyPrefix", json!("ak_live")),
        ("Operations", json!("SMS,RCS,WHATSAPP")),
        ("TrafficTypes", json!("TRANSACTIONAL,PROMOTIONAL,OTP")),
        ("AuthorizerCacheSeconds", json!(0)),
        ("AcceptImportedKeys", json!("false")),
        ("MaxKeysPerAccount", json!("1000")),
        ("Architecture", json!("x86_64")),
        ("Console", json!("disabled")),
    ] {
        assert_eq!(parameters[name]["Default"], default, "{name}");
    }
}

#[test]
fn the_rights_that_deploying_needs_name_every_service_of_the_template() {
    let page = fs::read_to_string(root().join("docs/guides/deploy.md")).unwrap();
    let (_, rights) = page.split_once("\n## The rights that deploying needs\n").unwrap();
    let services: BTreeSet<&str> =
        rights.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    for resource in TRANSFORMED["Resources"].as_object().unwrap().values() {
        let kind = resource["Type"].as_str().unwrap();
        let service = match kind.split("::").nth(1).unwrap() {
            "ApiGateway" => "API Gateway",
            "CloudWatch" => "CloudWatch",
            "Events" => "EventBridge",
            "Logs" => "CloudWatch Logs",
            other => other,
        };
        assert!(services.contains(service), "{kind}: {services:?}");
    }
}

#[test]
fn every_event_is_tried_for_six_hours_and_one_that_is_bad_holds_up_no_others() {
    let mapping = only("AWS::Lambda::EventSourceMapping");
    assert_eq!(mapping["EventSourceArn"], json!({"Fn::GetAtt": ["EventTable", "StreamArn"]}));
    assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!((&mapping["MaximumRecordAgeInSeconds"], &mapping["MaximumRetryAttempts"]), (&json!(21600), &json!(-1)));
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON", "what is written during the deployment is published too");
    let pattern = mapping["FilterCriteria"]["Filters"][0]["Pattern"].as_str().unwrap();
    let pattern: Value = serde_json::from_str(pattern).unwrap();
    assert_eq!(pattern, json!({"eventName": ["INSERT", "MODIFY"]}), "removals by the time to live invoke no function");
}

/// A header cannot depend on the reason there, so it would have a client come back that is refused for good.
#[test]
fn a_gateways_refusal_has_the_time_to_come_back_in_its_body_alone() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sample = std::fs::read_to_string(root().join("tests/sample-api/template.yaml")).unwrap();
    for (text, end) in [(&readme, "```"), (&sample, "IntegrationApi:")] {
        let denied = text.split("ACCESS_DENIED:").nth(1).unwrap().split(end).next().unwrap();
        assert!(denied.contains("$context.authorizer.retryAfter"), "{denied}");
        assert!(!denied.contains("Retry-After"), "{denied}");
    }
    assert!(sample.contains("Variables: {limitAnswer: integration}"));
}
