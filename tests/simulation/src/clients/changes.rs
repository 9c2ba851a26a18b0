//! What managers change of keys.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::manager::{rfc3339, some_operations};
use crate::model::Patch;
use crate::world::World;

/// Those whom keys are assigned to, and their names.
pub const USERS: [(&str, &str); 3] = [("user-2", "Grace"), ("user-5", "Edsger"), ("user-6", "Barbara")];
const TAGS: [&str; 3] = ["team", "env", "cost.center"];
pub const TEXTS: [&str; 3] = ["blue", "red", "light blue"];

/// What a patch has, and what it does.
pub struct Change {
    pub body: Value,
    patch: Patch,
    /// The value before ends, if it works when that is asked or did a minute before: not all clocks agree.
    ends_previous: bool,
}

impl Change {
    pub fn some(world: &World, action: usize, what: &str, rng: &mut Rng) -> Self {
        let mut patch = Patch::default();
        let body = match what {
            "enable" | "disable" => {
                patch.enabled = Some(what == "enable");
                json!({"enabled": patch.enabled})
            }
            "grant" => {
                patch.operations = Some(some_operations(rng));
                json!({"operations": patch.operations})
            }
            "expire" => {
                let furthest = if rng.bool() { 60_000 } else { world.lifetime().unwrap_or(60_000) * 5 / 4 };
                let end = rng.bool().then(|| world.now() + rng.u64(4_000..furthest));
                patch.expires = Some(end);
                json!({"expiresAt": end.map(rfc3339)})
            }
            "rename" => json!({"name": format!("name {action}")}),
            "hand on" => {
                let (id, name) = USERS[rng.usize(0..USERS.len())];
                (patch.user_id, patch.username) = (Some(id.to_owned()), Some(name.to_owned()));
                json!({"userId": id, "username": name})
            }
            "tag" => {
                let tags = some_tags(rng);
                let mut is_set = |text: String| Some(text).filter(|_| rng.u32(0..4) > 0);
                patch.tags = tags.into_iter().map(|(name, text)| (name, is_set(text))).collect();
                json!({"tags": patch.tags})
            }
            "untag" => {
                patch.untags = true;
                json!({"tags": null})
            }
            "end the value before" => return Self::end_of_previous(),
            "limit" => {
                let per = ["MINUTE", "HOUR"][rng.usize(0..2)];
                json!({"limits": [{"requests": rng.u32(1..30), "per": per}]})
            }
            other => unreachable!("{other}"),
        };
        Self { body, patch, ends_previous: false }
    }

    pub fn end_of_previous() -> Self {
        let body = json!({"previousValueValidUntil": null});
        Self { body, patch: Patch::default(), ends_previous: true }
    }

    /// What it does, by a function with that clock.
    pub fn patch(&self, now: u64) -> Patch {
        Patch { ends_previous: self.ends_previous.then_some(now - 60_000), ..self.patch.clone() }
    }
}

/// Some texts by their names.
pub fn some_tags(rng: &mut Rng) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for name in TAGS {
        if rng.bool() {
            tags.insert(name.to_owned(), TEXTS[rng.usize(0..TEXTS.len())].to_owned());
        }
    }
    tags
}
