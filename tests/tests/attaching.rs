//! The examples of `docs/guides/attach-by-cdk-or-terraform.md` for CDK and Terraform work as described.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tests::documents;
use tests::template::{root, sample_api};

fn example(language: &str) -> String {
    let path = "docs/guides/attach-by-cdk-or-terraform.md";
    let document = documents::all().into_iter().find(|document| document.path == path).unwrap();
    document.blocks().into_iter().find(|block| block.language == language).unwrap().text
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
    fs::write(folder.join("app.ts"), example("ts") + "\napp.synth();\n").unwrap();
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
    assert!(of_type("AWS::ApiGateway::Method").iter().all(|method| method["AuthorizationType"] == "CUSTOM"));
    assert!(of_type("AWS::ApiGatewayV2::Route").iter().all(|route| route["AuthorizationType"] == "CUSTOM"));
    let rules = json!("GET/orders:SMS,orders:RCS");
    assert_eq!(of_type("AWS::ApiGateway::Stage")[0]["Variables"]["routeOperations"], rules);
    assert_eq!(of_type("AWS::ApiGatewayV2::Stage")[0]["StageVariables"]["routeOperations"], rules);
}

/// No provider is there without a network, so this is the text alone.
#[test]
fn the_example_of_terraform_has_the_same_sources_and_no_cache() {
    let text = example("hcl");
    let list = text.lines().find_map(|line| line.trim().strip_prefix("identity_sources")).unwrap();
    let list: Vec<String> = serde_json::from_str(list.split_once('=').unwrap().1).unwrap();
    assert_eq!(list, sources());
    let has = |name: &str, value: &str| {
        let mut lines = text.lines().filter_map(|line| line.trim().split_once('='));
        lines.any(|(left, right)| left.trim() == name && right.trim() == value)
    };
    assert!(has("authorizer_result_ttl_in_seconds", "0") && has("enable_simple_responses", "false"));
    assert!(has("authorizer_payload_format_version", "\"2.0\"") && has("authorization_type", "\"CUSTOM\""));
    // With an alias in the function's name the provider replaces the permission at each `apply`.
    assert!(has("qualifier", "split(\":\", var.authorizer_arn)[7]") && !has("function_name", "var.authorizer_arn"));
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}
