//! Who takes part: our authorizer, and what users would pick instead.

use std::path::{Path, PathBuf};
use std::process::Command;

use hyper::body::Bytes;

use crate::events;
use crate::process::Program;

/// One authorizer of the comparison.
#[derive(Debug, Clone)]
pub(crate) struct Contestant {
    /// What the reports call it.
    pub(crate) name: String,
    /// Which of the fixed parts it plays in the targets.
    pub(crate) part: Part,
    /// How it is started.
    pub(crate) program: Program,
    /// The executable whose size counts, where there is one.
    pub(crate) binary: Option<PathBuf>,
    /// The event that it gets, with that value.
    pub(crate) event: fn(&str) -> Bytes,
}

/// The parts that the targets name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What is measured.
    Ours,
    /// The same, asked by an HTTP API.
    Http,
    /// `verify-key`, invoked directly.
    Verify,
    /// What all are compared to.
    LeanFloor,
    /// Node with its SDK.
    Node,
    /// Rust by the documentation.
    PlainRust,
    /// Beside the point of the targets.
    Other,
}

/// Those that were built; the names of the others.
pub(crate) fn found(functions: &Path, peers: &Path) -> (Vec<Contestant>, Vec<String>) {
    let ours = rust("**ours**", Part::Ours, functions.join("authorizer/bootstrap"));
    let all = [
        rust("raw floor: sockets and own signing", Part::Other, peers.join("raw/bootstrap")),
        rust("lean floor: hyper + aws-sigv4, no SDK", Part::LeanFloor, peers.join("lean/bootstrap")),
        ours.clone(),
        Contestant {
            name: "ours, an HTTP API with payload 2.0".to_owned(),
            part: Part::Http,
            event: events::http_authorizer,
            ..ours
        },
        Contestant {
            event: events::verify_key,
            ..rust("`verify-key`, invoked directly", Part::Verify, functions.join("verify-key/bootstrap"))
        },
        limited(functions),
        rust("Rust, default features, LTO", Part::Other, peers.join("plain-tuned/bootstrap")),
        rust("Rust, default features", Part::PlainRust, peers.join("plain/bootstrap")),
        node(peers),
        python(peers),
    ];
    let (found, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|contestant| is_there(&contestant.program));
    (found, missing.into_iter().map(|contestant| contestant.name).collect())
}

/// Ours, where every key has a limit: so high that it is never reached, and so long that its window does not end.
pub(crate) fn limited(functions: &Path) -> Contestant {
    let mut limited = rust("ours, a key with a limit", Part::Other, functions.join("authorizer/bootstrap"));
    limited.program.variables.push(("KEY_LIMITS", "900000000/MONTH".to_owned()));
    limited
}

/// Further authorizers that the command line names.
pub(crate) fn named(given: &[(String, PathBuf)]) -> impl Iterator<Item = Contestant> {
    given.iter().map(|(name, path)| rust(name, Part::Other, path.clone()))
}

/// A binary that is started as Lambda starts a function.
fn rust(name: &str, part: Part, path: PathBuf) -> Contestant {
    Contestant {
        name: name.to_owned(),
        part,
        binary: Some(path.clone()),
        program: Program { path, arguments: Vec::new(), variables: Vec::new(), folder: None },
        event: events::authorizer,
    }
}

/// Under the official runtime client where that could be built, which takes cmake and autotools.
fn node(peers: &Path) -> Contestant {
    let root = peers.join("node");
    let client = root.join("node_modules/aws-lambda-ric");
    let (runtime, arguments) = if client.join("dist/rapid-client.node").exists() {
        ("aws-lambda-ric", vec![text(&client.join("bin/index.mjs")), "index.handler".to_owned()])
    } else {
        ("own runtime loop", vec![text(&root.join("bundle/loop.mjs"))])
    };
    let path = in_path("node").unwrap_or_default();
    Contestant {
        name: format!("{} + SDK v3, bundled, {runtime}", version(&path, "Node")),
        part: Part::Node,
        binary: None,
        program: Program { path, arguments, variables: Vec::new(), folder: Some(root.join("bundle")) },
        event: events::authorizer,
    }
}

fn python(peers: &Path) -> Contestant {
    let root = peers.join("python");
    let (path, task) = (root.join("venv/bin/python"), root.join("task"));
    Contestant {
        name: format!("{} + boto3, awslambdaric", version(&path, "Python")),
        part: Part::Other,
        binary: None,
        program: Program {
            path,
            arguments: ["-m", "awslambdaric", "app.handler"].map(str::to_owned).to_vec(),
            variables: vec![("PYTHONPATH", text(&task))],
            folder: Some(task),
        },
        event: events::authorizer,
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The program's name with its version, such as `Node 20.20`.
fn version(program: &Path, name: &str) -> String {
    let output = Command::new(program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let numbers = String::from_utf8_lossy(&output);
    let numbers: Vec<_> = numbers.trim_start_matches(|letter: char| !letter.is_ascii_digit()).split('.').collect();
    let numbers = numbers.get(..2).map(|two| two.join(".")).unwrap_or_default();
    format!("{name} {numbers}").trim_end().to_owned()
}

fn is_there(program: &Program) -> bool {
    program.path.exists()
        && program.arguments.iter().filter(|argument| argument.starts_with('/')).all(|file| Path::new(file).exists())
}

fn in_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.exists())
}
