//! The program as a user runs it, on a fake of CloudFormation and Lambda: these are AWS, not the service's store.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use serde_json::{Value, json};

const ACCOUNT: &str = "0123456789ABCDEFGHIJKL";

#[derive(Default)]
struct Fake {
    hashes: HashSet<String>,
    payloads: Vec<String>,
    /// After so many batches, an answer never comes.
    silent_after: Option<usize>,
}

type Shared = Arc<Mutex<Fake>>;

async fn stacks() -> String {
    let names = ["CreateAccountFunctionName", "ImportKeysFunctionName", "ManageAccountFunctionName"];
    let outputs: String = names
        .iter()
        .map(|name| format!("<member><OutputKey>{name}</OutputKey><OutputValue>{name}</OutputValue></member>"))
        .collect();
    format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>api-keys</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
         <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )
}

async fn invoke(
    State(fake): State<Shared>,
    Path(function): Path<String>,
    body: String,
) -> ([(&'static str, &'static str); 1], String) {
    let payload: Value = serde_json::from_str(&body).unwrap();
    let batch = payload["keys"].as_array().cloned();
    let (answer, silent) = {
        let mut fake = fake.lock().unwrap();
        fake.payloads.push(body);
        let imports = fake.payloads.iter().filter(|payload| payload.contains("\"keys\"")).count();
        let silent = batch.is_some() && fake.silent_after.is_some_and(|limit| imports > limit);
        let (mut imported, mut failed) = (Vec::new(), Vec::new());
        for (index, key) in batch.iter().flatten().enumerate() {
            if fake.hashes.insert(key["sha256"].as_str().unwrap().to_owned()) {
                imported.push(json!({"index": index, "id": "x"}));
            } else {
                failed.push(json!({"index": index, "reason": "sha256 is of a value that a key has already"}));
            }
        }
        (json!({"imported": imported, "failed": failed}), silent)
    };
    if silent {
        std::future::pending::<()>().await;
    }
    match &*function {
        "CreateAccountFunctionName" => {
            ([("x-other", "")], json!({"accountId": ACCOUNT, "id": "k", "value": "the-secret"}).to_string())
        }
        "ImportKeysFunctionName" => ([("x-other", "")], answer.to_string()),
        _ => (
            [("x-amz-function-error", "Unhandled")],
            json!({"errorType": "InvalidRequest", "errorMessage": "no such account"}).to_string(),
        ),
    }
}

struct World {
    fake: Shared,
    endpoint: String,
    folder: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

impl World {
    fn new(name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let fake = Shared::default();
        let routes = Router::new()
            .route("/", post(stacks))
            .route("/2015-03-31/functions/{function}/invocations", post(invoke))
            .with_state(Arc::clone(&fake));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { fake, endpoint, folder, _runtime: runtime }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api-keys"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    }

    fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.folder.join(file)).unwrap().permissions().mode() & 0o777
    }
}

#[test]
fn exit_codes_tell_wrong_input_from_a_failed_action() {
    let world = World::new("codes");
    for arguments in [
        &["accounts", "show", "nonsense"][..],
        &["accounts", "erase", ACCOUNT],
        &["accounts", "suspend", ACCOUNT],
        &["accounts", "update", ACCOUNT],
        &["accounts", "create", "--company", "C", "--user-id", "u", "--username", "U"],
        &["keys", "import", "missing.csv", "--account", ACCOUNT],
        &["events"],
    ] {
        assert_eq!(world.run(arguments).0, 2, "{arguments:?}");
    }
    assert!(world.fake.lock().unwrap().payloads.is_empty());
    let (code, text) = world.run(&["accounts", "show", ACCOUNT]);
    assert_eq!((code, &*text), (1, "error: no such account\n"));
}

#[test]
fn a_new_keys_value_goes_to_a_private_file_alone() {
    let world = World::new("value");
    let arguments =
        ["accounts", "create", "--company", "C", "--user-id", "u", "--username", "U", "--value-file", "v", "--json"];
    let (code, text) = world.run(&arguments);
    assert!(code == 0 && !text.contains("the-secret"), "{text}");
    assert_eq!(fs::read_to_string(world.folder.join("v")).unwrap(), "the-secret\n");
    assert_eq!(world.mode("v"), 0o600);
    assert_eq!(world.run(&arguments).0, 2);
}

#[test]
fn a_killed_import_continues_and_sends_no_value() {
    let world = World::new("import");
    let rows: String = (0..1000).map(|row| format!("a-secret-value-{row:06},u,U,SMS;OTP\n")).collect();
    fs::write(world.folder.join("keys.csv"), format!("value,userId,username,operations\n{rows}short,u,U,SMS\n"))
        .unwrap();
    let arguments = ["keys", "import", "keys.csv", "--account", ACCOUNT];
    world.fake.lock().unwrap().silent_after = Some(4);
    let mut first = world.command(&arguments).spawn().unwrap();
    while world.fake.lock().unwrap().payloads.len() < 6 {
        std::thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(world.mode("keys.csv.progress"), 0o600);

    world.fake.lock().unwrap().silent_after = None;
    let (code, text) = world.run(&arguments);
    assert!(code == 1 && text.contains("Imported 1000 of 1001 keys.") && text.contains("1 keys failed"), "{text}");
    let fake = world.fake.lock().unwrap();
    assert_eq!(fake.hashes.len(), 1000);
    assert!(fake.payloads.iter().all(|payload| !payload.contains("a-secret-value")));
    assert!(fake.payloads.len() < 20);
    let failed = fs::read_to_string(world.folder.join("keys.failed.csv")).unwrap();
    assert!(failed.contains("1001,would never be accepted") || failed.contains("1001,\"would never"), "{failed}");
    assert_eq!(world.mode("keys.failed.csv"), 0o600);
    assert!(!world.folder.join("keys.csv.progress").exists());
}
