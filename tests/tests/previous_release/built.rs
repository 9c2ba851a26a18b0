//! A function of the code before this release: built from the history, and started as Lambda starts it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use hyper::body::Bytes;
use serde_json::Value;
use tests::engine::{EVENTS, Engine, TABLE, USAGE};
use tests::runtime_api::RuntimeApi;
use tests::template::root;

/// The last commit before the items that this release adds.
const COMMIT: &str = "2768866b2f4fca7a2340517c3394de4a8db60f3b";

const FUNCTIONS: [&str; 10] = [
    "authorizer",
    "delete-key",
    "erase-account",
    "find-key",
    "list-events",
    "list-keys",
    "manage-account",
    "report-leaks",
    "rotate-key",
    "update-key",
];

/// Where they are, once they are built.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("previous");
    let source = folder.join(COMMIT);
    if !source.exists() {
        let unpacking = folder.join("unpacking");
        drop(fs::remove_dir_all(&unpacking));
        fs::create_dir_all(&unpacking).unwrap();
        let archive = folder.join("archive.tar");
        let command = format!("archive --output={} {COMMIT}", archive.display());
        run(
            Command::new("git").args(command.split(' ')).current_dir(root()),
            "needs the history: `git fetch --unshallow`",
        );
        run(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&unpacking), "could not be unpacked");
        fs::rename(&unpacking, &source).unwrap();
    }
    let target = folder.join("target");
    if !target.exists() {
        take_over_dependencies(&target.join("debug"));
    }
    let mut cargo = Command::new("cargo");
    // Of the whole workspace, as what was taken over: for some packages alone cargo would choose other features.
    cargo.args(["build", "--locked", "--quiet", "--workspace"]).args(FUNCTIONS.map(|name| format!("--bin={name}")));
    // What cargo has set for this test is not for another workspace.
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_HOME") {
        cargo.env_remove(name);
    }
    run(
        cargo.current_dir(&source).env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0"),
        "could not be built",
    );
    target.join("debug")
});

/// Starts with the dependencies that this test was built with: most are the same, and cargo builds only those that are not.
fn take_over_dependencies(target: &Path) {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("debug");
    let taking = target.with_file_name("taking");
    drop(fs::remove_dir_all(&taking));
    fs::create_dir_all(taking.join("deps")).unwrap();
    for notes in ["build", ".fingerprint"] {
        run(Command::new("cp").arg("-Rp").arg(built.join(notes)).arg(&taking), "has no dependencies to begin with");
    }
    for file in fs::read_dir(built.join("deps")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|kind| ["d", "rlib", "rmeta", "so", "dylib"].iter().any(|it| kind == *it)) {
            fs::hard_link(&file, taking.join("deps").join(file.file_name().unwrap())).unwrap();
        }
    }
    fs::rename(taking, target).unwrap();
}

fn run(command: &mut Command, otherwise: &str) {
    assert!(command.status().unwrap().success(), "the code of {COMMIT} {otherwise}");
}

/// A running function. It is gone when dropped.
pub(crate) struct Function {
    runtime: RuntimeApi,
    process: Child,
}

impl Function {
    /// Starts one on that engine's tables.
    pub(crate) async fn start(name: &str, engine: &Engine) -> Self {
        let program = BUILT.join(name);
        let mut runtime = RuntimeApi::start().await;
        let process = Command::new(program)
            .env_clear()
            .envs([
                ("ACCEPT_IMPORTED_KEYS", "true"),
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_NAME", name),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("EVENT_RETENTION_DAYS", "400"),
                ("EVENT_TABLE_NAME", EVENTS),
                ("GITHUB_KEYS_URL", "http://127.0.0.1:9/"),
                ("KEY_LIMITS", ""),
                ("KEY_PREFIX", "ak_live"),
                ("MAX_KEYS_PER_ACCOUNT", "1000"),
                ("OPERATIONS", "SMS,RCS,WHATSAPP"),
                ("TABLE_NAME", TABLE),
                ("TRAFFIC_TYPES", "TRANSACTIONAL,PROMOTIONAL,OTP"),
                ("USAGE", "enabled"),
                ("USAGE_TABLE_NAME", USAGE),
            ])
            .env("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", engine.address()))
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        runtime.initialized().await;
        Self { runtime, process }
    }

    /// Its answer to an event; an error is `{"errorType","errorMessage"}`.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value, Value> {
        let (_, answer) = self.runtime.invoke(&Bytes::from(event.to_string())).await;
        let json = |bytes: Bytes| serde_json::from_slice(&bytes).unwrap();
        answer.map(json).map_err(json)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
