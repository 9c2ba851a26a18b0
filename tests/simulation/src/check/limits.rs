//! No key is let through more often than its limits allow, in no window.

use std::collections::BTreeMap;

use crate::history::{History, Seen};

pub fn check(history: &History) -> Vec<String> {
    let mut windows = BTreeMap::<_, (u64, u64)>::new();
    for it in &history.uses {
        let (Seen::Works { key, allowed, limited, .. }, Some(counted)) = (&it.seen, &it.counted) else { continue };
        if !allowed || *limited {
            continue;
        }
        // Windows end with a minute, and an answer has whole seconds.
        let end = (counted.window_end + 30) / 60;
        let name = format!("\"{}\";q=", counted.period);
        let policy = counted.policy.split(", ").find_map(|policy| policy.strip_prefix(&name)).expect("a policy");
        let limit: u64 = policy.split(';').next().expect("a limit").parse().expect("a number");
        let (requests, most) = windows.entry((key, &counted.period, end)).or_default();
        *requests += 1;
        // A manager may have changed it: then the highest that was said.
        *most = limit.max(*most);
    }
    let over = windows.iter().filter(|(_, (requests, most))| requests > most);
    over.map(|((key, period, _), (requests, most))| {
        format!("key {key} was let through {requests} times a {period}, not {most}")
    })
    .collect()
}
