//! The documents of these stacks are about what there is.

use std::collections::BTreeSet;
use std::fs;

use tests::template::{read, root};

use crate::stacks::{INFRA, infra};

fn document(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The parts of a document under headings of that level, by the heading.
fn sections<'a>(text: &'a str, level: &str) -> Vec<(&'a str, &'a str)> {
    let mark = format!("\n{level} ");
    text.split(&mark).skip(1).map(|section| section.split_once('\n').unwrap()).collect()
}

#[test]
fn each_alarm_has_its_place_in_the_runbook_and_each_place_its_alarm() {
    let text = document("guides/alarms.md");
    let (_, runbook) =
        sections(&text, "##").into_iter().find(|(heading, _)| *heading == "When an alarm rings").unwrap();
    let places = sections(runbook, "###");
    let alarms = infra("infra/alarms.yaml", &[]);
    let names: BTreeSet<_> = alarms.keys().map(String::as_str).collect();
    assert_eq!(places.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), names);
    assert_eq!(places.len(), names.len());
    for (name, place) in places {
        for part in ["**It means**", "**Look at**", "**Type**"] {
            assert_eq!(place.matches(part).count(), 1, "{name}: {part}");
        }
        assert!(place.split("**Type**").nth(1).unwrap().contains("```sh\n"), "{name}: nothing to type");
        let description = alarms[name]["Properties"]["AlarmDescription"].as_str().unwrap();
        let link = format!("See docs/guides/alarms.md#{}.", name.to_lowercase());
        assert!(description.ends_with(&link), "{name}: who gets the mail must find the place: {description}");
    }
}

#[test]
fn every_parameter_and_every_template_is_in_a_document() {
    for (file, _) in INFRA {
        let text = document("guides/alarms.md") + &document("guides/domain.md");
        assert!(text.contains(&format!("--template-file {file}")), "{file}");
        for name in read(file)["Parameters"].as_object().unwrap().keys() {
            assert!(text.contains(&format!("`{name}`")), "{file}: {name}");
        }
    }
}
