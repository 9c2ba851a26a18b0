//! A function's process: started as Lambda starts it, and the kernel's figures of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::events;
use crate::table::{self, Table};
use tests::runtime_api::RuntimeApi;

/// Where everything runs: the table, and the folders of what was built.
pub(crate) struct Bench {
    /// The table that all use.
    pub(crate) table: Table,
    /// Our functions, one folder each.
    pub(crate) functions: PathBuf,
    /// The peers, one folder each.
    pub(crate) peers: PathBuf,
    /// The processes' output.
    pub(crate) logs: PathBuf,
}

impl Bench {
    /// Starts an empty table; `root` is the repository's.
    pub(crate) async fn start(root: &Path) -> Self {
        let state = root.join(".local/bench");
        let logs = state.join("logs");
        fs::create_dir_all(&logs).unwrap();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Self { table: Table::start(&state).await, functions: target.join("lambda"), peers: state.join("peers"), logs }
    }

    /// Starts one of our functions.
    pub(crate) async fn function(&self, name: &str) -> Process {
        let path = self.functions.join(name).join("bootstrap");
        self.process(name, &Program { path, arguments: Vec::new(), variables: Vec::new(), folder: None }).await
    }

    /// Starts a program.
    pub(crate) async fn process(&self, name: &str, program: &Program) -> Process {
        let log = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        Process::start(program, &self.table, &self.logs.join(format!("{log}.log"))).await
    }

    /// Makes an account by the real function; the answer is the one to its operator.
    pub(crate) async fn create_account(&self) -> Value {
        let mut process = self.function("create-account").await;
        process.runtime.initialized().await;
        let (_, answer) = process.runtime.invoke(&events::create_account()).await;
        process.finish();
        serde_json::from_slice(&answer.unwrap()).unwrap()
    }
}

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// An executable.
    pub(crate) path: PathBuf,
    /// What it is given.
    pub(crate) arguments: Vec<String>,
    /// Variables besides Lambda's own.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Where it is started, if that matters.
    pub(crate) folder: Option<PathBuf>,
}

/// A running function with its Runtime API.
pub(crate) struct Process {
    /// Its Runtime API.
    pub(crate) runtime: RuntimeApi,
    /// When it was started.
    pub(crate) started: Instant,
    child: Child,
}

impl Process {
    pub(crate) async fn start(program: &Program, table: &Table, log: &Path) -> Self {
        let runtime = RuntimeApi::start().await;
        let log = File::create(log).unwrap();
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(lambda_variables(table))
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .envs(program.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if let Some(folder) = &program.folder {
            command.current_dir(folder);
        }
        let started = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.path.display()));
        Self { runtime, started, child }
    }

    /// Processor time so far, of all threads, in milliseconds.
    ///
    /// From the scheduler's own count, because `stat` counts in hundredths of a second.
    pub(crate) fn cpu_ms(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanoseconds: u64 = tasks
            .filter_map(|task| {
                let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
                text.split(' ').next()?.parse::<u64>().ok()
            })
            .sum();
        #[allow(clippy::cast_precision_loss, reason = "a measurement has no 52 bits")]
        let milliseconds = nanoseconds as f64 / 1e6;
        milliseconds
    }

    /// `VmRSS` or `VmHWM`, in MiB.
    pub(crate) fn memory_mib(&self, field: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Ends the Runtime API, on which a function ends by itself, and waits for that, if not for long.
    pub(crate) async fn hang_up(mut self) {
        self.runtime.hang_up();
        for _ in 0..100 {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.finish();
    }

    /// Ends the function.
    pub(crate) fn finish(self) {
        let Self { mut child, .. } = self;
        drop(child.kill());
        child.wait().unwrap();
    }
}

/// What Lambda sets, credentials with a token of the usual length included.
fn lambda_variables(table: &Table) -> Vec<(&'static str, String)> {
    let owned = [
        ("AWS_CA_BUNDLE", table.authority.display().to_string()),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.endpoint.clone()),
        ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2Vj".repeat(48)),
        ("NODE_EXTRA_CA_CERTS", table.authority.display().to_string()),
        ("SSL_CERT_FILE", table.authority.display().to_string()),
        ("EVENT_RETENTION_DAYS", "400".to_owned()),
        ("EVENT_TABLE_NAME", table::EVENTS.to_owned()),
        ("TABLE_NAME", table::NAME.to_owned()),
        ("USAGE_TABLE_NAME", table::USAGE.to_owned()),
    ];
    let fixed = [
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("ACCEPT_IMPORTED_KEYS", "false"),
        ("KEY_LIMITS", ""),
        ("KEY_PREFIX", "ak_live"),
        ("LANG", "en_US.UTF-8"),
        ("MAX_KEYS_PER_ACCOUNT", "1000000"),
        ("OPERATIONS", "SMS,RCS,WHATSAPP"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("STACK_NAME", "bench"),
        ("TRAFFIC_TYPES", "TRANSACTIONAL,PROMOTIONAL,OTP"),
        ("TZ", ":UTC"),
        ("USAGE", "enabled"),
    ];
    owned.into_iter().chain(fixed.map(|(name, value)| (name, value.to_owned()))).collect()
}
