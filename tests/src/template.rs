//! `template.yaml` as data.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names of all functions, in order: the folders of `functions/`.
#[must_use]
pub fn functions() -> Vec<String> {
    let folders = fs::read_dir(root().join("functions")).unwrap();
    let mut names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The stack's template, its short tags in their long form: `!Ref X` as `{"Ref": "X"}`, `!Sub X` as `{"Fn::Sub": "X"}`.
#[must_use]
pub fn template() -> Value {
    read("template.yaml")
}

/// The template of an API that attaches the authorizer, likewise.
#[must_use]
pub fn sample_api() -> Value {
    read("tests/sample-api/template.yaml")
}

/// What `CreateTable` takes to make one of the template's own tables under another name.
#[must_use]
pub fn create_table_request(resource: &str, table_name: &str) -> Value {
    let template = template();
    let properties = &template["Resources"][resource]["Properties"];
    let mut request = Map::from_iter([("TableName".to_owned(), json!(table_name))]);
    for part in ["KeySchema", "AttributeDefinitions", "BillingMode"] {
        assert!(!properties[part].is_null(), "the table has no {part}");
    }
    for part in ["KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes"] {
        if !properties[part].is_null() {
            request.insert(part.to_owned(), properties[part].clone());
        }
    }
    request.into()
}

/// A template of the repository, likewise.
#[must_use]
pub fn read(file: &str) -> Value {
    to_json(serde_yaml_ng::from_str(&fs::read_to_string(root().join(file)).unwrap()).unwrap())
}

fn to_json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let name = name.trim_start_matches('!');
            let name = if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") };
            Value::Object(Map::from_iter([(name, to_json(tagged.value))]))
        }
        Yaml::Mapping(mapping) => Value::Object(
            mapping
                .into_iter()
                .map(|(key, value)| {
                    let key = match key {
                        Yaml::String(key) => key,
                        other => to_json(other).to_string(),
                    };
                    (key, to_json(value))
                })
                .collect(),
        ),
        Yaml::Sequence(values) => values.into_iter().map(to_json).collect(),
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::String(value) => value.into(),
        Yaml::Number(number) => number.as_i64().map(Value::from).or_else(|| number.as_f64().map(Value::from)).unwrap(),
    }
}
