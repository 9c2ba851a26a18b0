//! The rooms of `shared/src` are used in one direction, as its `lib.rs` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tests::template::root;

/// What each room may use beside itself.
const ALLOWED: [(&str, &[&str]); 5] = [
    ("key", &[]),
    ("request", &["key"]),
    ("aws", &[]),
    ("store", &["key", "request", "aws"]),
    ("lambda", &["key", "request", "store", "aws"]),
];

#[test]
fn no_room_uses_one_that_comes_after_it() {
    let allowed = BTreeMap::from(ALLOWED);
    let mut seen = BTreeSet::new();
    for room in allowed.keys() {
        for file in files(&root().join("shared/src").join(room)) {
            for used in rooms_named_in(&fs::read_to_string(&file).unwrap()) {
                assert!(used == *room || allowed[room].contains(&&*used), "{} uses {used}", file.display());
                seen.insert((*room, used));
            }
        }
    }
    for (room, used) in [("request", "key"), ("store", "aws"), ("lambda", "store")] {
        assert!(
            seen.contains(&(room, used.to_owned())),
            "{room} → {used} was not found: is this test reading the code?"
        );
    }
}

#[test]
fn every_file_is_in_a_room() {
    let rooms = ALLOWED.map(|(room, _)| room);
    for entry in fs::read_dir(root().join("shared/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(rooms.contains(&&*name) || ["lib.rs", "openapi.rs"].contains(&&*name), "{name}");
    }
}

#[test]
fn every_line_of_the_log_goes_through_the_one_that_dates_it() {
    let mut folders = vec![root().join("shared/src")];
    folders.extend(fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().path().join("src")));
    let sources = folders.iter().flat_map(|folder| files(folder));
    let prints =
        |file: &PathBuf| ["print!(", "println!("].iter().any(|it| fs::read_to_string(file).unwrap().contains(it));
    let printing: Vec<_> = sources.filter(prints).collect();
    assert_eq!(printing, [root().join("shared/src/lambda/log.rs")]);
}

/// What follows `crate::`, in `use` lines and in paths; a name at the crate's root counts as a room too.
fn rooms_named_in(source: &str) -> BTreeSet<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    assert!(!code.contains("crate::{"), "name one room in each `use`");
    let paths = code.match_indices("crate::").map(|(at, prefix)| &code[at + prefix.len()..]);
    paths
        .map(|path| path.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap().to_owned())
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    assert!(!found.is_empty());
    found
}
