//! What the documents say of the code is so.

use std::fs;
use std::path::PathBuf;

use tests::template::root;

/// `folder/file::test` or `file::test`, as SECURITY.md writes them.
fn source_of(file: &str) -> Option<PathBuf> {
    let tests = root().join("tests/tests");
    let candidates = [tests.join("in_process").join(file), tests.join(file)];
    candidates.into_iter().map(|path| path.with_extension("rs")).find(|path| path.exists())
}

#[test]
fn each_test_that_security_md_names_is_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let named: Vec<_> = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
    assert!(named.len() > 30, "{}", named.len());
    for (file, test) in named.into_iter().filter(|(file, _)| *file != "file") {
        let source = source_of(file).unwrap_or_else(|| panic!("there is no file {file}"));
        let source = fs::read_to_string(source).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{file} has no {test}");
    }
}
