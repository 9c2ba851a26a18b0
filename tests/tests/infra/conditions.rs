//! With any parameters the template is whole: nothing refers to what is not there, and AWS's own linter takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tests::cloudformation::{Values, chosen, conditions, holds};
use tests::template::{read, root};

use crate::stacks::{INFRA, MAIN, transformed};

const BOUNDARY: &str = "arn:aws:iam::123456789012:policy/boundary";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-AbCdEf";
const WEB_ACL: &str =
    "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/ours/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f";

/// What decides a condition of each template: a parameter, and a value other than its default.
const CHOICES: [(&str, &[(&str, &str)]); 5] = [
    (
        "template.yaml",
        &[
            ("ApiGatewayAccountRole", "existing"),
            ("ExpiryNoticeDays", ""),
            ("GithubTokenSecretArn", SECRET),
            ("PermissionsBoundary", BOUNDARY),
            ("RolePath", "/services/api-keys/"),
            ("VerifyUrl", "enabled"),
        ],
    ),
    ("infra/alarms.yaml", &[]),
    ("infra/dashboard.yaml", &[]),
    ("infra/domain.yaml", &[("BasePath", "v1"), ("HostedZoneId", "Z0123456789ABCDEFGHIJ")]),
    ("infra/web-acl.yaml", &[("WebAclArn", WEB_ACL)]),
];

type Given = Vec<(&'static str, &'static str)>;

/// Every combination of a template's choices, beside the parameters that it needs.
fn combinations(file: &str) -> Vec<Given> {
    let choices = CHOICES.iter().find(|(name, _)| *name == file).unwrap().1;
    let needed = INFRA.iter().find(|(name, _)| *name == file).map_or(&[][..], |(_, needed)| needed);
    (0..1 << choices.len())
        .map(|taken: usize| {
            let taken = choices.iter().enumerate().filter(|(at, _)| taken & (1 << at) != 0).map(|(_, choice)| choice);
            needed.iter().chain(taken).copied().collect()
        })
        .collect()
}

/// A template as CloudFormation gets it with these parameters, without what they do not choose.
fn chosen_of(file: &str, given: &Given) -> Value {
    // SAM sees the parameters too.
    if file == "template.yaml" {
        chosen(&transformed(given), &Values::of(given))
    } else {
        chosen(&read(file), &Values::of(given))
    }
}

#[test]
fn every_combination_of_conditions_is_whole() {
    for (file, _) in CHOICES {
        let template = if file == "template.yaml" { MAIN.clone() } else { read(file) };
        let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
        for given in combinations(file) {
            let values = Values::of(&given);
            // It fails where something refers to what is not there.
            let whole = chosen(&template, &values);
            assert!(!whole["Resources"].as_object().unwrap().is_empty());
            for condition in conditions(&template) {
                let holds = holds(&template, &condition, &values);
                seen.entry(condition).or_default().insert(holds);
            }
        }
        for (condition, states) in seen {
            assert_eq!(states.len(), 2, "{file}: nothing here switches {condition}");
        }
    }
}

#[test]
fn every_role_has_what_is_given_and_nothing_else() {
    for given in combinations("template.yaml") {
        let whole = chosen(&MAIN, &Values::of(&given));
        let given: BTreeMap<_, _> = given.into_iter().collect();
        let has_account_role = whole["Resources"]["ApiGatewayLogRole"].is_object();
        assert_eq!(has_account_role, !given.contains_key("ApiGatewayAccountRole"));
        let roles = whole["Resources"].as_object().unwrap().iter().filter(|(_, it)| it["Type"] == "AWS::IAM::Role");
        let mut count = 0;
        for (name, role) in roles {
            for (property, parameter) in [("PermissionsBoundary", "PermissionsBoundary"), ("Path", "RolePath")] {
                let expected = if given.contains_key(parameter) { json!({"Ref": parameter}) } else { Value::Null };
                assert_eq!(role["Properties"][property], expected, "{name}: {property}");
            }
            count += 1;
        }
        assert!(count > 16, "{count}");
    }
}

#[test]
fn awss_linter_takes_what_is_chosen() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("chosen");
    fs::create_dir_all(&folder).unwrap();
    let mut files = Vec::new();
    for (file, _) in CHOICES {
        let combinations = combinations(file);
        // All that is there by default, and all that is there otherwise.
        for given in [combinations.first().unwrap(), combinations.last().unwrap()] {
            let path = folder.join(format!("{}-{}.json", file.replace('/', "-"), given.len()));
            fs::write(&path, chosen_of(file, given).to_string()).unwrap();
            files.push(path);
        }
    }
    let linter = root().join(".local/tools/sam/bin/cfn-lint");
    // A parameter that decided something is used no more.
    let output = Command::new(linter).args(["--non-zero-exit-code", "error", "--"]).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
