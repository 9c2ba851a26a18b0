//! The examples of `docs/guides/attach-by-cdk-or-terraform.md` for CDK and Terraform work as described, and so does the handler of the
//! sample, part of which `docs/guides/attach.md` shows.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use tests::template::{root, sample_api, template};
use tests::{Gateway, documents};

fn examples(language: &str) -> Vec<String> {
    let path = "docs/guides/attach-by-cdk-or-terraform.md";
    let document = documents::all().into_iter().find(|document| document.path == path).unwrap();
    document.blocks().into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
}

fn tool(path: &str) -> PathBuf {
    let tool = root().join(".local/tools").join(path);
    assert!(tool.exists(), "a tool is missing: run `make checkers` first");
    tool
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let printed = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    assert!(output.status.success(), "{printed}");
}

/// The identity sources of the sample's HTTP API, which has the same as its REST APIs.
fn sources() -> Vec<String> {
    let sources = sample_api()["Resources"]["HttpAuthorizer"]["Properties"]["IdentitySource"].clone();
    serde_json::from_value(sources).unwrap()
}

#[test]
fn the_kinds_of_apis_of_the_sample_have_the_same_sources() {
    let sample = sample_api();
    for api in ["Api", "IntegrationApi", "RoutesApi"] {
        let identity = &sample["Resources"][api]["Properties"]["Auth"]["Authorizers"]["KeyAuthorizer"]["Identity"];
        let list = |name: &str, before: &str| {
            let names = identity[name].as_array().unwrap().iter();
            names.map(|name| format!("{before}.{}", name.as_str().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!([list("Headers", "$request.header"), list("Context", "$context")].concat(), sources(), "{api}");
    }
}

/// What CDK makes of the example.
fn synthesized() -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cdk");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("app.ts"), examples("ts").remove(0) + "\napp.synth();\n").unwrap();
    symlink(tool("cdk/node_modules"), folder.join("node_modules")).unwrap();
    let compiler = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck", "--types", "node"];
    run(Command::new(tool("openapi/node_modules/.bin/tsc"))
        .args(compiler)
        .arg("--typeRoots")
        .arg(tool("openapi/node_modules/@types"))
        .arg("app.ts")
        .current_dir(&folder));
    run(Command::new("node").arg("app.js").env("CDK_OUTDIR", folder.join("out")).current_dir(&folder));
    serde_json::from_str(&fs::read_to_string(folder.join("out/Orders.template.json")).unwrap()).unwrap()
}

#[test]
fn cdk_synthesizes_the_example() {
    let template = synthesized();
    let resources: Vec<_> = template["Resources"].as_object().unwrap().values().collect();
    let of_type = |name: &str| {
        let found = resources.iter().filter(|resource| resource["Type"] == name);
        found.map(|resource| &resource["Properties"]).collect::<Vec<_>>()
    };
    let import = json!({"Fn::ImportValue": "api-keys-AuthorizerArn"});
    let (rest, http) = (of_type("AWS::ApiGateway::Authorizer")[0], of_type("AWS::ApiGatewayV2::Authorizer")[0]);
    let of_rest = rest["IdentitySource"].as_str().unwrap().split(',');
    let of_rest: Vec<_> =
        of_rest.map(|source| source.replace("method.request", "$request").replacen("context", "$context", 1)).collect();
    assert_eq!(of_rest, sources());
    assert_eq!(http["IdentitySource"], json!(sources()));
    for authorizer in [rest, http] {
        assert_eq!(authorizer["AuthorizerResultTtlInSeconds"], 0);
        assert!(authorizer["AuthorizerUri"].to_string().contains(&import.to_string()));
        assert!(authorizer["EnableSimpleResponses"].is_null());
    }
    let allowed =
        of_type("AWS::Lambda::Permission").into_iter().filter(|permission| permission["FunctionName"] == import);
    assert_eq!(allowed.count(), 2, "both APIs may invoke the authorizer");
    // The role for logs is one for the whole AWS account.
    assert!(of_type("AWS::ApiGateway::Account").is_empty());
    assert!(of_type("AWS::ApiGateway::Method").iter().all(|method| method["AuthorizationType"] == "CUSTOM"));
    assert!(of_type("AWS::ApiGatewayV2::Route").iter().all(|route| route["AuthorizationType"] == "CUSTOM"));
    let rules = json!("GET/orders:SMS,orders:RCS");
    assert_eq!(of_type("AWS::ApiGateway::Stage")[0]["Variables"]["routeOperations"], rules);
    assert_eq!(of_type("AWS::ApiGatewayV2::Stage")[0]["StageVariables"]["routeOperations"], rules);
}

/// No provider is there without a network, so this is the text alone.
#[test]
fn the_example_of_terraform_has_the_same_sources_and_no_cache() {
    let [text, of_rest] = &examples("hcl")[..] else { panic!("one of an HTTP API, and one of a REST API") };
    let list = text.lines().find_map(|line| line.trim().strip_prefix("identity_sources")).unwrap();
    let list: Vec<String> = serde_json::from_str(list.split_once('=').unwrap().1).unwrap();
    assert_eq!(list, sources());
    let is_in = |text: &str, name: &str, value: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().split_once('='));
        lines.any(|(left, right)| left.trim() == name && right.trim() == value)
    };
    let has = |name: &str, value: &str| is_in(text, name, value);
    let names = sources().join(",").replace("$request", "method.request").replace('$', "");
    assert!(is_in(of_rest, "identity_source", &format!("\"{names}\"")) && is_in(of_rest, "type", "\"REQUEST\""));
    assert!(is_in(of_rest, "authorizer_result_ttl_in_seconds", "0") && is_in(of_rest, "authorization", "\"CUSTOM\""));
    assert!(of_rest.contains("redeployment = "), "a REST API without a new deployment is not protected");
    assert_eq!(of_rest.matches('{').count(), of_rest.matches('}').count());
    assert!(has("authorizer_result_ttl_in_seconds", "0") && has("enable_simple_responses", "false"));
    assert!(has("authorizer_payload_format_version", "\"2.0\"") && has("authorization_type", "\"CUSTOM\""));
    // With an alias in the function's name the provider replaces the permission at each `apply`.
    assert!(has("qualifier", "local.authorizer[7]") && !has("function_name", "var.authorizer_arn"));
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}

/// The blocks of the guide in a language.
fn shown(language: &str) -> Vec<String> {
    let document = documents::all().into_iter().find(|document| document.path == "docs/guides/attach.md").unwrap();
    document.blocks().into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
}

#[tokio::test]
async fn the_guide_shows_the_context_that_a_backend_gets() {
    let (_, admin) = Gateway::with_manager().await;
    let more = json!({
        "operations": ["SMS", "RCS"],
        "limits": [{"requests": 5, "per": "HOUR"}],
        "tags": {"team": "blue", "env": "prod"},
    });
    let key = admin.create_with(&more).await;
    let verdict = key.verdict_on("GET", "/sms", "/{proxy+}", &json!({"limitAnswer": "integration"})).await;

    let mut example: Map<String, Value> = serde_json::from_str(&shown("json")[0]).unwrap();
    assert_eq!(example.remove("principalId"), example.get("keyId").cloned());
    assert_eq!(verdict["principalId"], verdict["context"]["keyId"]);
    let context = verdict["context"].as_object().unwrap();
    assert_eq!(context.keys().collect::<Vec<_>>(), example.keys().collect::<Vec<_>>());
    assert!(context.values().chain(example.values()).all(Value::is_string), "{context:?}");
    for name in ["operations", "tags", "reason", "limited", "retryAfter", "rateLimitPolicy"] {
        assert_eq!(context[name], example[name], "{name}");
    }
    let until_the_time = |text: &Value| text.as_str().unwrap().split(";t=").next().map(str::to_owned);
    assert_eq!(until_the_time(&context["rateLimit"]), until_the_time(&example["rateLimit"]));
}

/// As this API's own template has them.
#[test]
fn the_gateway_responses_to_copy_have_the_statuses_and_codes_of_this_service() {
    let own = template()["Resources"]["Api"]["Properties"]["GatewayResponses"].clone();
    let blocks = shown("yaml");
    let block = blocks.iter().find(|text| text.starts_with("GatewayResponses:")).unwrap();
    let copied: Value = serde_yaml_ng::from_str(block).unwrap();
    let copied = copied["GatewayResponses"].as_object().unwrap();
    assert_eq!(copied.len(), 4);
    for (kind, response) in copied {
        let problem = |response: &Value| {
            let text = response["ResponseTemplates"]["application/json"].as_str().unwrap();
            let problem: Value = serde_json::from_str(text).unwrap();
            assert_eq!(problem["status"], response["StatusCode"], "{kind}");
            problem
        };
        let (copied, of_own) = (problem(response), problem(&own[kind]));
        assert_eq!((&copied["status"], &copied["code"]), (&of_own["status"], &of_own["code"]), "{kind}");
        let header = |response: &Value| response["ResponseParameters"]["Headers"]["WWW-Authenticate"].clone();
        assert_eq!(header(response), header(&own[kind]), "{kind}");
    }
}

/// What the sample's function answers to a caller with that context.
fn answered(context: &Value) -> Value {
    let code = sample_api()["Resources"]["SendFunction"]["Properties"]["InlineCode"].as_str().unwrap().to_owned();
    let event = json!({"requestContext": {"requestId": "one", "authorizer": context}});
    let script = format!("{code}\nimport sys\nprint(json.dumps(handler(json.loads(sys.argv[1]), None)))");
    let output = Command::new("python3").args(["-c", &script, &event.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_handler_of_the_sample_answers_limited_requests_with_a_429_that_names_the_limit() {
    let without = json!({"keyId": "one", "limited": "false", "retryAfter": "0"});
    let mut within = without.clone();
    within["rateLimit"] = json!("\"hour\";r=4;t=1338");
    within["rateLimitPolicy"] = json!("\"hour\";q=5;w=3600, \"account-month\";q=9");
    let mut over = within.clone();
    (over["limited"], over["retryAfter"]) = (json!("true"), json!("1338"));
    over["rateLimit"] = json!("\"account-month\";r=0;t=1338");

    let answer = answered(&without);
    assert_eq!(answer["statusCode"], 200);
    assert!(answer["headers"].get("RateLimit").is_none(), "{answer}");
    // Where an HTTP API has it.
    for context in [within.clone(), json!({"lambda": within})] {
        let answer = answered(&context);
        assert_eq!((&answer["statusCode"], &answer["headers"]["RateLimit"]), (&json!(200), &within["rateLimit"]));
        assert_eq!(serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap(), within);
    }
    for context in [over.clone(), json!({"lambda": over})] {
        let answer = answered(&context);
        let expected = json!({
            "Cache-Control": "no-store",
            "Content-Type": "application/problem+json",
            "RateLimit": over["rateLimit"],
            "RateLimit-Policy": over["rateLimitPolicy"],
            "Retry-After": "1338",
        });
        assert_eq!((&answer["statusCode"], &answer["headers"]), (&json!(429), &expected));
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let expected = json!({
            "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
            "title": "Too Many Requests",
            "status": 429,
            "code": "LIMITED",
            "detail": "The key or its account is over a limit.",
            "violated-policies": ["account-month"],
            "requestId": "one",
        });
        assert_eq!(problem, expected);
    }
}

/// Without the authorizer's word there is no answer, rather than one without a limit.
#[test]
fn the_handler_of_the_sample_fails_where_limited_is_missing() {
    let code = sample_api()["Resources"]["SendFunction"]["Properties"]["InlineCode"].as_str().unwrap().to_owned();
    let script = format!("{code}\nhandler({{'requestContext': {{'requestId': 'one', 'authorizer': {{}}}}}}, None)");
    assert!(!Command::new("python3").args(["-c", &script]).output().unwrap().status.success());
}

#[test]
fn the_guide_shows_what_the_sample_does() {
    let code = sample_api()["Resources"]["SendFunction"]["Properties"]["InlineCode"].as_str().unwrap().to_owned();
    let [shown] = &shown("python")[..] else { panic!("one block") };
    assert!(code.contains(shown.trim_end()), "{shown}");
}
