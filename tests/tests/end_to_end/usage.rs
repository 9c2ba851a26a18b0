//! Usage as the real authorizer counts it, in nine processes that end with notice, are cut off, or are killed.
//!
//! They run under a Runtime API each, on an engine in this process: the emulated Lambda does not end its environments.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use futures_util::future::join_all;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tests::gateway::{STAGE, sample_event};
use tests::runtime_api::{Extensions, RuntimeApi};
use tests::template::root;
use tests::wire::Fault;
use tests::{Gateway, engine};

use crate::stack::Stack;

const ENVIRONMENTS: usize = 9;
const KEYS: usize = 12;

/// Some keys, each with the id of its account and its own.
struct Keys(Vec<(String, String, String)>);

/// An environment of the authorizer: a process.
pub struct Environment {
    runtime: RuntimeApi,
    child: Child,
    log: PathBuf,
}

impl Environment {
    pub async fn start(program: &Path, endpoint: &str, name: &str) -> Self {
        Self::start_in(RuntimeApi::start().await, program, endpoint, name).await
    }

    async fn start_in(runtime: RuntimeApi, program: &Path, endpoint: &str, name: &str) -> Self {
        let log = root().join(format!(".local/end-to-end/usage-{name}.log"));
        let output = File::create(&log).unwrap();
        let child = Command::new(program)
            .env_clear()
            .envs([("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string().as_str())])
            .envs([("AWS_ENDPOINT_URL_DYNAMODB", endpoint), ("AWS_REGION", "eu-central-1")])
            .envs([("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", "secret")])
            .envs([("AWS_LAMBDA_FUNCTION_NAME", "authorizer"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
            .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"), ("AWS_LAMBDA_LOG_GROUP_NAME", "log")])
            .envs([("AWS_LAMBDA_LOG_STREAM_NAME", "log"), ("ACCEPT_IMPORTED_KEYS", "false"), ("KEY_LIMITS", "")])
            .envs([("TABLE_NAME", engine::TABLE), ("USAGE_TABLE_NAME", engine::USAGE), ("USAGE", "enabled")])
            .envs([("STACK_NAME", engine::STACK)])
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut environment = Self { runtime, child, log };
        environment.runtime.initialized().await;
        environment
    }

    /// Asks about `GET /sms`, which the key opens.
    pub async fn ask(&mut self, value: &str) {
        let (_, answer) = self.runtime.invoke(&event(value)).await;
        let answer: Value = serde_json::from_slice(&answer.unwrap()).unwrap();
        assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow");
    }

    pub async fn end_by(mut self, signal: &str) -> (ExitStatus, String) {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let status = tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap();
        (status, fs::read_to_string(self.log).unwrap())
    }
}

fn event(value: &str) -> Bytes {
    let mut event = sample_event("authorizer");
    event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
    event["resource"] = json!("/sms");
    event["multiValueHeaders"] = json!({"X-API-Key": [value]});
    Bytes::from(event.to_string())
}

async fn keys(gateway: &Gateway, count: usize) -> Keys {
    let mut keys = Vec::new();
    for company in ["One", "Two"] {
        let admin = gateway.create_account(company).await;
        for _ in 0..count / 2 {
            let key = admin.create_key(&["SMS"]).await;
            keys.push((key.account_id, key.id, key.value));
        }
    }
    Keys(keys)
}

impl Keys {
    fn value(&self, number: usize) -> &str {
        &self.0[number % self.0.len()].2
    }
}

/// What is counted, by consumer.
fn counted(gateway: &Gateway) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for item in gateway.engine.usage() {
        let consumer = item["id"]["S"].as_str().unwrap().split('#').next().unwrap();
        let consumer = if consumer == "account" { item["accountId"]["S"].as_str().unwrap() } else { consumer };
        for (name, number) in item.as_object().unwrap() {
            if name.len() == 3 && name.starts_with('a') {
                let number: u64 = number["N"].as_str().unwrap().parse().unwrap();
                *counted.entry(consumer.to_owned()).or_default() += number;
            }
        }
    }
    counted
}

pub fn usage_is_exact_when_lambda_ends_environments_and_never_too_much(stack: &Stack) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        signalled_to_end(&stack.authorizer).await;
        cut_off(&stack.authorizer).await;
        killed(&stack.authorizer).await;
        not_registered(&stack.authorizer).await;
    });
}

async fn signalled_to_end(program: &Path) {
    let requests = env::var("USAGE_REQUESTS").map_or(20_000, |requests| requests.parse().unwrap());
    let gateway = Gateway::without_usage().await.in_true_time();
    let keys = keys(&gateway, KEYS).await;
    let endpoint = format!("http://{}", gateway.engine.address());
    let environments = (0..ENVIRONMENTS).map(|number| {
        let (keys, endpoint) = (&keys, &endpoint);
        async move {
            let mut environment = Environment::start(program, endpoint, &number.to_string()).await;
            for request in (number..requests).step_by(ENVIRONMENTS) {
                environment.ask(keys.value(request)).await;
            }
            environment.end_by("-TERM").await
        }
    });
    for (status, log) in join_all(environments).await {
        assert!(status.success(), "{status}");
        assert!(!log.contains("DroppedUsage") && log.contains("\"Allowed\""), "{log}");
    }
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for request in 0..requests {
        let (account, key, _) = &keys.0[request % keys.0.len()];
        for consumer in [account, key] {
            *expected.entry(consumer.clone()).or_default() += 1;
        }
    }
    assert_eq!(counted(&gateway), expected);
}

/// The table carries out what is written at the end, and no answer comes.
async fn cut_off(program: &Path) {
    let gateway = Gateway::without_usage().await.in_true_time();
    let keys = keys(&gateway, KEYS).await;
    let mut environment = Environment::start(program, &gateway.wire.url(), "cut-off").await;
    for request in 0..600 {
        environment.ask(keys.value(request)).await;
    }
    gateway.wire.break_with(Fault::LoseAnswer);
    let (status, log) = environment.end_by("-TERM").await;
    gateway.wire.mend();
    assert!(status.success(), "{status}");
    assert!(log.contains("\"DroppedUsage\":600"), "{log}");
    for line in log.lines().filter(|line| line.starts_with('{')) {
        assert!(line.contains("\"Stack\":\"a-stack\"") && line.contains("\"timestamp\":\"20"), "{line}");
    }
    for (_, key, _) in &keys.0 {
        let counted = counted(&gateway).get(key).copied().unwrap_or_default();
        assert!(counted <= 50, "{counted} of 50 requests");
    }
}

/// More keys than are counted at once, so that something is written before.
async fn killed(program: &Path) {
    const SENT: usize = 600;
    let gateway = Gateway::without_usage().await.in_true_time();
    let keys = keys(&gateway, 100).await;
    let mut environment = Environment::start(program, &gateway.wire.url(), "killed").await;
    for request in 0..SENT {
        environment.ask(keys.value(request)).await;
    }
    let (status, _) = environment.end_by("-KILL").await;
    assert!(!status.success());
    let all = counted(&gateway);
    let of_keys: u64 = keys.0.iter().filter_map(|(_, key, _)| all.get(key)).sum();
    let missing = SENT - usize::try_from(of_keys).unwrap();
    // Each of the fifty keys was used once since its last write, and few counts wait for theirs.
    assert!((1..=60).contains(&missing), "{missing}");
}

/// An environment that will not hear of its end answers all the same.
async fn not_registered(program: &Path) {
    let gateway = Gateway::without_usage().await.in_true_time();
    let keys = keys(&gateway, 2).await;
    for extensions in [Extensions::Refused, Extensions::Ignored] {
        let runtime = RuntimeApi::start_with(extensions).await;
        let mut environment = Environment::start_in(runtime, program, &gateway.wire.url(), "not-registered").await;
        environment.ask(keys.value(0)).await;
        assert!(!environment.end_by("-KILL").await.0.success());
    }
}
