//! Each name of a request is linearizable: one request is carried out under it in a day, and the answer to every repeat names it.

use std::collections::BTreeMap;

use super::order::{self, SOMETIME, Step};
use super::written::Written;
use crate::history::{History, NamedRequest};
use crate::name::{Done, Name, NameLook};

pub fn check(history: &History, written: &Written) -> Vec<String> {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for it in history.named.iter().filter(|it| !history.accounts[it.account].erasing) {
        names.entry((&it.caller, &it.name)).or_default().push(it);
    }
    let each = names.into_iter();
    each.filter_map(|((caller, name), all)| {
        let writes: Vec<_> = all.iter().filter_map(|it| write_of(it, written)).collect();
        let looks: Vec<_> = all.iter().filter_map(|it| look_of(it)).collect();
        order::unexplained(&format!("name {name} of key {caller}"), &Name::default(), &writes, &looks)
    })
    .collect()
}

/// A request that has an event was carried out, with any answer.
fn write_of(it: &NamedRequest, written: &Written) -> Option<Step<Done>> {
    let key = it.key.as_deref().or_else(|| written.made(&it.request))?;
    let version = written.event(&it.request, key)?.to_owned();
    let what = Done { asked: it.asked.clone(), key: key.to_owned(), version, at: it.now };
    Some(Step { action: it.action, began: it.began, ended: it.ended.min(SOMETIME), what })
}

fn look_of(it: &NamedRequest) -> Option<Step<NameLook>> {
    let (now, asked) = (it.now, it.asked.clone());
    let text = |name: &str| it.body[name].as_str().unwrap_or_default().to_owned();
    let what = match (it.status, &*text("code")) {
        // It was carried out, or that is unknown; or it was refused before the name was looked at.
        (0 | 201 | 400 | 500.., _) | (_, "CONTENDED" | "OPERATION") => return None,
        (_, "REQUEST_DONE") => NameLook::Done { asked, key: text("keyId"), version: text("etag"), now },
        (_, "REQUEST_DIFFERS") => NameLook::Differs { asked, now },
        _ => NameLook::Free { now },
    };
    Some(Step { action: it.action, began: it.began, ended: it.ended, what })
}
