//! `make package`, with a fake of what compiles. `infra/package/twice`, which `make nightly` runs, really builds it twice and deploys it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tests::template::root;

/// The real cargo-lambda gets all options and calls it: then it builds binaries that are their names. It finds one licence; all
/// else goes to cargo.
const CARGO: &str = r#"#!/bin/bash
if [[ $1 == lambda ]]; then
    # Without rustup it adds no target to this machine's Rust.
    CARGO=$0 RUSTUP=/no/rustup exec cargo-lambda "$@"
elif [[ $1 == build ]]; then
    while (($#)); do
        case $1 in
            --bin) bin=$2 ;;
            --target) target=$2 ;;
        esac
        shift
    done
    folder=$CARGO_TARGET_DIR/$target/release
    mkdir -p "$folder"
    echo "$bin for $target, wrapped by ${RUSTC_WRAPPER##*/infra/}" > "$folder/$bin"
elif [[ $1 == about ]]; then
    CARGO metadata --format-version 1 --locked | python3 -c "$LICENCES"
else
    exec CARGO "$@"
fi
"#;

/// Of each crate the same licence.
const LICENCES: &str = r#"
import json, sys
crates = [{"crate": {"name": it["name"], "version": it["version"]}} for it in json.load(sys.stdin)["packages"]]
print(json.dumps({"licenses": [{"name": "MIT License", "text": "Permission is …", "used_by": crates}]}))
"#;

/// A folder of its own, with the fake on its path.
struct Packaging(PathBuf);

impl Packaging {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        let fake = folder.join("bin/cargo");
        fs::write(
            &fake,
            CARGO
                .replace("CARGO metadata", concat!(env!("CARGO"), " metadata"))
                .replace("CARGO \"$@\"", concat!(env!("CARGO"), " \"$@\"")),
        )
        .unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn make(&self, arguments: &[&str]) -> PathBuf {
        let python = root().join(".local/tools/sam/bin/python");
        let path = format!("{}:{}", self.0.join("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new(python)
            .arg(root().join("infra/package/package.py"))
            .args(["--output", self.0.join("out").to_str().unwrap()])
            .args(arguments)
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .env("LICENCES", LICENCES)
            .output()
            .unwrap();
        PathBuf::from(text(&output).trim())
    }

    fn unpacked(&self, archive: &Path) -> PathBuf {
        text(&Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&self.0).output().unwrap());
        let name = archive.file_name().unwrap().to_str().unwrap();
        self.0.join(name.strip_suffix(".tar.gz").unwrap())
    }
}

/// What it printed, if it went well.
fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn functions() -> BTreeSet<String> {
    let folders = fs::read_dir(root().join("functions")).unwrap();
    folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn an_archive_has_a_template_that_deploys_without_a_compiler() {
    let packaging = Packaging::new("template");
    let folder = packaging.unpacked(&packaging.make(&["--architecture", "arm64"]));
    let template = fs::read_to_string(folder.join("template.yaml")).unwrap();
    let named: BTreeSet<_> = template
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CodeUri: functions/"))
        .map(|zip| zip.strip_suffix(".zip").unwrap().to_owned())
        .collect();
    assert_eq!(named, functions());
    assert!(!template.contains("BuildMethod"), "sam build would look for sources");
    assert!(template.contains("Default: arm64"), "{template}");
    for name in &named {
        let zip = folder.join(format!("functions/{name}.zip"));
        let listed = text(&Command::new("python3").args(["-m", "zipfile", "--list"]).arg(&zip).output().unwrap());
        assert!(listed.contains("bootstrap"), "{listed}");
        let script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); i=z.getinfo('bootstrap'); print(oct(i.external_attr>>16), z.read(i).decode())";
        let entry = text(&Command::new("python3").args(["-c", script]).arg(&zip).output().unwrap());
        let built = format!("{name} for aarch64-unknown-linux-gnu, wrapped by package/rustc");
        assert_eq!(entry.trim(), format!("0o100755 {built}"));
    }
    let std = fs::read_to_string(folder.join("THIRD-PARTY-RUST.html")).unwrap();
    for part in
        ["The Rust Project Developers", "hashbrown", "Permission is hereby granted, free of charge", "Apache License"]
    {
        assert!(std.contains(part), "{part}: std is in each binary");
    }
    let program = folder.join("bin/api-keys");
    assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
    for stack in ["alarms", "dashboard", "domain", "web-acl"] {
        assert!(folder.join(format!("infra/{stack}.yaml")).is_file(), "{stack}");
    }
    for file in ["LICENSE", "README.md", "openapi.yaml", "samconfig.yaml", "THIRD-PARTY.txt", "sbom.cdx.json"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    text(&Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder).output().unwrap());
    let summed = fs::read_to_string(folder.join("SHA256SUMS")).unwrap().lines().count();
    let files = text(&Command::new("find").args([".", "-type", "f"]).current_dir(&folder).output().unwrap());
    assert_eq!(summed + 1, files.lines().count(), "SHA256SUMS has every file but itself");
}

#[test]
fn an_archive_is_the_same_on_every_machine_and_day() {
    let first = Packaging::new("first").make(&[]);
    // A moment as zip, tar and gzip keep it would show.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let second = Packaging::new("second").make(&[]);
    assert_eq!(first.file_name(), second.file_name());
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap());
}

/// A crate's object, compiled from a registry's folder of that name, with std's sources installed or not.
fn compiled(registry: &str, has_sources: bool) -> Vec<u8> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrapped").join(registry);
    let _ = fs::remove_dir_all(&home);
    let source = home.join("cargo/registry/src").join(registry).join("a-crate-1.0.0");
    let sysroot = home.join("rust");
    let rustlib = sysroot.join("lib/rustlib");
    fs::create_dir_all(&source).unwrap();
    fs::create_dir_all(&rustlib).unwrap();
    // What is generic in std is compiled here, with its own places.
    let code = "pub fn f(map: &mut std::collections::BTreeMap<u32, u32>) -> &'static str {
        map.insert(1, 1);
        let mut rest = map.split_off(&2);
        map.append(&mut rest);
        file!()
    }";
    fs::write(source.join("lib.rs"), code).unwrap();
    if has_sources {
        let std = rustlib.join("src/rust/library/std/src");
        fs::create_dir_all(&std).unwrap();
        fs::write(std.join("lib.rs"), "").unwrap();
    }
    let rustc = home.join("rustc");
    let real = text(&Command::new("rustc").args(["--print", "sysroot"]).output().unwrap());
    let target = text(&Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap());
    std::os::unix::fs::symlink(
        Path::new(real.trim()).join("lib/rustlib").join(target.trim()),
        rustlib.join(target.trim()),
    )
    .unwrap();
    fs::write(&rustc, format!("#!/bin/sh\nexec rustc --sysroot {} \"$@\"\n", sysroot.display())).unwrap();
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
    let object = home.join("object");
    let mut wrapper = Command::new(root().join("infra/package/rustc"));
    wrapper.arg(rustc).args([
        "--crate-name",
        "a_crate",
        "--crate-type",
        "lib",
        "--edition",
        "2024",
        "-Copt-level=2",
        "-Ccodegen-units=1",
    ]);
    wrapper.arg(source.join("lib.rs")).arg("--emit").arg(format!("obj={}", object.display()));
    text(&wrapper.env("CARGO_HOME", home.join("cargo")).env_remove("CARGO_TARGET_DIR").output().unwrap());
    fs::read(object).unwrap()
}

#[test]
fn a_crate_compiles_to_the_same_from_any_registry_and_with_any_source_beside() {
    let first = compiled("index.crates.io-1949cf8c6b5b557f", false);
    let has = |part: &str| first.windows(part.len()).any(|bytes| bytes == part.as_bytes());
    assert!(has("/crates/a-crate-1.0.0/lib.rs") && has("/library/alloc/src/"), "there is nothing to rename");
    assert!(first == compiled("a-mirror-0123456789abcdef", false), "another registry");
    assert!(first == compiled("index.crates.io-1949cf8c6b5b557f", true), "with the sources of std");
}

#[test]
fn the_sbom_has_every_crate_that_is_in_it_as_cargo_lock_has_it() {
    let python = root().join(".local/tools/sbom/bin/python");
    let mut packages: Vec<String> = functions().into_iter().collect();
    packages.push("cli".to_owned());
    let target = "x86_64-unknown-linux-gnu";
    let mut command = Command::new(python);
    command.arg(root().join("infra/package/sbom.py")).arg(target).args(&packages).current_dir(root());
    let document: Value = serde_json::from_str(&text(&command.output().unwrap())).unwrap();
    let components = document["components"].as_array().unwrap();
    let (std, crates): (Vec<_>, Vec<_>) = components.iter().partition(|each| each["name"] == "rust-std");
    let rustc = text(&Command::new("rustc").arg("--version").output().unwrap());
    assert_eq!(std[0]["version"].as_str(), rustc.split(' ').nth(1), "it is in each binary");
    assert_eq!(std[0]["scope"], "required");
    let found: BTreeMap<_, _> =
        crates.iter().map(|each| ((each["name"].as_str().unwrap(), each["version"].as_str().unwrap()), each)).collect();
    assert_eq!(found.len() + 1, components.len(), "no crate is there twice");

    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let field = |entry: &str, name: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let locked: BTreeMap<_, _> = lock
        .split("[[package]]")
        .skip(1)
        .map(|entry| ((field(entry, "name").unwrap(), field(entry, "version").unwrap()), field(entry, "checksum")))
        .collect();
    for ((name, version), component) in &found {
        let checksum = &locked[&((*name).to_owned(), (*version).to_owned())];
        assert_eq!(component["hashes"][0]["content"].as_str(), checksum.as_deref(), "{name}");
        assert_eq!(component["purl"].is_string(), checksum.is_some(), "{name}");
        assert!(!component["licenses"].as_array().unwrap().is_empty(), "{name}");
    }

    let mut in_it = BTreeSet::new();
    for package in &packages {
        let mut tree = Command::new(env!("CARGO"));
        tree.args(["tree", "--locked", "--target", target, "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        tree.args(["--package", package]).current_dir(root());
        for line in text(&tree.output().unwrap()).lines().filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            in_it.insert((words.next().unwrap().to_owned(), words.next().unwrap().trim_start_matches('v').to_owned()));
        }
    }
    assert!(in_it.len() > 100, "{}", in_it.len());
    for (name, version) in &in_it {
        let component = found.get(&(name.as_str(), version.as_str())).unwrap_or_else(|| panic!("{name} is not there"));
        assert_eq!(component["scope"], "required", "{name}");
    }
    let of_tests =
        ["dynoxide-rs", "proptest", "ureq"].into_iter().find(|name| found.keys().any(|(crate_, _)| crate_ == name));
    assert_eq!(of_tests, None, "a crate of the tests alone");
    let depended: BTreeSet<_> =
        document["dependencies"].as_array().unwrap().iter().map(|each| each["ref"].as_str().unwrap()).collect();
    assert_eq!(depended.len(), components.len() + 1, "each has its dependencies, and so has the whole");
}
