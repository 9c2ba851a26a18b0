//! Expresses the derived schemas in a form that people and generators of clients like better.

use serde_yaml_ng::{Mapping, Value as Yaml};

/// Schemas that answers hold: each of their fields is always there, and `null` when it is nothing.
const WHOLE: [&str; 11] = [
    "Account",
    "Actor",
    "Event",
    "EventPage",
    "FieldChange",
    "Key",
    "KeyPage",
    "LeakFeedback",
    "LeakReport",
    "Usage",
    "UsageBucket",
];

/// The one enum that only requests hold. Later versions may add members to the others, so generated clients must take
/// what they do not know, which none does of an `enum`.
const CLOSED: &str = "Bucket";

/// What any text of a request is made of: no control characters. Every dialect of regular expressions has `\x`; for what
/// else cannot be seen each has a way of its own, so that is described in words.
pub const TEXT: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";

/// Rewrites a whole document.
pub fn settle(document: &mut Yaml) {
    let all = document["components"]["schemas"].as_mapping().unwrap().clone();
    let (named, parts): (Mapping, Mapping) = all.into_iter().partition(|(_, schema)| is_named(schema));
    document["components"]["schemas"] = named.into();
    simplify(document, &parts);
    let schemas = &mut document["components"]["schemas"];
    for name in WHOLE {
        let fields: Vec<Yaml> = schemas[name]["properties"].as_mapping().unwrap().keys().cloned().collect();
        schemas[name]["required"] = fields.into();
    }
    for (_, schema) in schemas.as_mapping_mut().unwrap().iter_mut().filter(|(name, _)| *name != CLOSED) {
        open(schema.as_mapping_mut().unwrap());
    }
    // utoipa's header has no such field.
    for header in document["components"]["headers"].as_mapping_mut().unwrap().values_mut() {
        header["required"] = true.into();
    }
}

/// Objects and enums stay by themselves, so that generated clients have names for them. Texts stand where they are used.
fn is_named(schema: &Yaml) -> bool {
    schema["type"] == "object" || schema.get("allOf").is_some() || schema.get("enum").is_some()
}

/// Text of which the members are known, and others are possible.
fn open(schema: &mut Mapping) {
    let Some(members) = schema.remove("enum") else { return };
    let description = schema.get("description").and_then(Yaml::as_str).unwrap_or_default().trim_end();
    let description = format!("{description}\n\nLater versions may add members.");
    schema.insert("description".into(), description.into());
    schema.insert("x-extensible-enum".into(), members);
}

fn simplify(node: &mut Yaml, parts: &Mapping) {
    match node {
        Yaml::Sequence(nodes) => nodes.iter_mut().for_each(|node| simplify(node, parts)),
        Yaml::Mapping(mapping) => {
            mapping.values_mut().for_each(|node| simplify(node, parts));
            put_part_in_place(mapping, parts);
            name_null_among_types(mapping);
            merge_objects(mapping);
            forbid_control_characters(mapping);
        }
        _ => {}
    }
}

/// `$ref` to a part becomes the part; what stood beside the `$ref` has the last word.
fn put_part_in_place(mapping: &mut Mapping, parts: &Mapping) {
    let part = mapping.get("$ref").and_then(|to| parts.get(to.as_str()?.strip_prefix("#/components/schemas/")?));
    if let Some(part) = part {
        let mut part = part.clone();
        simplify(&mut part, parts);
        mapping.remove("$ref");
        lay_under(mapping, part);
    }
}

/// `oneOf: [{type: string}, {type: null}]` becomes `type: [string, null]`.
fn name_null_among_types(mapping: &mut Mapping) {
    let Some([one, null]) = mapping.get("oneOf").and_then(Yaml::as_sequence).map(Vec::as_slice) else { return };
    if null["type"] == "null" && one["type"].is_string() {
        let mut nullable = one.clone();
        nullable["type"] = vec![one["type"].clone(), "null".into()].into();
        mapping.remove("oneOf");
        lay_under(mapping, nullable);
    }
}

/// `allOf` of objects becomes one object with all of their properties.
fn merge_objects(mapping: &mut Mapping) {
    let Some(objects) = mapping.get("allOf").and_then(Yaml::as_sequence) else { return };
    if objects.iter().all(|object| object["type"] == "object") {
        let mut whole = objects[0].clone();
        for object in &objects[1..] {
            let properties = object["properties"].as_mapping().unwrap().clone();
            whole["properties"].as_mapping_mut().unwrap().extend(properties);
        }
        mapping.remove("allOf");
        lay_under(mapping, whole);
    }
}

/// Text of limited length that has no shape of its own is a person's words.
fn forbid_control_characters(mapping: &mut Mapping) {
    let shaped = ["pattern", "format"].iter().any(|shape| mapping.contains_key(shape));
    if mapping.contains_key("maxLength") && !shaped {
        mapping.insert("pattern".into(), TEXT.into());
    }
}

/// Puts entries before those of a mapping, which win where both have one.
fn lay_under(mapping: &mut Mapping, under: Yaml) {
    let Yaml::Mapping(mut whole) = under else { panic!("a schema is a mapping") };
    whole.extend(std::mem::take(mapping));
    *mapping = whole;
}
