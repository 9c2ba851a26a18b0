//! The rooms of `shared/src` are used in one direction, as its `lib.rs` shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tests::template::root;

/// What each room may use beside itself.
const ALLOWED: [(&str, &[&str]); 6] = [
    ("key", &[]),
    ("request", &["key"]),
    ("aws", &[]),
    ("store", &["key", "request", "aws"]),
    ("check", &["key", "request", "store"]),
    ("lambda", &["key", "request", "store", "check", "aws"]),
];

/// What each room of the store may use beside itself.
const ALLOWED_IN_STORE: [(&str, &[&str]); 7] = [
    ("dynamo", &[]),
    ("events", &["dynamo"]),
    ("keys", &["dynamo", "events"]),
    ("limits", &["dynamo", "keys"]),
    ("usage", &["dynamo", "keys"]),
    ("accounts", &["dynamo", "events", "keys", "limits"]),
    ("notices", &["dynamo", "events", "keys", "accounts"]),
];

#[test]
fn no_room_uses_one_that_comes_after_it() {
    let allowed = BTreeMap::from(ALLOWED);
    let mut seen = BTreeSet::new();
    for room in allowed.keys() {
        for file in files(&root().join("shared/src").join(room)) {
            for used in rooms_named_in(&fs::read_to_string(&file).unwrap()) {
                let is_below_all = used == "lock";
                let may = is_below_all || used == *room || allowed[room].contains(&&*used);
                assert!(may, "{} uses {used}", file.display());
                seen.insert((*room, used));
            }
        }
    }
    for (room, used) in [("request", "key"), ("store", "aws"), ("check", "store"), ("lambda", "check")] {
        assert!(
            seen.contains(&(room, used.to_owned())),
            "{room} → {used} was not found: is this test reading the code?"
        );
    }
}

#[test]
fn no_room_of_the_store_uses_one_that_comes_after_it() {
    let allowed = BTreeMap::from(ALLOWED_IN_STORE);
    let mut seen = BTreeSet::new();
    for (room, file, code) in store() {
        assert!(!code.contains("super::super"), "{room}/{file} leaves its room by the way up");
        for used in names_after(&code, "crate::store::") {
            assert!(used == room || allowed[&*room].contains(&&*used), "{room}/{file} uses {used}");
            seen.insert((room.clone(), used));
        }
    }
    for (room, used) in [("keys", "events"), ("accounts", "keys")] {
        assert!(seen.contains(&(room.to_owned(), used.to_owned())), "{room} → {used} was not found");
    }
}

/// Also by a method of a type that has some in several files. A type has all its methods in its own room.
#[test]
fn no_two_files_of_a_room_of_the_store_use_each_other() {
    let files = store();
    let mut edges = 0;
    for (room, _) in ALLOWED_IN_STORE {
        let of_room: BTreeMap<_, _> =
            files.iter().filter(|(in_room, ..)| in_room == room).map(|(_, file, code)| (&**file, &**code)).collect();
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, code) in of_room.iter().filter(|(file, _)| **file != "mod") {
            let uses_of_file = uses.entry(file).or_default();
            for name in names_after(code, "super::").iter().filter(|name| !name.is_empty()) {
                let (used_file, _) = of_room.get_key_value(&**name).unwrap_or_else(|| panic!("{room}/{file}: {name}"));
                uses_of_file.insert(used_file);
            }
            for (other, theirs) in &of_room {
                if other != file && methods_of_other_files(theirs, &of_room, room).iter().any(|it| code.contains(it)) {
                    uses_of_file.insert(other);
                }
            }
        }
        edges += uses.values().map(BTreeSet::len).sum::<usize>();
        while let Some(last) = uses.iter().find(|(_, used)| used.is_empty()).map(|(file, _)| *file) {
            uses.remove(last);
            for used in uses.values_mut() {
                used.remove(last);
            }
        }
        assert!(uses.is_empty(), "in {room}, files use each other: {uses:?}");
    }
    assert!(edges > 40, "only {edges} were found: is this test reading the code?");
}

/// The methods, as they are called, of types that another file of the room declares.
fn methods_of_other_files(code: &str, room: &BTreeMap<&str, &str>, name: &str) -> Vec<String> {
    let declares = |code: &str, of: &str| ["struct", "enum"].iter().any(|kind| code.contains(&format!("{kind} {of}")));
    let mut methods = Vec::new();
    for block in code.split("\nimpl").skip(1).map(|block| block.split("\n}").next().unwrap()) {
        let head = block.split('{').next().unwrap();
        let of = head.trim_start_matches("<'a>").trim().split('<').next().unwrap();
        if head.contains(" for ") || declares(code, of) {
            continue;
        }
        assert!(room.values().any(|code| declares(code, of)), "{name} has methods of {of}, which is of another room");
        methods.extend(names_after(block, "fn ").into_iter().map(|method| format!(".{method}(")));
    }
    methods
}

/// Each file in a room of the store: the room, its name, and its code.
fn store() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (room, _) in ALLOWED_IN_STORE {
        for path in files(&root().join("shared/src/store").join(room)) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.push((room.to_owned(), name, without_comments(&fs::read_to_string(path).unwrap())));
        }
    }
    let rooms = fs::read_dir(root().join("shared/src/store")).unwrap().count() - 1;
    assert_eq!(rooms, ALLOWED_IN_STORE.len(), "each room, and mod.rs");
    found
}

#[test]
fn every_file_is_in_a_room() {
    let rooms = ALLOWED.map(|(room, _)| room);
    for entry in fs::read_dir(root().join("shared/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(rooms.contains(&&*name) || ["lib.rs", "lock.rs", "openapi.rs"].contains(&&*name), "{name}");
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
    names_after(&without_comments(source), "crate::")
}

fn without_comments(source: &str) -> String {
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    assert!(!code.contains(&format!("{prefix}{{")), "name one in each `use`");
    let paths = code.match_indices(prefix).map(|(at, prefix)| &code[at + prefix.len()..]);
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
