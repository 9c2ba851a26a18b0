//! What every route may answer when it does not do what was asked.

use api_keys::lambda::Code;
use utoipa::openapi::example::Example;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Schema};

/// The shared response that has a code.
pub fn name(code: Code) -> &'static str {
    if code == Code::NoRoute {
        return "NoRoute";
    }
    match code.status().as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        412 => "PreconditionFailed",
        413 => "PayloadTooLarge",
        422 => "UnprocessableContent",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        other => panic!("no route answers {other}"),
    }
}

/// A shared response: its name, when it comes, and the problems that it may hold.
const PROBLEMS: [(&str, &str, &[&str]); 14] = [
    (
        "BadRequest",
        "The body, the query or a header has fields that are wrong, unknown or repeated, or the path has a key's value or `self` where \
         an id is wanted, and `errors` names each; or the gateway could not understand the request as a whole, and there is \
         no `errors`.",
        &["wrongFields", "notUnderstood"],
    ),
    (
        "Unauthorized",
        "`X-API-Key` is missing, empty, sent twice, malformed, unknown, deleted, disabled, exposed or expired, or \
         its account is suspended.",
        &["unauthorized"],
    ),
    (
        "Forbidden",
        "The key is good but lacks the operation, comes from an address that it may not come from, would give an \
         operation that it lacks, or would change or rotate a key that has one; or the gateway lets nothing of it in.",
        &["accessDenied", "notReader", "notManager", "cannotGrant", "cannotChange"],
    ),
    (
        "NotFound",
        "The account has no such key. Unknown, deleted and other accounts' keys look the same, and text that is no id.",
        &["notFound"],
    ),
    ("NoRoute", "Reports are switched off: the stack has the parameter `Leaks=disabled`.", &["noRoute"]),
    (
        "Conflict",
        "The account has reached its limit of keys (`createKey`), the key is disabled or expired and not exposed (`rotateKey`) \
         or is exposed and cannot be enabled (`updateKey`), the account is suspended or gone, or other requests changed the same key at the same time; or the request was carried out before, under the same \
         `Idempotency-Key`.",
        &["quotaReached", "notActive", "contended", "requestDone"],
    ),
    (
        "PreconditionFailed",
        "The key is of another version than `If-Match` names. Nothing was done: look the key up again.",
        &["preconditionFailed"],
    ),
    (
        "PayloadTooLarge",
        "The body has more bytes than the gateway takes, 10 MB. The body comes from the gateway, and is no problem document.",
        &[],
    ),
    (
        "UnprocessableContent",
        "Another request of the same key had this `Idempotency-Key` within a day. Nothing was done.",
        &["requestDiffers"],
    ),
    ("TooManyRequests", "The requests of all keys together exceed the throttle of the method.", &["throttled"]),
    ("InternalServerError", "The service failed. The key may still be valid.", &["internalError"]),
    ("BadGateway", "The service failed. The key may still be valid.", &["badGateway"]),
    (
        "ServiceUnavailable",
        "What the service depends on failed. Report again: what was done before stays done.",
        &["unavailable"],
    ),
    (
        "GatewayTimeout",
        "The service did not answer in time. The key may still be valid, and the request may have been served.",
        &["timeout"],
    ),
];

/// What `$ref`s name.
pub fn shared() -> impl Iterator<Item = (&'static str, Response)> {
    PROBLEMS.into_iter().map(|(name, when, examples)| (name, problem(name, when, examples)))
}

/// The headers of answers, by name.
pub fn headers() -> [(&'static str, Header); 5] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let header = |schema, description| HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
    [
        ("Cache-Control", header(text().enum_values(Some(["no-store"])), "No cache may keep this answer.")),
        (
            "ETag",
            header(
                text().pattern(Some("^\"([0-9A-Za-z]{22}|0)\"$")).examples(["\"0353BcNZpNQ41k9Zft1Kjj\""]),
                "The key's version for writing, for `If-Match`: its `etag` in quotes.",
            ),
        ),
        (
            "Location",
            header(
                text()
                    .pattern(Some("/authentication/[0-9A-Za-z]{22}$"))
                    .examples(["/v1/authentication/0QbXn6T4mKrV9sYdJ2wLhP"]),
                "The key's URL, relative to the request's: its path with the stage or the base path.",
            ),
        ),
        (
            "Retry-After",
            header(text().pattern(Some("^[0-9]+$")).examples(["1"]), "Seconds to wait before the next try."),
        ),
        (
            "WWW-Authenticate",
            header(text().enum_values(Some(["ApiKey"])), "What a request needs: a key in `X-API-Key`."),
        ),
    ]
}

/// An answer with a JSON body of that schema.
pub fn json(description: &str, schema: &str, examples: &[&str]) -> ResponseBuilder {
    answer(description).content("application/json", content(named(schema), examples).build())
}

/// An answer without a body.
pub fn answer(description: &str) -> ResponseBuilder {
    let no_store = Ref::new("#/components/headers/Cache-Control");
    ResponseBuilder::new().description(description).header_ref("Cache-Control", no_store)
}

/// The schema of that name.
pub fn named(schema: &str) -> Ref {
    Ref::from_schema_name(schema)
}

/// A body of that schema with the examples of those names.
pub fn content(schema: impl Into<RefOr<Schema>>, examples: &[&str]) -> ContentBuilder {
    let by_name =
        examples.iter().map(|name| (*name, RefOr::<Example>::Ref(Ref::new(format!("#/components/examples/{name}")))));
    ContentBuilder::new().schema(Some(schema)).examples_from_iter(by_name)
}

fn problem(name: &str, description: &str, examples: &[&str]) -> Response {
    // What API Gateway does not let an API change.
    if examples.is_empty() {
        return ResponseBuilder::new().description(description).build();
    }
    let answer = answer(description).content("application/problem+json", content(named("Problem"), examples).build());
    let header = match name {
        "TooManyRequests" => "Retry-After",
        "Unauthorized" => "WWW-Authenticate",
        _ => return answer.build(),
    };
    answer.header_ref(header, Ref::new(format!("#/components/headers/{header}"))).build()
}
