//! A template with its parameters' values, as CloudFormation fills it in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// What stands for a property that is not there.
const NO_VALUE: &str = "AWS::NoValue";

/// Values of a template's parameters, and of what other stacks export.
#[derive(Debug, Clone, Default)]
pub struct Values {
    parameters: BTreeMap<String, String>,
    exports: BTreeMap<String, String>,
}

impl Values {
    /// These parameters; the others have their defaults. No stack exports anything.
    #[must_use]
    pub fn of(given: &[(&str, &str)]) -> Self {
        let parameters = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { parameters: parameters.collect(), exports: BTreeMap::new() }
    }

    /// The same beside a stack of that template, by its exports.
    #[must_use]
    pub fn beside(self, template: &Value) -> Self {
        let outputs = template["Outputs"].as_object().into_iter().flat_map(Map::values);
        let exported = outputs.filter(|output| output["Export"].is_object());
        let text = |part: &Value| fill(template, part, &Self::default()).as_str().unwrap().to_owned();
        let exports = exported.map(|output| (text(&output["Export"]["Name"]), text(&output["Value"]))).collect();
        Self { exports, ..self }
    }

    fn parameter(&self, template: &Value, name: &str) -> Option<String> {
        let parameter = &template["Parameters"][name];
        let default = || match &parameter["Default"] {
            Value::Null => panic!("{name} has no default and is not given"),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        parameter.is_object().then(|| self.parameters.get(name).cloned().unwrap_or_else(default))
    }
}

/// The names of a template's conditions.
#[must_use]
pub fn conditions(template: &Value) -> Vec<String> {
    template["Conditions"].as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// Whether a condition holds.
#[must_use]
pub fn holds(template: &Value, condition: &str, values: &Values) -> bool {
    let condition = &template["Conditions"][condition];
    assert!(condition.is_object(), "there is no such condition");
    is_true(template, condition, values)
}

/// The template without its conditions: with what they choose, and the given values as defaults. All else stays as it is.
///
/// # Panics
/// If something refers to a resource that is not there.
#[must_use]
pub fn chosen(template: &Value, values: &Values) -> Value {
    let mut chosen = template.clone();
    for (name, value) in &values.parameters {
        assert!(chosen["Parameters"][name].is_object(), "there is no parameter {name}");
        chosen["Parameters"][name]["Default"] = json!(value);
    }
    chosen.as_object_mut().unwrap().remove("Conditions");
    let mut absent = BTreeSet::new();
    for part in ["Resources", "Outputs"] {
        let Some(all) = chosen.get_mut(part).and_then(Value::as_object_mut) else { continue };
        all.retain(|name, it| {
            let is_there = it["Condition"].as_str().is_none_or(|condition| holds(template, condition, values));
            if !is_there {
                absent.insert(name.clone());
            }
            is_there
        });
        for it in all.values_mut() {
            it.as_object_mut().unwrap().remove("Condition");
            *it = without_ifs(template, it, values).unwrap();
            for name in names_of(it) {
                assert!(!absent.contains(name), "{name} is not there, and {it} refers to it");
            }
        }
    }
    chosen
}

/// The resources of a template as they are made: every parameter, import and text filled in. A reference to a resource is its
/// logical id, and to an attribute of it `Name.Attribute`.
#[must_use]
pub fn filled(template: &Value, values: &Values) -> Map<String, Value> {
    let chosen = chosen(template, values);
    let fill = |it: &Value| fill(template, it, values);
    chosen["Resources"].as_object().unwrap().iter().map(|(name, it)| (name.clone(), fill(it))).collect()
}

fn without_ifs(template: &Value, part: &Value, values: &Values) -> Option<Value> {
    match part {
        Value::Object(fields) => {
            if let Some(choice) = fields.get("Fn::If") {
                let taken = if holds(template, choice[0].as_str().unwrap(), values) { &choice[1] } else { &choice[2] };
                return without_ifs(template, taken, values);
            }
            if fields.get("Ref").is_some_and(|name| name == NO_VALUE) {
                return None;
            }
            let kept = fields.iter().filter_map(|(name, it)| Some((name.clone(), without_ifs(template, it, values)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(parts) => Some(parts.iter().filter_map(|it| without_ifs(template, it, values)).collect()),
        other => Some(other.clone()),
    }
}

fn is_true(template: &Value, condition: &Value, values: &Values) -> bool {
    let (name, of) = condition.as_object().unwrap().iter().next().unwrap();
    let each = || of.as_array().unwrap().iter();
    match &**name {
        "Fn::Equals" => fill(template, &of[0], values) == fill(template, &of[1], values),
        "Fn::Not" => !is_true(template, &of[0], values),
        "Fn::And" => each().all(|it| is_true(template, it, values)),
        "Fn::Or" => each().any(|it| is_true(template, it, values)),
        "Condition" => holds(template, of.as_str().unwrap(), values),
        other => panic!("{other} in a condition"),
    }
}

fn fill(template: &Value, part: &Value, values: &Values) -> Value {
    let text = |part: &Value| match fill(template, part, values) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match part {
        Value::Object(fields) if fields.len() == 1 => {
            let (name, of) = fields.iter().next().unwrap();
            match &**name {
                "Ref" => json!(reference(template, of.as_str().unwrap(), values)),
                "Fn::GetAtt" => match of.as_str() {
                    Some(path) => json!(path),
                    None => json!(of.as_array().unwrap().iter().map(&text).collect::<Vec<_>>().join(".")),
                },
                "Fn::ImportValue" => {
                    let export = text(of);
                    json!(values.exports.get(&export).unwrap_or_else(|| panic!("no stack exports {export}")))
                }
                "Fn::Join" => {
                    let parts: Vec<_> = of[1].as_array().unwrap().iter().map(&text).collect();
                    json!(parts.join(of[0].as_str().unwrap()))
                }
                "Fn::Sub" => {
                    let (pattern, own) = of.as_str().map_or_else(|| (&of[0], &of[1]), |_| (of, &Value::Null));
                    let mut parts = pattern.as_str().unwrap().split("${");
                    let mut filled = parts.next().unwrap().to_owned();
                    for part in parts {
                        let (name, rest) = part.split_once('}').unwrap();
                        let value =
                            if own[name].is_null() { reference(template, name, values) } else { text(&own[name]) };
                        filled.push_str(&value);
                        filled.push_str(rest);
                    }
                    json!(filled)
                }
                other if other.starts_with("Fn::") => panic!("{other}"),
                _ => json!({ name: fill(template, of, values) }),
            }
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, it)| (name.clone(), fill(template, it, values))).collect())
        }
        Value::Array(parts) => parts.iter().map(|it| fill(template, it, values)).collect(),
        other => other.clone(),
    }
}

fn reference(template: &Value, name: &str, values: &Values) -> String {
    let pseudo = match name {
        "AWS::Region" => Some("eu-central-1"),
        "AWS::AccountId" => Some("123456789012"),
        "AWS::Partition" => Some("aws"),
        "AWS::URLSuffix" => Some("amazonaws.com"),
        "AWS::StackName" => Some("a-stack"),
        _ => None,
    };
    if let Some(value) = pseudo {
        return value.to_owned();
    }
    if let Some(value) = values.parameter(template, name) {
        return value;
    }
    let resource = name.split('.').next().unwrap();
    assert!(template["Resources"][resource].is_object(), "there is nothing called {name}");
    name.to_owned()
}

/// What a part of a template names: by references, in texts, and in `DependsOn`.
fn names_of(part: &Value) -> BTreeSet<&str> {
    fn before_dot(path: &str) -> &str {
        path.split('.').next().unwrap_or_default()
    }
    match part {
        Value::Object(fields) => {
            let mut found: BTreeSet<_> = fields.values().flat_map(names_of).collect();
            for (name, of) in fields {
                match (&**name, of) {
                    ("Ref" | "Fn::GetAtt" | "DependsOn", Value::String(path)) => drop(found.insert(before_dot(path))),
                    ("Fn::GetAtt", Value::Array(path)) => drop(found.insert(path[0].as_str().unwrap_or_default())),
                    ("DependsOn", Value::Array(all)) => found.extend(all.iter().filter_map(Value::as_str)),
                    ("Fn::Sub", of) => {
                        let text = of.as_str().or(of[0].as_str()).unwrap_or_default();
                        found.extend(
                            text.split("${").skip(1).map(|rest| rest.split(['.', '}']).next().unwrap_or_default()),
                        );
                    }
                    _ => {}
                }
            }
            found
        }
        Value::Array(parts) => parts.iter().flat_map(names_of).collect(),
        _ => BTreeSet::new(),
    }
}
