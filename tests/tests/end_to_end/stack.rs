//! The real template on an emulated AWS, driven over HTTP; it ends with the test.

use std::env;
use std::ffi::OsStr;
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, template};
use ureq::http::{HeaderValue, Request};

use crate::control::Control;

/// The one stack of all trials, from the first that asks for it.
#[derive(Default)]
pub struct Shared(OnceLock<Option<Stack>>);

/// A deployed stack, and the sample API beside it that attaches its authorizer.
pub struct Stack {
    /// Where the emulated AWS answers.
    pub endpoint: String,
    /// Ends before `/authentication`.
    pub api: String,
    /// Ends before `/sms`.
    pub sample: String,
    /// Ends before `/sms`, where a limited request gets a 429.
    pub integration: String,
    /// Ends before `/sms`, of an HTTP API.
    pub http_api: String,
    /// Ends before `/v1/orders`, of an API with paths of its own.
    pub routes_api: String,
    /// The name of `verify-key`.
    pub verify_function: String,
    /// Where it answers by HTTP, with a slash at the end.
    pub verify_url: String,
    /// The operators' program.
    pub program: PathBuf,
    /// The authorizer, built as for AWS.
    pub authorizer: PathBuf,
    http: ureq::Agent,
    control: Control,
    issued: Mutex<Vec<String>>,
}

/// A client with a key.
#[derive(Clone)]
pub struct Client<'a> {
    pub stack: &'a Stack,
    /// Of an account's first key; its other clients have none.
    pub account_id: String,
    pub id: String,
    pub value: String,
}

impl Shared {
    /// Builds and deploys, unless another test has; once, even if it fails.
    pub fn started(&self) -> &Stack {
        let stack = self.0.get_or_init(|| catch_unwind(Stack::start).ok());
        stack.as_ref().expect("the stack did not start; why stands above")
    }
}

impl Stack {
    /// Builds, deploys, and waits until it answers.
    fn start() -> Self {
        let root = template::root();
        let python = root.join(".local/tools/sam/bin/python");
        assert!(python.exists(), "the tools are missing: run `make tools` first");
        let mut command = Command::new(python);
        command
            .arg(root.join("infra/local/stack.py"))
            .args(["up", "--port", "0", "--state", ".local/end-to-end", "--sample", "tests/sample-api/template.yaml"])
            // The authorizer answers as the release that is deployed to AWS.
            .args(["--release", "AuthorizerFunction"])
            .args([
                "--parameters",
                "AcceptImportedKeys=true",
                "Console=enabled",
                "MaxKeysPerAccount=30",
                "VerifyUrl=enabled",
            ])
            .current_dir(&root);
        // What `make package` made, unpacked, in place of what is built here.
        if let Some(package) = env::var_os("PACKAGE") {
            command.arg("--package").arg(package);
        }
        let (control, ready) = Control::start(command);
        let url = |name: &str| ready[name].as_str().unwrap().trim_end_matches('/').to_owned();
        let http = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .proxy(None)
            .build()
            .into();
        let stack = Self {
            endpoint: url("endpoint"),
            api: url("apiUrl"),
            sample: url("sampleUrl"),
            integration: url("integrationUrl"),
            http_api: url("httpUrl"),
            routes_api: url("routesUrl"),
            verify_function: url("verifyFunction"),
            verify_url: url("verifyUrl") + "/",
            program: url("program").into(),
            authorizer: url("released").into(),
            http,
            control,
            issued: Mutex::default(),
        };
        // All that follows logs as much as it can.
        assert_eq!(stack.command(&json!({"do": "log-everything"})), json!({"done": true}));
        stack
    }

    /// The errors that the functions have logged, to find the cause of a failure.
    pub fn errors(&self) -> String {
        let logs = self.command(&json!({"do": "logs"}));
        let lines = logs["events"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let errors: Vec<_> = lines.filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
        format!("The functions have logged {} errors:\n{}", errors.len(), errors.join("\n"))
    }

    /// One command to the stack itself; see `infra/local/commands.py`.
    pub fn command(&self, command: &Value) -> Value {
        self.control.ask(command.clone())
    }

    /// Invokes a function that is on no route, as an operator does.
    pub fn invoke(&self, function: &str, payload: &Value) -> Value {
        self.command(&json!({ "do": "invoke", "function": function, "payload": payload }))
    }

    /// Makes an account; the client has its first key.
    pub fn create_account(&self, company: &str) -> Client<'_> {
        let payload = json!({ "company": company, "userId": "user-1", "username": "Ada" });
        let invoked = self.invoke("create-account", &payload);
        assert_eq!(invoked["functionError"], Value::Null);
        self.client(&invoked["payload"])
    }

    /// One request with these `X-API-Key` headers, as many as there are.
    pub fn send(&self, method: &str, url: &str, keys: &[&str], body: Option<&str>) -> Answer {
        let headers: Vec<_> = keys.iter().map(|key| ("X-API-Key", *key)).collect();
        self.send_with(method, url, &headers, body)
    }

    /// One request with these headers.
    pub fn send_with(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            // From bytes: text may hold any letters.
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let request = request.header("Content-Type", "application/json");
        let response = match body {
            Some(body) => self.http.run(request.body(body.to_owned()).unwrap()),
            None => self.http.run(request.body(()).unwrap()),
        };
        let (parts, mut body) = response.unwrap_or_else(|error| panic!("{method}: {error}")).into_parts();
        Answer::new(parts.status.as_u16(), parts.headers, body.read_to_string().unwrap())
    }

    /// Every value that was issued in this run.
    pub fn issued(&self) -> Vec<String> {
        self.issued.lock().unwrap().clone()
    }

    /// A program with the access to AWS that `.local/env` gives.
    pub fn with_access(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")])
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .envs(["NO_PROXY", "no_proxy"].map(|variable| (variable, "*")));
        command
    }

    /// The client that has the issued value.
    pub fn client(&self, issued: &Value) -> Client<'_> {
        let text = |name: &str| issued[name].as_str().unwrap().to_owned();
        self.issued.lock().unwrap().push(text("value"));
        let account_id = issued["accountId"].as_str().unwrap_or_default().to_owned();
        Client { stack: self, account_id, id: text("id"), value: text("value") }
    }
}

impl<'a> Client<'a> {
    /// One request with this client's key.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string);
        self.stack.send(method, &format!("{}{path}", self.stack.api), &[&self.value], body.as_deref())
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// `DELETE` of the key of that id.
    pub fn delete(&self, id: &str) -> Answer {
        self.send("DELETE", &format!("/authentication/{id}"), None)
    }

    /// `POST /authentication`.
    pub fn post(&self, body: &Value) -> Answer {
        self.send("POST", "/authentication", Some(body))
    }

    /// `PATCH` of the key of that id.
    pub fn patch(&self, id: &str, body: &Value) -> Answer {
        self.send("PATCH", &format!("/authentication/{id}"), Some(body))
    }

    /// Rotates the key of that id.
    pub fn rotate(&self, id: &str, grace_period_seconds: u64) -> Answer {
        let body = json!({ "gracePeriodSeconds": grace_period_seconds });
        self.send("POST", &format!("/authentication/{id}/rotate"), Some(&body))
    }

    /// Makes a key with these operations, and becomes its holder.
    pub fn create_key(&self, operations: &[&str]) -> Client<'a> {
        self.create_key_with(operations, &json!({}))
    }

    /// Makes a key with these operations and further fields, and becomes its holder.
    pub fn create_key_with(&self, operations: &[&str], fields: &Value) -> Client<'a> {
        let mut body = json!({ "userId": "user-2", "username": "Grace", "operations": operations });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.holder(&self.post(&body))
    }

    /// The client that has the value of this answer.
    pub fn holder(&self, answer: &Answer) -> Client<'a> {
        assert_eq!(answer.status, 201, "{answer:?}");
        self.stack.client(&answer.body)
    }

    /// The status of a request for the key itself.
    pub fn status(&self) -> u16 {
        self.get("/authentication/self").status
    }

    /// The same, from that address: the emulator believes the header, as AWS does not.
    pub fn status_from(&self, address: &str) -> u16 {
        let url = format!("{}/authentication/self", self.stack.api);
        self.stack.send_with("GET", &url, &[("X-API-Key", &self.value), ("X-Forwarded-For", address)], None).status
    }

    /// A route of the sample API with this client's key.
    pub fn sample(&self, method: &str, path: &str) -> Answer {
        self.stack.send(method, &format!("{}{path}", self.stack.sample), &[&self.value], None)
    }
}
