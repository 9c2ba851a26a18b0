//! A fake of what the program asks of AWS, on loopback: CloudFormation, Lambda, and the scan of a table. The service itself
//! is not imitated: each test sets what its functions answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "0123456789ABCDEFGHIJKL";
pub(crate) const KEY: &str = "0353BcNZpNQ41k9Zft1Kjj";
/// A value with a right checksum that was never issued.
pub(crate) const VALUE: &str =
    "ak_sample_14Vn8QkT2mZrB0xYcW7eHsA0QbXn6T4mKrV9sYdJ2wLhP_SampleKeyForLocalUseOnlyNeverIssuedByAnyone1qM5a2";

/// The id of every request to the fake.
pub(crate) const REQUEST: &str = "1c0f3a9e-5b1d-4a2e-9d0c-6f6f1f0f8a57";
pub(crate) const AUTHORIZER: &str = "arn:aws:lambda:us-east-1:123456789012:function:api-keys-AuthorizerFunction-1A2B3C";

const OUTPUTS: [&str; 12] = [
    "ApiId",
    "CreateAccountFunctionName",
    "EraseAccountFunctionName",
    "EventTableName",
    "ImportKeysFunctionName",
    "ManageAccountFunctionName",
    "NotifyExpiryFunctionName",
    "PublishEventsFunctionName",
    "TableName",
    "UsageTableName",
    "VerifyFunctionArn",
    "VerifyFunctionName",
];
/// The other account that the table has items of.
pub(crate) const OTHER: &str = "ZYXWVUTSRQPONMLKJIHGFE";

/// Functions of the stack that no command invokes.
pub(crate) const OTHER_FUNCTIONS: [&str; 2] = ["api-keys-AuthorizerFunction-1A2B3C", "api-keys-create-key"];

/// What a function answers.
pub(crate) enum Reply {
    Json(Value),
    /// `errorType` and `errorMessage`.
    Error(&'static str, &'static str),
    /// Lambda's own refusal.
    Status(u16, &'static str),
    /// Never.
    Silence,
}

/// Answers a payload; the number is how many were invoked before.
type Script = dyn Fn(usize, &Value) -> Reply + Send + Sync;

struct Fake {
    script: Box<Script>,
    payloads: Mutex<Vec<(String, Value)>>,
    /// How invocations were signed.
    signatures: Mutex<Vec<String>>,
    /// What other services answer, by method and path, or by target: status and body.
    services: Vec<(String, u16, String)>,
}

/// The fake, and a folder to work in.
pub(crate) struct World {
    fake: Arc<Fake>,
    pub(crate) endpoint: String,
    pub(crate) folder: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

/// What the program left behind.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// The one object that `--json` has on standard error: what is in its `error`.
    pub(crate) fn error(&self) -> Value {
        let error: Value = serde_json::from_str(self.stderr.lines().last().unwrap()).unwrap();
        error.pointer("/error").unwrap().clone()
    }
}

impl World {
    pub(crate) fn new(name: &str, script: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_services(name, Vec::new(), script)
    }

    /// The same, where other services of AWS answer too.
    pub(crate) fn with_services(
        name: &str,
        services: Vec<(String, u16, String)>,
        script: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let fake = Arc::new(Fake {
            script: Box::new(script),
            payloads: Mutex::default(),
            signatures: Mutex::default(),
            services,
        });
        let routes = Router::new()
            .route("/", post(stack_or_table))
            .route("/v1/leaks", post(report))
            .route("/2015-03-31/functions/{function}/invocations", post(invoke))
            .fallback(service)
            .with_state(Arc::clone(&fake));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, routes).await });
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { fake, endpoint, folder, _runtime: runtime }
    }

    /// The program, with what an operator has in the shell. The tests may run where signals are ignored.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = ["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_api-keys")];
        self.in_shell("env", &[&program, arguments].concat())
    }

    /// The same on a terminal, which sends `input`.
    pub(crate) fn on_terminal(&self, arguments: &[&str], input: &str) -> Done {
        let terminal = "import os, pty, sys\n\
            code = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:]))\n\
            sys.exit(code)";
        let program = ["-c", terminal, env!("CARGO_BIN_EXE_api-keys")];
        let mut command = self.in_shell("python3", &[&program, arguments].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), input.as_bytes()).unwrap();
        done(child.wait_with_output().unwrap())
    }

    /// The same on a terminal, which sends `input` once the program has printed `prompt`.
    pub(crate) fn on_terminal_after(&self, arguments: &[&str], prompt: &str, input: &str) -> Done {
        let terminal = "import os, pty, sys\n\
            prompt, answer, seen = sys.argv[1].encode(), sys.argv[2].encode(), b''\n\
            def read(fd):\n\
            \x20   global seen, answer\n\
            \x20   data = os.read(fd, 1024)\n\
            \x20   seen += data\n\
            \x20   if prompt in seen and answer:\n\
            \x20       import time; time.sleep(0.3)\n\
            \x20       os.write(fd, answer); answer = b''\n\
            \x20   return data\n\
            sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[3:], read)))";
        let program = ["-c", terminal, prompt, input, env!("CARGO_BIN_EXE_api-keys")];
        done(self.in_shell("python3", &[&program, arguments].concat()).output().unwrap())
    }

    /// The same on a terminal with so many columns.
    pub(crate) fn on_terminal_of(&self, columns: u16, arguments: &[&str]) -> Done {
        let terminal = "import os, pty, sys\n\
            code = pty.spawn(['sh', '-c', 'stty rows 24 cols $0 && exec \"$@\"', *sys.argv[1:]])\n\
            sys.exit(os.waitstatus_to_exitcode(code))";
        let columns = columns.to_string();
        let program = ["-c", terminal, &columns, env!("CARGO_BIN_EXE_api-keys")];
        done(self.in_shell("python3", &[&program, arguments].concat()).output().unwrap())
    }

    /// Another program there.
    pub(crate) fn in_shell(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "the-secret-of-aws");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("USER", "ada");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        done(self.command(arguments).output().unwrap())
    }

    /// Runs it with success, and gives the JSON that it printed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let done = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(done.code, 0, "{done:?}");
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// The payloads of all invocations so far, without the operator.
    pub(crate) fn payloads(&self) -> Vec<Value> {
        let payloads = self.fake.payloads.lock().unwrap();
        let without_operator = payloads.iter().map(|(_, payload)| {
            let mut payload = payload.clone();
            assert!(payload.as_object_mut().unwrap().remove("operator").is_some());
            payload
        });
        without_operator.collect()
    }

    /// Which functions were invoked, and by whom.
    pub(crate) fn invoked(&self) -> Vec<(String, Value)> {
        let payloads = self.fake.payloads.lock().unwrap();
        payloads.iter().map(|(function, payload)| (function.clone(), payload["operator"].clone())).collect()
    }

    /// The header `Authorization` of each invocation.
    pub(crate) fn signatures(&self) -> Vec<String> {
        self.fake.signatures.lock().unwrap().clone()
    }

    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.folder.join(file), text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap()
    }

    pub(crate) fn mode(&self, file: &str) -> u32 {
        fs::metadata(self.folder.join(file)).unwrap().permissions().mode() & 0o777
    }

    /// The names of all files in the folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Ctrl-C, which a function's answer comes after.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<OnceLock<u32>>);

impl Stop {
    /// Runs the program that is to be stopped.
    pub(crate) fn run(&self, mut command: Command) -> Done {
        let child = command.spawn().unwrap();
        self.0.set(child.id()).unwrap();
        done(child.wait_with_output().unwrap())
    }

    /// The same, where the signal may end it without an exit code: that code, and standard error.
    pub(crate) fn watch(&self, mut command: Command) -> (Option<i32>, String) {
        let child = command.spawn().unwrap();
        self.0.set(child.id()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Stops it.
    pub(crate) fn interrupt(&self) {
        self.send("-INT");
    }

    /// Sends it a signal.
    pub(crate) fn send(&self, signal: &str) {
        let id = self.0.wait().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

/// An object with other values of these fields.
pub(crate) fn with(mut object: Value, fields: &Value) -> Value {
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    object
}

pub(crate) fn done(output: Output) -> Done {
    let Output { status, stdout, stderr } = output;
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    let done = Done { code: status.code().unwrap(), stdout, stderr };
    assert!(!format!("{done:?}").contains("the-secret-of-aws"));
    done
}

/// Each report is taken down as a payload of its own.
async fn report(State(fake): State<Arc<Fake>>, headers: HeaderMap, body: String) -> Response {
    assert!(headers.get("content-type").unwrap() == "application/json" && !headers.contains_key("authorization"));
    let body: Value = serde_json::from_str(&body).unwrap();
    let mut payloads = fake.payloads.lock().unwrap();
    let reply = (fake.script)(payloads.len(), &body);
    payloads.push(("/leaks".to_owned(), json!({ "reports": body, "operator": null })));
    let status = if let Reply::Status(status, _) = reply { status } else { 500 };
    StatusCode::from_u16(status).unwrap().into_response()
}

/// What another service answers by the test; the first that fits.
async fn service(State(fake): State<Arc<Fake>>, request: Request) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path().replace("%3A", ":"));
    let is_revoked = fake.payloads.lock().unwrap().iter().any(|(_, payload)| payload["action"] == "revoke-keys");
    let after = format!("{asked} after");
    let has_after = fake.services.iter().any(|(name, ..)| *name == after);
    answer_of(&fake, if is_revoked && has_after { &after } else { &asked })
}

fn answer_of(fake: &Fake, asked: &str) -> Response {
    let found = fake.services.iter().find(|(name, ..)| name == asked);
    let (status, body) = found.map_or((404, "{}".to_owned()), |(_, status, body)| (*status, body.clone()));
    (StatusCode::from_u16(status).unwrap(), [("x-amzn-requestid", REQUEST)], body).into_response()
}

async fn stack_or_table(State(fake): State<Arc<Fake>>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
    if let Some(target) = target.filter(|target| !target.ends_with(".Scan")) {
        let table: Value = serde_json::from_str(&body).unwrap();
        let of_table =
            table.get("TableName").and_then(Value::as_str).map(|table| format!(" {table}")).unwrap_or_default();
        return answer_of(&fake, &format!("{}{of_table}", target.split_once('.').unwrap().1));
    }
    if headers.contains_key("x-amz-target") {
        let item = |partition: &str| json!({ "accountId": { "S": partition } });
        // The first page ends in the middle of an account.
        if !body.contains("ExclusiveStartKey") {
            let items = [item(ACCOUNT), item("accounts"), item(&format!("{ACCOUNT}#quota")), item("sha256#AA=")];
            return json!({ "Items": items, "LastEvaluatedKey": item(ACCOUNT) }).to_string().into_response();
        }
        // An erasure of before left the last two.
        let erased = ["requests", "limits"].map(|kind| item(&format!("aaaaaaaaaaaaaaaaaaaaaa#{kind}")));
        let items = [&[item(ACCOUNT), item(&format!("{OTHER}#quota"))], &erased[..]].concat();
        return json!({ "Items": items }).to_string().into_response();
    }
    if body.contains("Action=ListStackResources") {
        let functions = OUTPUTS.into_iter().filter(|name| name.ends_with("FunctionName")).chain(OTHER_FUNCTIONS);
        let members = functions.map(|name| {
            format!(
                "<member><LogicalResourceId>F</LogicalResourceId><PhysicalResourceId>{name}</PhysicalResourceId>\
                 <ResourceType>AWS::Lambda::Function</ResourceType></member>"
            )
        });
        let members = members.collect::<String>();
        return format!(
            "<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>{members}\
             </StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"
        )
        .into_response();
    }
    if body.contains("StackName=missing") {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
            <Message>Stack with id missing does not exist</Message></Error></ErrorResponse>";
        return (StatusCode::BAD_REQUEST, error).into_response();
    }
    for (stack, code, message) in [
        ("expired", "ExpiredToken", "The security token included in the request is expired"),
        ("skewed", "SignatureDoesNotMatch", "Signature expired: 20261124T142156Z is now earlier than 20261124T143000Z"),
    ] {
        if body.contains(&format!("StackName={stack}")) {
            let error = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            return (StatusCode::FORBIDDEN, error).into_response();
        }
    }
    if body.contains("StackName=throttled") {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>\
            <Message>Rate exceeded</Message></Error></ErrorResponse>";
        return (StatusCode::BAD_REQUEST, error).into_response();
    }
    let outputs = OUTPUTS
        .iter()
        .filter(|name| !body.contains("StackName=old") || !name.starts_with("Manage"))
        .map(|name| format!("<member><OutputKey>{name}</OutputKey><OutputValue>{name}</OutputValue></member>"))
        .collect::<String>();
    let url = if body.contains("StackName=emulated") {
        "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/v1".to_owned()
    } else {
        format!("http://{}/v1", headers.get("host").unwrap().to_str().unwrap())
    };
    let authorizer = OTHER_FUNCTIONS[0].to_owned();
    let other =
        [("ApiUrl", url), ("AuthorizerArn", format!("{AUTHORIZER}:live")), ("AuthorizerFunctionName", authorizer)];
    let other = other.map(|(name, value)| {
        format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
    });
    let outputs = outputs + &other.concat();
    format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>api-keys</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
         <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )
    .into_response()
}

async fn invoke(
    State(fake): State<Arc<Fake>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let payload: Value = serde_json::from_str(&body).unwrap();
    let signature = headers.get("authorization").unwrap().to_str().unwrap().to_owned();
    fake.signatures.lock().unwrap().push(signature);
    let reply = {
        let mut payloads = fake.payloads.lock().unwrap();
        let reply = (fake.script)(payloads.len(), &payload);
        payloads.push((function, payload));
        reply
    };
    match reply {
        Reply::Json(answer) => ([("x-amzn-requestid", REQUEST)], answer.to_string()).into_response(),
        Reply::Error(kind, message) => {
            let body = json!({ "errorType": kind, "errorMessage": message }).to_string();
            ([("x-amz-function-error", "Unhandled"), ("x-amzn-requestid", REQUEST)], body).into_response()
        }
        Reply::Status(status, message) => {
            let body = json!({ "Type": "User", "message": message }).to_string();
            let kind = if status == 429 { "TooManyRequestsException" } else { "ServiceException" };
            (StatusCode::from_u16(status).unwrap(), [("x-amzn-errortype", kind)], body).into_response()
        }
        Reply::Silence => std::future::pending().await,
    }
}
