//! The documents are true of the code. What their commands print, the end-to-end tests compare.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use api_keys::check::RouteRules;
use api_keys::key::Period;
use serde_json::Value;
use tests::documents::{self, Block, Document};
use tests::template::{read, root, template};

fn document(path: &str) -> Document {
    documents::all().into_iter().find(|document| document.path == path).unwrap()
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// What stands between backticks.
fn code_spans(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2)
}

/// What stands between backticks, and the lines of blocks of commands.
fn lines_of_code(document: &Document) -> Vec<String> {
    let blocks = document.blocks().into_iter().filter(|block| block.language == "sh");
    let lines = blocks.flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>());
    code_spans(&document.prose()).map(str::to_owned).chain(lines).collect()
}

fn words_of_code(document: &Document) -> Vec<String> {
    let lines = lines_of_code(document);
    lines.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect()
}

/// The first two cells of each row of the table under that heading, without backticks.
fn table(document: &Document, heading: &str) -> Vec<(String, String)> {
    let (_, section) = document.text.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>());
    cells.map(|cells| (cells[1].clone(), cells[2].clone())).collect()
}

/// `folder/file::test` or `file::test`, as the page of the promises writes them.
fn source_of(file: &str) -> Option<PathBuf> {
    let tests = root().join("tests/tests");
    let candidates = [tests.join("in_process").join(file), tests.join(file)];
    candidates.into_iter().map(|path| path.with_extension("rs")).find(|path| path.exists())
}

#[test]
fn each_promise_has_tests_that_are_there() {
    let (security, page) = (document("SECURITY.md").text, document("docs/developing/promises.md").text);
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    assert!(sections.len() > 30, "{}", sections.len());
    for section in sections {
        let promise = section.lines().next().unwrap();
        assert!(
            security.contains(&format!("- **[{promise}](docs/developing/promises.md#")),
            "SECURITY.md has no {promise}"
        );
        let named: Vec<_> = code_spans(section).filter_map(|code| code.split_once("::")).collect();
        assert!(!named.is_empty(), "{promise}");
        for (file, test) in named {
            let source = source_of(file).unwrap_or_else(|| panic!("there is no file {file}"));
            let source = fs::read_to_string(source).unwrap();
            assert!(source.contains(&format!("fn {test}(")), "{file} has no {test}");
        }
    }
    let (_, section) = security.split_once("\n## Promised\n").unwrap();
    let promises = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("- **"));
    assert!(promises.into_iter().all(|line| line.starts_with("- **[")), "each promise leads to its tests");
}

#[test]
fn the_readme_is_for_one_sitting() {
    let lines = document("README.md").text.lines().count();
    assert!(lines < 200, "{lines} lines");
}

/// Lists of changes and of tests are as long as they have to be.
const UNBOUNDED: [&str; 2] = ["CHANGELOG.md", "docs/developing/promises.md"];

#[test]
fn no_document_is_longer_than_three_hundred_lines() {
    for Document { path, text } in documents::all() {
        let lines = text.lines().count();
        assert!(lines <= 300 || UNBOUNDED.contains(&path.as_str()), "{path}: {lines} lines");
    }
}

#[test]
fn the_index_leads_to_every_document() {
    let index = document("docs/README.md").text;
    let documents = documents::all().into_iter().filter_map(|it| it.path.strip_prefix("docs/").map(str::to_owned));
    for path in documents.filter(|path| path != "README.md") {
        assert!(index.contains(&format!("]({path})")), "docs/README.md does not link to {path}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for document in documents::all() {
        for target in document.prose().split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if target.starts_with("https://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match path {
                "" => root().join(&document.path),
                _ => root().join(Path::new(&document.path).parent().unwrap()).join(path),
            };
            assert!(path.exists(), "{}: {target}", document.path);
            let is_there = anchor.is_empty() || anchors(&fs::read_to_string(path).unwrap()).contains(anchor);
            assert!(is_there, "{}: {target}", document.path);
            followed += 1;
        }
    }
    assert!(followed > 30, "{followed}");
}

/// As GitHub makes them of headings.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings =
        markdown.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
        })
        .collect()
}

#[test]
fn every_command_is_valid_bash() {
    let mut checked = 0;
    for document in documents::all() {
        for block in document.blocks().iter().filter(|block| block.language == "sh") {
            let output = Command::new("bash").args(["-n", "-c", &block.text]).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{}: {errors}", document.path);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn every_make_target_and_its_variables_are_there() {
    let makefile = file("Makefile");
    let mut checked = 0;
    for document in documents::all() {
        for line in lines_of_code(&document).iter().filter_map(|line| line.strip_prefix("make ")) {
            // What stands within quotes is the value of the variable before.
            let line: String = line.split('"').step_by(2).collect();
            let mut words = line.split_whitespace().take_while(|word| *word != "#");
            let target = words.next().unwrap();
            assert!(makefile.contains(&format!("\n{target}:")), "{}: make {target}", document.path);
            for word in words {
                let (variable, _) = word.split_once('=').unwrap();
                assert!(makefile.contains(&format!("$({variable}")), "{}: {variable}", document.path);
            }
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn every_path_is_there() {
    let mut checked = 0;
    for document in documents::all() {
        for word in words_of_code(&document) {
            let first = word.split('/').next().unwrap();
            let is_path =
                word.contains('/') && !first.is_empty() && !word.contains("::") && root().join(first).is_dir();
            if is_path && !word.starts_with('.') {
                let found = Command::new("bash").args(["-c", "compgen -G \"$0\"", &word]).current_dir(root()).output();
                assert!(found.unwrap().status.success(), "{}: {word}", document.path);
                checked += 1;
            }
        }
    }
    assert!(checked > 15, "{checked}");
}

#[test]
fn every_function_is_there() {
    let mut checked = 0;
    for document in documents::all() {
        let words = words_of_code(&document);
        // Without the assignment of a command's output before it, or the parameter whose value it is.
        let words: Vec<_> = words.iter().filter_map(|word| word.rsplit("$(").next()?.rsplit('=').next()).collect();
        let is_name = |word: &&&str| ["-key", "-keys", "-account"].iter().any(|end| word.ends_with(end));
        // The program, a command of the AWS CLI, and actions of `manage-account`.
        let others: Vec<_> = ["api-keys", "get-account"].into_iter().chain(manage_account::action_names()).collect();
        let is_function = |word: &&&str| !word.contains('/') && !word.starts_with('-') && !others.contains(word);
        for name in words.iter().filter(is_name).filter(is_function) {
            assert!(root().join("functions").join(name).is_dir(), "{}: {name}", document.path);
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked}");
}

#[test]
fn the_actions_of_operators_are_those_of_the_function() {
    let text = document("docs/guides/accounts.md").text;
    let (_, rows) = text.split_once("\n| `action` | beside").unwrap();
    let rows = rows.lines().skip(2).map_while(|row| row.strip_prefix("| ")?.split('|').next());
    let listed: Vec<_> = rows.flat_map(|names| names.split(',')).map(|name| name.trim().trim_matches('`')).collect();
    assert_eq!(listed, manage_account::action_names().collect::<Vec<_>>());
}

#[test]
fn the_lists_of_periods_are_whole() {
    let text =
        |path: &str, start: &str| file(path).lines().find(|line| line.trim().starts_with(start)).unwrap().to_owned();
    for line in [
        text("docs/reference/key.md", "| `limits` |"),
        text("docs/reference/parameters.md", "| `KeyLimits` |"),
        text("template.yaml", "must be a comma list such as 1000/MINUTE"),
    ] {
        let words: Vec<_> = line.split(|letter: char| !letter.is_ascii_alphabetic()).collect();
        for period in Period::ALL {
            assert!(words.contains(&period.as_str()), "{} is not in: {line}", period.as_str());
        }
    }
}

/// Fields of the AWS CLI that look like parameters.
const OF_AWS: [&str; 2] = ["Name", "AttributeKey"];

#[test]
fn the_parameters_and_their_defaults_are_those_of_the_template() {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let parameters = template()["Parameters"].as_object().unwrap().clone();
    let expected: BTreeMap<_, _> = parameters.iter().map(|(name, it)| (name.clone(), text(&it["Default"]))).collect();
    let listed: BTreeMap<_, _> = table(&document("docs/reference/parameters.md"), "Parameters").into_iter().collect();
    assert_eq!(listed, expected);

    // The stacks beside it have their own.
    let beside = ["alarms", "dashboard", "domain", "web-acl"].map(|name| read(&format!("infra/{name}.yaml")));
    let is_beside = |name: &str| beside.iter().any(|template| template["Parameters"][name].is_object());
    for document in documents::all() {
        for (name, _) in words_of_code(&document).iter().filter_map(|word| word.split_once('=')) {
            let is_parameter = name.starts_with(|first: char| first.is_ascii_uppercase())
                && name.contains(|letter: char| letter.is_ascii_lowercase())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let is_known = expected.contains_key(name) || is_beside(name) || OF_AWS.contains(&name);
            assert!(!is_parameter || is_known, "{}: {name}", document.path);
        }
    }
}

/// What restore.md does to the template before the first of its two deployments.
#[test]
fn the_guide_takes_the_stream_and_what_reads_it_out_of_the_template() {
    let guide = document("docs/guides/restore.md").text;
    let edit = guide.lines().find_map(|line| line.strip_prefix("sed -i ")?.strip_suffix(" template.yaml")).unwrap();
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-stream.yaml");
    let command = format!("sed {edit} template.yaml > '{}'", copy.display());
    assert!(Command::new("bash").args(["-c", &command]).current_dir(root()).status().unwrap().success());
    let edited = read(copy.to_str().unwrap());
    let mut expected = template();
    let resources = expected["Resources"].as_object_mut().unwrap();
    resources.remove("EventStream").unwrap();
    resources["EventTable"]["Properties"].as_object_mut().unwrap().remove("StreamSpecification").unwrap();
    let statements = &mut resources["PublishEventsFunction"]["Properties"]["Policies"][0]["Statement"];
    statements.as_array_mut().unwrap().retain(|statement| statement["Sid"] != "ReadStream");
    assert_eq!(edited, expected);
    assert!(!edited.to_string().contains("StreamArn"));
}

#[test]
fn the_outputs_are_those_of_the_template() {
    let outputs = template()["Outputs"].clone();
    let expected: BTreeSet<_> = outputs.as_object().unwrap().keys().cloned().collect();
    let listed = table(&document("docs/reference/parameters.md"), "Outputs").into_iter().map(|(name, _)| name);
    assert_eq!(listed.collect::<BTreeSet<_>>(), expected);

    let exports =
        outputs.as_object().unwrap().values().filter_map(|output| output["Export"]["Name"]["Fn::Sub"].as_str());
    let exports: Vec<_> = exports.map(|name| name.replace("${AWS::StackName}", "api-keys")).collect();
    for document in documents::all() {
        let word_after = |mark: &str| {
            let ends = |letter: char| !letter.is_ascii_alphanumeric() && letter != '-';
            let rests = document.text.split(mark).skip(1);
            rests.map(|rest| rest.split(ends).next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for name in word_after("OutputKey=='") {
            assert!(expected.contains(&name), "{}: {name}", document.path);
        }
        for name in word_after("!ImportValue ").into_iter().chain(word_after("--export-name ")) {
            assert!(exports.contains(&name), "{}: {name}", document.path);
        }
    }
}

#[test]
fn the_log_groups_and_metrics_are_there() {
    let template = template();
    let resources = template["Resources"].as_object().unwrap().values();
    let groups = resources.filter_map(|it| it["Properties"]["LogGroupName"]["Fn::Sub"].as_str());
    let groups: Vec<_> = groups.map(|name| name.replace("${AWS::StackName}", "api-keys")).collect();
    let metrics = document("docs/reference/metrics.md");
    let named: Vec<_> = words_of_code(&metrics).into_iter().filter(|word| word.starts_with("/aws/")).collect();
    assert!(named.len() > 4, "{named:?}");
    for name in named {
        assert!(groups.contains(&name), "{name}");
    }
}

#[test]
fn the_example_of_another_api_is_that_of_the_sample() {
    let of = |yaml: &str| serde_yaml_ng::from_str::<serde_yaml_ng::Value>(yaml).unwrap();
    let sample = of(&file("tests/sample-api/template.yaml"));
    let sample = &sample["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"]["KeyAuthorizer"];
    let mut compared = 0;
    for document in [document("README.md"), document("docs/guides/attach.md")] {
        let attaches = |block: &&Block| block.language == "yaml" && block.text.contains("Identity:");
        for block in document.blocks().iter().filter(attaches) {
            let example = of(&block.text);
            let auth = example.get("Auth").unwrap_or_else(|| &example["Resources"]["Api"]["Properties"]["Auth"]);
            let authorizer = &auth["Authorizers"]["KeyAuthorizer"];
            if example["Resources"]["Api"]["Type"] == "AWS::Serverless::HttpApi" {
                assert_eq!(authorizer["EnableSimpleResponses"], false, "it would open more than was asked for");
            } else {
                assert_eq!(authorizer["FunctionPayloadType"], sample["FunctionPayloadType"]);
            }
            assert_eq!(authorizer["Identity"]["ReauthorizeEvery"], 0);
            for part in ["Headers", "Context"] {
                assert_eq!(authorizer["Identity"][part], sample["Identity"][part], "{}: {part}", document.path);
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
}

#[test]
fn the_examples_in_yaml_can_be_copied_and_their_rules_are_rules() {
    let mut rules = Vec::new();
    for document in documents::all() {
        for block in document.blocks().iter().filter(|block| block.language == "yaml") {
            let example = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&block.text);
            let example = example.unwrap_or_else(|error| panic!("{}: {error}:\n{}", document.path, block.text));
            rules.extend(example["Variables"]["routeOperations"].as_str().map(str::to_owned));
        }
        // In the text, and in the examples for CDK and Terraform.
        let marked = document.text.split("routeOperations = \"").skip(1);
        rules.extend(marked.filter_map(|behind| behind.split('"').next()).map(str::to_owned));
        let is_list =
            |span: &&str| span.contains('/') && span.contains(':') && span.contains(',') && !span.contains(' ');
        rules.extend(code_spans(&document.prose()).filter(is_list).map(str::to_owned));
    }
    assert!(rules.len() > 3, "{rules:?}");
    for list in rules {
        RouteRules::parse(&list).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Their ids and times differ from run to run, so the end-to-end tests do not compare them.
#[test]
fn the_examples_of_events_usage_and_the_account_have_the_fields_of_the_contract() {
    let contract = serde_yaml_ng::from_str::<Value>(&file("infra/openapi.yaml")).unwrap();
    let examples = &contract["components"]["examples"];
    let [contract, usage, account] = ["events", "usage", "account"].map(|name| &examples[name]["value"]);
    let names = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut compared = 0;
    for document in ["README.md", "docs/reference/api.md", "docs/reference/events.md"].map(document) {
        for block in document.blocks().iter().filter(|block| block.language == "json") {
            let example: Value = serde_json::from_str(&block.text).unwrap();
            compared += 1;
            if let Some(first) = example["usage"].get(0) {
                assert_eq!(names(first), names(&usage["usage"][0]), "{}", document.path);
                continue;
            }
            if example["accountId"].is_string() {
                assert_eq!(names(&example), names(account), "{}", document.path);
                continue;
            }
            assert_eq!(names(&example), names(contract), "{}", document.path);
            let (event, expected) = (&example["events"][0], &contract["events"][0]);
            assert_eq!(names(event), names(expected), "{}", document.path);
            assert_eq!(names(&event["actor"]), names(&expected["actor"]), "{}", document.path);
            for change in event["changes"].as_array().unwrap() {
                assert_eq!(names(change), ["field", "from", "to"].map(str::to_owned).into(), "{}", document.path);
            }
        }
    }
    assert_eq!(compared, 4);
}

#[test]
fn the_benchmarks_table_is_of_the_last_run() {
    let results = file("bench/results/authorizers.md") + &file("bench/results/endpoints.md");
    let rows = |text: &str| -> BTreeMap<String, BTreeSet<String>> {
        let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let rows = text.lines().filter(|line| line.starts_with("| ")).map(cells);
        rows.map(|cells| (cells[1].clone(), cells[2..].iter().cloned().collect())).collect()
    };
    let measured = rows(&results);
    let text = document("docs/explanation/benchmark.md").text;
    let shown = rows(&text);
    let shown: Vec<_> =
        shown.iter().filter(|(name, _)| *name != "authorizer" && *name != "keys of the account").collect();
    assert_eq!(shown.len(), 10);
    for (name, cells) in shown {
        let measured = measured.get(name).unwrap_or_else(|| panic!("{name} was not measured"));
        assert!(cells.is_subset(measured), "{name}: {cells:?} are not all in {measured:?}");
    }
}

#[test]
fn the_version_is_the_changelogs_last_or_a_next_one_that_is_not_released() {
    let manifest = file("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap().trim_matches('"');
    let changelog = document("CHANGELOG.md").text;
    let (_, unreleased) = changelog.split_once("\n## [Unreleased]\n").unwrap();
    let (unreleased, released) = unreleased.split_once("\n## ").unwrap();
    // Else a program of the code before a release would call itself the one before it.
    let is_released = released.starts_with(&format!("[{version}] - "));
    assert_eq!((is_released, version.ends_with("-dev")), (unreleased.trim().is_empty(), !is_released), "{version}");
}

#[test]
fn the_server_that_protects_itself_is_the_one_that_is_tested() {
    let server = file("tests/container/server.py");
    let blocks = document("docs/guides/verify-key.md").blocks();
    let parts: Vec<_> = blocks.iter().filter(|block| block.language == "python").collect();
    assert_eq!(parts.len(), 4);
    for part in parts {
        let indented = |by: &str| {
            let line = |line: &str| if line.is_empty() { String::new() } else { format!("{by}{line}") };
            part.text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
        };
        assert!(server.contains(&indented("")) || server.contains(&indented("    ")), "{}", part.text);
    }
}

/// What the forge runs at night, by hand: nothing runs a workflow here.
#[test]
fn the_forge_runs_each_command_of_the_nightly_target() {
    let makefile = file("Makefile");
    let recipe = makefile.split("\nnightly: audit").nth(1).unwrap().split("\n\n").next().unwrap();
    let workflow = file(".github/workflows/nightly.yml");
    let written = |line: &str| line.trim().replace("$(MAKE)", "make").replace("$(TOOLS)", ".local/tools");
    let commands: BTreeSet<_> = recipe.lines().skip(1).map(written).collect();
    assert!(commands.len() > 3, "{recipe}");
    for command in commands.iter().map(String::as_str).chain(["make audit"]) {
        assert!(workflow.lines().any(|line| line.ends_with(command)), "{command}");
    }
}

/// A tag can be moved to other code; a commit cannot.
#[test]
fn the_forge_runs_actions_by_their_commits() {
    let workflows: Vec<_> = ["nightly", "test"].map(|name| file(&format!(".github/workflows/{name}.yml"))).into();
    let uses: Vec<_> =
        workflows.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_once("uses: ")).collect();
    assert!(uses.len() > 4, "{uses:?}");
    for (_, action) in uses {
        let (commit, version) = action.split_once('@').unwrap().1.split_once(" # v").expect(action);
        assert!(commit.len() == 40 && commit.chars().all(|it| it.is_ascii_hexdigit()), "{action}");
        assert!(version.split('.').count() == 3, "dependabot changes both: {action}");
    }
}
