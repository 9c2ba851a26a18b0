//! Any event of the gateway, whole or with these headers: it is read, or an error that repeats nothing of it.

#![no_main]

use authorizer::AuthorizerEvent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    drop(serde_json::from_slice::<AuthorizerEvent>(data));
    let Ok(headers) = std::str::from_utf8(data) else { return };
    let event = format!(
        r#"{{"methodArn":"arn:aws:execute-api:eu-central-1:1:a/v1/GET/x","multiValueHeaders":{headers},"requestContext":{{"requestId":"r","identity":{{"sourceIp":"::1"}}}}}}"#
    );
    if let Ok(event) = serde_json::from_str::<AuthorizerEvent>(&event) {
        assert!(format!("{event:?}").contains("KeyHeaders(…)"));
    }
});
