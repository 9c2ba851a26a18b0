//! A function of the code before this release: built from the history, and started as Lambda starts it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tests::built::{Function, cargo};
use tests::engine::Engine;
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
    let mut cargo = cargo(&source);
    // Of the whole workspace, as what was taken over: for some packages alone cargo would choose other features.
    cargo.args(["build", "--locked", "--quiet", "--workspace"]).args(FUNCTIONS.map(|name| format!("--bin={name}")));
    run(cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0"), "could not be built");
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

/// Starts one on that engine's tables.
pub(crate) async fn start(name: &str, engine: &Engine) -> Function {
    Function::start(&BUILT.join(name), format!("http://{}", engine.address())).await
}
