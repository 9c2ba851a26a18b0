//! What anybody may send to `POST /leaks`: two headers and a body, each taken or refused.
//!
//! The first line is the identifier of GitHub's key, the second the signature, the rest the body.

#![no_main]

use api_keys::key::{ImportedKeys, KeyValue};
use libfuzzer_sys::fuzz_target;
use report_leaks::{ReportedToken, Signature};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (identifier, signature, body) = (next(), next(), next());
    if Signature::parse(identifier, signature).is_ok() {
        assert!((1..=256).contains(&identifier.len()) && signature.is_ascii());
    }
    for (signed, most) in [(false, 10), (true, 100)] {
        if let Ok(reports) = ReportedToken::parse(body, signed) {
            assert!((1..=most).contains(&reports.len()));
            for report in reports {
                let kept = report.origin_of_leak(signed);
                assert_eq!(kept.verified, signed);
                assert!(signed || (kept.source.is_none() && kept.url.is_none()));
                for text in kept.source.into_iter().chain(kept.url) {
                    assert!(text.chars().count() <= 1024 && !text.chars().any(char::is_control));
                    assert!(KeyValue::find_all(&text, ImportedKeys::Refused).native.is_empty());
                    let found = report.found(ImportedKeys::Accepted);
                    assert!(found.native.iter().chain(&found.foreign).all(|value| !text.contains(value.expose())));
                }
                let found = report.found(ImportedKeys::Accepted);
                assert!(found.native.iter().all(|value| value.locator().is_some()));
                assert!(found.foreign.iter().all(|value| value.locator().is_none()));
                assert!(found.foreign.len() <= 8, "what has no shape costs few reads");
            }
        }
    }
});
