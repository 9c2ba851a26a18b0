//! Any text as a key: it is none, or it is read the same way in every setting.

#![no_main]

use api_keys::key::{AccountId, ImportedKeys, KeyHash, KeyId, KeyPrefix, KeyValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let native = KeyValue::parse(text, ImportedKeys::Refused);
    let any = KeyValue::parse(text, ImportedKeys::Accepted);
    if let Some(native) = &native {
        let locator = native.locator().expect("a native value has the place of its key");
        assert!(text.contains(locator.account_id.as_str()) && text.contains(locator.id.as_str()));
        let any = any.as_ref().expect("what is a native value is one where others are accepted too");
        assert!(any.locator() == Some(locator) && any.hash() == native.hash() && native.expose() == text);
    }
    if let Some(any) = any {
        assert!(text.len() <= 256 && text.is_ascii(), "no longer value is kept");
        assert!(any.locator().is_some() == native.is_some());
        assert_eq!(format!("{any:?} {:?}", any.hash()), "KeyValue(…) KeyHash(…)");
    }
    // A value that was found is found again with any text around it, and in itself.
    let found = KeyValue::find_all(text, ImportedKeys::Refused).native;
    assert!(native.is_none() || found.len() == 1);
    for value in found {
        let around = format!("\u{feff}KEY='{}';\r\n", value.expose().replace('_', "\\_"));
        assert!(
            KeyValue::find_all(&around, ImportedKeys::Refused).native.iter().any(|again| again.hash() == value.hash())
        );
        assert!(KeyValue::resembles_one(value.expose()));
    }
    for id in [KeyId::parse(text).map(|id| id.to_string()), AccountId::parse(text).map(|id| id.to_string())] {
        assert!(id.is_none_or(|id| id == text));
    }
    drop((KeyPrefix::parse(text), KeyHash::from_hex(text)));
});
