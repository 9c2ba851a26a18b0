//! Every planted bug can be planted: its patch fits the source as it is.

use std::fs;
use std::path::Path;

#[test]
fn every_patch_fits_the_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut patches = 0;
    for entry in fs::read_dir(root.join("tests/simulation/planted")).unwrap() {
        let file = entry.unwrap().path();
        let (name, text) = (file.file_name().unwrap().display(), fs::read_to_string(&file).unwrap());
        let (sentence, changes) = text.split_once("\n--- a/").unwrap_or_else(|| panic!("{name} has no sentence"));
        assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{name} begins with {sentence}");
        for change in changes.split("\n--- a/") {
            let (file, change) = change.split_once('\n').unwrap();
            let source = fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("{name}: there is no {file}"));
            for hunk in change.split("\n@@ ").skip(1) {
                let lines: Vec<_> = hunk.lines().skip(1).collect();
                let side = |sign: char| {
                    let lines = lines.iter().filter_map(|line| {
                        let (first, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
                        (first == " " || first.starts_with(sign)).then_some(rest)
                    });
                    lines.collect::<Vec<_>>().join("\n")
                };
                let (old, new) = (side('-'), side('+'));
                assert!(source.contains(&old), "{name} does not fit {file}:\n{old}");
                assert_ne!(old, new, "{name} changes nothing");
            }
        }
        patches += 1;
    }
    assert!(patches > 20, "{patches} bugs are planted");
}
