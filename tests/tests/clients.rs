//! Clients that generators make of `infra/openapi.yaml`, and the programs of `docs/guides/clients.md` with them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tests::template::root;
use tests::values::without_values;
use tests::{Client, Gateway, Socket, documents};
use tokio::process::Command;

/// What answers hold, with all of their fields.
const WHOLE: [&str; 11] = [
    "Actor",
    "Event",
    "EventPage",
    "FieldChange",
    "FieldError",
    "Key",
    "KeyPage",
    "LeakFeedback",
    "LeakReport",
    "Usage",
    "UsageBucket",
];

fn document() -> Value {
    serde_yaml_ng::from_str(&fs::read_to_string(root().join("infra/openapi.yaml")).unwrap()).unwrap()
}

/// The schemas of objects, by name.
fn objects(document: &Value) -> Vec<(&String, &Value)> {
    let schemas = document["components"]["schemas"].as_object().unwrap();
    schemas.iter().filter(|(_, schema)| schema["type"] == "object" || schema["allOf"].is_array()).collect()
}

/// The program in a language that the document has.
fn program(language: &str) -> String {
    let document = documents::all().into_iter().find(|document| document.path == "docs/guides/clients.md").unwrap();
    let text = document.blocks().into_iter().find(|block| block.language == language).unwrap().text;
    let lines = text.lines().filter(|line| !line.is_empty()).count();
    assert!((20..=50).contains(&lines), "{language}: {lines} lines");
    text
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn tool(path: &str) -> PathBuf {
    let tool = root().join(".local/tools").join(path);
    assert!(tool.exists(), "a tool is missing: run `make checkers` first");
    tool
}

/// What a command prints; it must succeed.
async fn printed(command: &mut Command) -> String {
    let output = command.output().await.unwrap();
    let printed = [&output.stdout, &output.stderr].map(|text| without_values(&String::from_utf8_lossy(text)));
    // The command itself has a value in its environment.
    assert!(output.status.success(), "{}", printed.concat());
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program as the manager of an account that has two keys, and looks at what it did.
async fn run(command: &mut Command, client: &str) {
    let (gateway, admin) = Gateway::with_manager().await;
    let other = admin.create_key(&["SMS"]).await;
    let socket = Socket::of(&gateway).await;

    command.envs([("API_URL", &socket.url), ("API_KEY", &admin.value)]);
    let printed = printed(command.envs(["NO_PROXY", "no_proxy"].map(|name| (name, "*")))).await;

    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 4, "{client}: three pages, and the rotation: {}", without_values(&printed));
    let id = lines[0].split(' ').next().unwrap();
    assert_eq!(lines[0], format!("{id} Grace ACTIVE"));
    assert_eq!(lines[1..3], [format!("{} Grace ACTIVE", other.id), format!("{} Ada ACTIVE", admin.id)]);
    assert!(lines[3].starts_with("the new value has 10"), "{client}: {}", lines[3]);
    let lost_answers = ["key.rotated", "key.rotated", "key.changed", "key.rotated", "key.created"];
    assert_eq!(done(&admin, id).await[..2], ["key.deleted", "key.changed"]);
    assert_eq!(done(&admin, id).await[2..], lost_answers, "{client}: after a lost answer, one rotation more");
    assert_eq!(socket.names(), 5, "{client}");
    assert_eq!(admin.get(&format!("/authentication/{id}")).await.status, 404);
    assert!(socket.throttled() > 1, "{client} tries again");
    // What `Retry-After` asks for, less what a timer may be early by.
    assert!(socket.shortest_pause() >= Duration::from_millis(990), "{client}: {:?}", socket.shortest_pause());
}

/// The types of a key's events, the newest first.
async fn done(admin: &Client, id: &str) -> Vec<String> {
    let events = admin.get(&format!("/authentication/events?keyId={id}")).await;
    let events = events.body["events"].as_array().unwrap().clone();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_typescript_client_has_names_and_required_fields_and_its_program_runs() {
    let folder = folder("typescript");
    let tools = tool("openapi/node_modules");
    symlink(&tools, folder.join("node_modules")).unwrap();
    fs::write(folder.join("package.json"), r#"{"type":"module"}"#).unwrap();
    let generate = tool("openapi/node_modules/.bin/openapi-typescript");
    let types = folder.join("api-keys.ts");
    printed(Command::new(generate).arg(root().join("infra/openapi.yaml")).arg("--output").arg(&types)).await;

    let text = fs::read_to_string(&types).unwrap();
    let (_, schemas) = text.split_once("    schemas: {\n").unwrap();
    let schemas = schemas.split("\n    };\n").next().unwrap();
    let is_name = |line: &&str| line.starts_with("        ") && line.as_bytes()[8].is_ascii_alphabetic();
    let names = schemas.lines().filter(is_name).map(|line| line.trim().split(':').next().unwrap());
    let document = document();
    let documented: BTreeSet<_> =
        document["components"]["schemas"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), documented);
    for (name, schema) in objects(&document).into_iter().filter(|(name, _)| WHOLE.contains(&name.as_str())) {
        let body =
            schemas.split(&format!("        {name}: {{\n")).nth(1).unwrap().split("\n        };").next().unwrap();
        for field in schema["properties"].as_object().unwrap().keys() {
            assert!(body.contains(&format!("            {field}: ")), "{name} always has {field}");
        }
    }

    fs::write(folder.join("program.ts"), program("ts")).unwrap();
    // A member that a later version adds.
    let later = r#"import type { components } from "./api-keys.js";
        type Schemas = components["schemas"];
        export const later: [Schemas["KeyStatus"], Schemas["Code"], Schemas["EventType"]] = ["LATER", "LATER", "LATER"];"#;
    fs::write(folder.join("later.ts"), later).unwrap();
    let options =
        ["--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022", "--types", "node"];
    let compile = tool("openapi/node_modules/.bin/tsc");
    printed(Command::new(compile).args(options).args(["program.ts", "later.ts"]).current_dir(&folder)).await;
    run(Command::new("node").arg("program.js").current_dir(&folder), "TypeScript").await;
}

#[tokio::test]
async fn the_python_client_has_names_and_required_fields_and_its_program_runs() {
    let folder = folder("python");
    let client = folder.join("api_keys_client");
    // The generator formats what it made with the ruff of its own environment.
    let path = format!("{}:{}", tool("openapi-python-client/bin").display(), std::env::var("PATH").unwrap());
    let generate = Command::new(tool("openapi-python-client/bin/openapi-python-client"))
        .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
        .arg(root().join("infra/openapi.yaml"))
        .arg("--output-path")
        .arg(&client)
        .env("PATH", path)
        .output()
        .await
        .unwrap();
    assert!(generate.status.success(), "{}", String::from_utf8_lossy(&generate.stdout));

    let document = document();
    let models = fs::read_to_string(client.join("models/__init__.py")).unwrap();
    let named = models.lines().filter_map(|line| line.split_once(" import ")).map(|(_, name)| name.to_owned());
    let documented = objects(&document).into_iter().map(|(name, _)| name.clone());
    assert_eq!(named.collect::<BTreeSet<_>>(), documented.chain(["Bucket".to_owned()]).collect());
    for name in WHOLE {
        let file = client.join("models").join(snake(name) + ".py");
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("Unset"), "{name} always has each of its fields");
    }

    fs::write(folder.join("program.py"), program("python")).unwrap();
    // Members and a field that a later version adds.
    let key = &document["components"]["examples"]["key"]["value"];
    let later = format!(
        "import json\nfrom api_keys_client.models import Key\nkey = json.loads({:?})\n\
         print(Key.from_dict(key | {{'status': 'LATER', 'limits': [{{'requests': 1, 'per': 'WEEK'}}], 'later': 1}}).status)\n",
        key.to_string()
    );
    fs::write(folder.join("later.py"), later).unwrap();
    let python = tool("openapi-python-client/bin/python");
    assert_eq!(printed(Command::new(&python).arg("later.py").current_dir(&folder)).await, "LATER\n");
    run(Command::new(&python).arg("program.py").current_dir(&folder), "Python").await;
}

/// `KeyPage` as `key_page`.
fn snake(name: &str) -> String {
    let letters = name.chars().enumerate().flat_map(|(at, letter)| {
        let gap = (at > 0 && letter.is_ascii_uppercase()).then_some('_');
        gap.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}
