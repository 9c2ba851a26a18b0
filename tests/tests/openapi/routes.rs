//! The routes, in the words of a client.

use api_keys::key::{self, EventId, KeyId, Timestamp};
use api_keys::lambda::Code;
use utoipa::PartialSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle, PathItemBuilder, Paths,
    PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{HttpMethod, KnownFormat, Ref, RefOr, Required, Schema};

use crate::responses::{self, answer, content, json, named};

/// What the operations are about.
pub const TAGS: [(&str, &str); 5] = [
    ("Keys", "The keys of the account."),
    ("Account", "The account of the calling key, and what may be decided of its keys."),
    ("Events", "What was done, by whom, and what it replaced."),
    ("Usage", "How many requests keys made."),
    ("Leaks", "Values that others know."),
];

/// All of them.
pub fn paths() -> Paths {
    PathsBuilder::new()
        .path(
            "/authentication",
            PathItemBuilder::new()
                .operation(HttpMethod::Get, list_keys())
                .operation(HttpMethod::Post, create_key())
                .build(),
        )
        .path("/authentication/events", PathItemBuilder::new().operation(HttpMethod::Get, list_events()).build())
        .path(
            "/authentication/{key}",
            PathItemBuilder::new()
                .operation(HttpMethod::Get, get_key())
                .operation(HttpMethod::Patch, update_key())
                .operation(HttpMethod::Delete, delete_key())
                .build(),
        )
        .path("/authentication/account", PathItemBuilder::new().operation(HttpMethod::Get, get_account()).build())
        .path("/authentication/usage", PathItemBuilder::new().operation(HttpMethod::Get, account_usage()).build())
        .path("/authentication/{key}/usage", PathItemBuilder::new().operation(HttpMethod::Get, key_usage()).build())
        .path("/authentication/{key}/rotate", PathItemBuilder::new().operation(HttpMethod::Post, rotate_key()).build())
        .path("/leaks", PathItemBuilder::new().operation(HttpMethod::Post, report_leaks()).build())
        .build()
}

fn list_keys() -> Operation {
    let page = json("A page of the keys.", "KeyPage", &["page"])
        .link("nextPage", to("listKeys", "cursor", "$response.body#/nextCursor", "The next page."));
    operation(
        "listKeys",
        "List the keys of the account",
        "Newest first, a page at a time. Of several filters all must hold. The last page has a `nextCursor` of `null`. Other \
         pages may be shorter than their limit too, and even empty.",
        &[],
    )
    .parameter(query("userId", "Keep the keys that were created by or are assigned to that user.", text(1, 128)))
    .parameter(query("assignedTo", "Keep the keys that are assigned to that user.", text(1, 128)))
    .parameter(query("status", "Keep the keys of that status, as they are now.", named("KeyStatus")))
    .parameter(query("operation", "Keep the keys that have this operation, among others.", key::Operation::schema()))
    .parameter(query("createdByKeyId", "Keep the keys that the key of that id created.", KeyId::schema()))
    .parameter(query(
        "expiresBefore",
        "Keep the keys that expire before that time, or have; none that never expires. A day without a time is its start in UTC.",
        time_or_day(),
    ))
    .parameter(query(
        "exceedsLifetime",
        "Keep the keys that live longer than the account's keys may from the making of their value on, or without an end; or with \
         `false` the others. Exempt keys never do.",
        ObjectBuilder::new().schema_type(Type::Boolean),
    ))
    .parameter(query(
        "unusedSince",
        "Keep the keys that were last used before that time; those that never were, if they were created before it. A day \
         without a time is its start in UTC.",
        time_or_day(),
    ))
    .parameter(tag_filters())
    .parameter(query("limit", "How many keys a page has at most.", limit(1000)))
    .parameter(query(
        "cursor",
        "The `nextCursor` of the page before, with the same other parameters. Opaque; it stays valid when keys are deleted.",
        KeyId::schema(),
    ))
    .response("200", page)
    .build()
}

/// Each is a parameter of its own, such as `tag.team=blue`.
fn tag_filters() -> Parameter {
    let description = "Keep the keys whose tags have exactly these texts: each is a parameter `tag.` and the name of a tag, such as \
        `tag.team=blue`.";
    parameter("tag.{name}", description, named("TagFilters"))
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .style(Some(ParameterStyle::Form))
        .explode(Some(true))
        .build()
}

/// The texts of the tags that keys are to have.
pub fn texts_of_tags() -> ObjectBuilder {
    let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^tag\\.[A-Za-z][A-Za-z0-9_.-]{0,39}$"));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Texts by the names of tags, each with `tag.` before it."))
        .property_names(Some(name))
        .max_properties(Some(key::Tags::MAX))
        .additional_properties(Some(text(1, key::Tags::MAX_TEXT)))
}

fn list_events() -> Operation {
    let page = json("A page of the events.", "EventPage", &["events"])
        .link("nextPage", to("listEvents", "cursor", "$response.body#/nextCursor", "The next page."));
    operation(
        "listEvents",
        "List what was done to the keys of the account",
        "Newest first, a page at a time. Each management write has one event, made in the same transaction, which names who \
         did it and exactly what it replaced. The last page has a `nextCursor` of `null`.",
        &[],
    )
    .parameter(query("keyId", "Keep the events of that key, deleted ones included.", KeyId::schema()))
    .parameter(query("actorKeyId", "Keep what was done by that key.", KeyId::schema()))
    .parameter(query("limit", "How many events a page has at most.", limit(100)))
    .parameter(query("cursor", "The `nextCursor` of the page before, with the same other parameters.", EventId::schema()))
    .response("200", page)
    .build()
}

fn get_account() -> Operation {
    let description = "What a program needs that lets people manage keys: what keys of this service may open, which of that the \
        calling key may give, how many keys there may be, and the ceilings of their limits.";
    operation("getAccount", "See the account", description, &[Code::AccountSuspended])
        .response("200", json("The account of the calling key.", "Account", &["account"]))
        .build()
}

fn account_usage() -> Operation {
    const WHAT: &str = "The requests of all keys of the account together.";
    usage("getAccountUsage", "See how much the account was used", WHAT, &[]).build()
}

fn key_usage() -> Operation {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let key = key.examples(["self", "0QbXn6T4mKrV9sYdJ2wLhP"]);
    let description = "A key with `AUTHENTICATION_READ` sees every key of its account, deleted ones included; any other key only \
        itself. An id that no key of the account has gets zeros, as a key without requests does.";
    usage("getKeyUsage", "See how much a key was used", description, &[Code::NotFound])
        .parameter(path_key("`self` for the key that the request carries, or a key's id.", key))
        .build()
}

fn usage(id: &str, summary: &str, description: &str, codes: &[Code]) -> OperationBuilder {
    let time = |name: &str, description: &str| query(name, description, time_or_day());
    let counted = "Requests to every API that attaches the authorizer count, by hour or by day of UTC. What was counted in the \
        last minutes may be missing, and what environments that ended early had not written: never is anything counted twice.";
    operation(id, summary, &format!("{description} {counted}"), codes)
        .parameter(time("from", "From the hour or day of that time on. By default as much as makes 30 days. A day without a time is its start in UTC."))
        .parameter(time("to", "Until before that time, or that day: at most 31 days of hours, or 400 of days. By default now."))
        .parameter(query("bucket", "What is summed up.", named("Bucket")))
        .response("200", json("Every hour or day of the time, the oldest first.", "Usage", &["usage"]))
}

/// What usage is summed up by.
pub fn bucket() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What usage is summed up by."))
        .enum_values(Some(["hour", "day"]))
        .default(Some("day".into()))
}

fn time_or_day() -> AnyOfBuilder {
    let day = SchemaFormat::KnownFormat(KnownFormat::Date);
    AnyOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::String).format(Some(day))).item(Timestamp::schema())
}

fn create_key() -> Operation {
    const ID: &str = "$response.body#/id";
    let links = [
        ("look", to("getKey", "key", ID, "Look it up.")),
        ("change", to("updateKey", "key", ID, "Change it.")),
        ("rotate", to("rotateKey", "key", ID, "Give it another value.")),
        ("revoke", to("deleteKey", "key", ID, "Revoke it.")),
    ];
    let body = RequestBodyBuilder::new()
        .content("application/json", content(named("NewKey"), &["newKey", "newKeyWithAll"]).build())
        .required(Some(Required::True));
    operation(
        "createKey",
        "Create a key",
        "The answer shows the key's value, this one time: only its hash is kept. The account, the company, `createdBy` \
         and `createdByKeyId` come from the calling key.",
        &[
            Code::LifetimeExceeded,
            Code::CannotGrant,
            Code::QuotaReached,
            Code::AccountSuspended,
            Code::Contended,
            Code::RequestDone,
            Code::RequestDiffers,
            Code::TooLarge,
        ],
    )
    .parameter(request_name())
    .request_body(Some(body.build()))
    .response("201", links.into_iter().fold(issued("The new key."), |answer, (name, link)| answer.link(name, link)))
    .build()
}

fn get_key() -> Operation {
    let key =
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).examples(["self", "0QbXn6T4mKrV9sYdJ2wLhP"]);
    operation(
        "getKey",
        "Look a key up",
        "A key with `AUTHENTICATION_READ` finds every key of its account, any other key only itself; it gets a 403 for \
         another, be there one or not.",
        &[Code::NotFound],
    )
    .parameter(path_key(
        "`self` for the key that the request carries; or a key's id; or a key's value. Prefer the others to a value: the \
         URLs of requests are often logged on their way.",
        key,
    ))
    .response("200", key_answer("The key.", &["key", "restricted"]))
    .build()
}

fn update_key() -> Operation {
    let body = RequestBodyBuilder::new()
        .content(
            "application/json",
            content(named("KeyChanges"), &["switchOff", "restrict", "limit", "tag", "release", "endGracePeriod"])
                .build(),
        )
        .content("application/merge-patch+json", content(named("KeyChanges"), &["switchOff"]).build())
        .required(Some(Required::True));
    operation(
        "updateKey",
        "Change a key",
        "What the body does not name stays as it is. Works from the next request on.",
        &[
            Code::LifetimeExceeded,
            Code::CannotGrant,
            Code::CannotChange,
            Code::NotFound,
            Code::KeyExposed,
            Code::Contended,
            Code::PreconditionFailed,
            Code::TooLarge,
        ],
    )
    .parameter(id())
    .parameter(if_match())
    .request_body(Some(body.build()))
    .response("200", key_answer("The key as it is now.", &["restricted"]))
    .build()
}

fn delete_key() -> Operation {
    operation(
        "deleteKey",
        "Revoke a key",
        "It fails on the very next request, for good. A key may delete itself, and an account its last one with \
         `AUTHENTICATION`; then only the operator can give it a new one.",
        &[Code::NotFound, Code::Contended, Code::PreconditionFailed],
    )
    .parameter(id())
    .parameter(if_match())
    .response("204", answer("The key is gone.").build())
    .build()
}

fn rotate_key() -> Operation {
    let body = RequestBodyBuilder::new()
        .description(Some("Without a body, the old value fails on the next request."))
        .content(
            "application/json",
            content(named("Rotation"), &["atOnce", "inAnHour", "withAnotherEnd", "afterALostAnswer"]).build(),
        )
        .required(Some(Required::False));
    operation(
        "rotateKey",
        "Give a key another value",
        "It keeps its id and its settings. The answer shows its new value, this one time. The old value works until the \
         grace period ends; rotating again in a grace period leaves the newest value and the one before it. A key that is \
         disabled or expired is not rotated. An exposed key is rotated all the same, and stays disabled or expired if it was, unless it is \
         given another end; otherwise it works again with its new value. Its old one gets no grace period. With a longest lifetime a key without an end gets one. Only a key with `AUTHENTICATION` rotates keys, itself included.",
        &[Code::LifetimeExceeded, Code::CannotChange, Code::NotFound, Code::KeyDisabled, Code::KeyExpired, Code::AccountSuspended, Code::Contended, Code::PreconditionFailed, Code::RequestDone,
            Code::RequestDiffers,
            Code::TooLarge],
    )
    .parameter(id())
    .parameter(if_match())
    .parameter(request_name())
    .request_body(Some(body.build()))
    .response("201", issued("The key and its new value."))
    .build()
}

fn report_leaks() -> Operation {
    let list = |of: &str, max| ArrayBuilder::new().items(Ref::from_schema_name(of)).min_items(Some(1)).max_items(max);
    let body = RequestBodyBuilder::new()
        .content("application/json", content(list("Leak", Some(10)), &["leak"]).build())
        .required(Some(Required::True));
    let feedback = answer("What each token was, to GitHub alone, which signs its reports and may send 100 at once.")
        .content("application/json", content(list("LeakFeedback", Some(100)), &["leakFeedback"]).build());
    public_operation(
        "reportLeaks",
        "Report values that others know",
        "Needs no key. A token may have other text around a value: the service finds values within it. A reported value of a key fails on the next request, and the key's \
         status is `EXPOSED` until it is rotated or deleted. A value in its grace period ends, and the key goes on. The answer \
         does not show whether a key had the value. The service keeps `source` and `url` only of reports that GitHub signs \
         (`Github-Public-Key-Identifier` and `Github-Public-Key-Signature`).",
        &[Code::NoRoute, Code::TooLarge, Code::Unavailable],
    )
    .request_body(Some(body.build()))
    .response("200", feedback)
    .response("202", answer("Every value that a key had has ended.").build())
    .build()
}

/// What every route may answer when it does not do what was asked.
const OF_ALL: [Code; 6] =
    [Code::InvalidRequest, Code::Forbidden, Code::Throttled, Code::Internal, Code::BadGateway, Code::Timeout];
/// What the routes with a key may answer beside it.
const OF_KEYS: [Code; 3] = [Code::Unauthorized, Code::Address, Code::Operation];

/// A route with a key: what it may answer beside what all such routes do.
fn operation(id: &str, summary: &str, description: &str, codes: &[Code]) -> OperationBuilder {
    let codes = [&OF_KEYS, codes].concat();
    public_operation(id, summary, description, &codes).securities(None::<[SecurityRequirement; 0]>)
}

/// A route without a key.
fn public_operation(id: &str, summary: &str, description: &str, codes: &[Code]) -> OperationBuilder {
    let mut codes = [&OF_ALL, codes].concat();
    codes.sort();
    let operation = OperationBuilder::new()
        .operation_id(Some(id))
        .tag(tag(id))
        .summary(Some(summary))
        .description(Some(description))
        .securities(Some([SecurityRequirement::default()]))
        .extensions(Some(Extensions::builder().add("x-codes", serde_json::to_value(&codes).unwrap()).build()));
    codes.into_iter().fold(operation, |operation, code| {
        operation.response(code.status().as_u16().to_string(), Ref::from_response_name(responses::name(code)))
    })
}

fn tag(id: &str) -> &'static str {
    let is_of = |(name, _): &&(&str, &str)| id.ends_with(name);
    TAGS.iter().find(is_of).map_or("Keys", |(name, _)| name)
}

/// A key with its value.
fn issued(description: &str) -> ResponseBuilder {
    json(description, "IssuedKey", &["issued"])
        .header_ref("Location", header("Location"))
        .header_ref("ETag", header("ETag"))
}

/// A key without its value.
fn key_answer(description: &str, examples: &[&str]) -> ResponseBuilder {
    json(description, "Key", examples).header_ref("ETag", header("ETag"))
}

fn header(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

fn to(operation: &str, parameter: &str, expression: &str, description: &str) -> Link {
    LinkBuilder::new().operation_id(operation).parameter(parameter, expression).description(description).build()
}

fn id() -> Parameter {
    path_key("The id of the key. A key's value or `self` is a 400.", KeyId::schema())
}

fn request_name() -> Parameter {
    let description = "A name for this request, chosen by the client, such as a random UUID. Within a day a repeat under that name \
        is a 409 `REQUEST_DONE` that changes nothing, and names the key and its version; another request is a 422. Names are those \
        of the calling key.";
    let name = text(8, 128).pattern(Some("^[!-~]*$")).examples(["8e03978e-40d5-43dd-bc93-6894a57f9324"]);
    parameter("Idempotency-Key", description, name).parameter_in(ParameterIn::Header).required(Required::False).build()
}

fn if_match() -> Parameter {
    let description = "On which versions of the key this is to be done: its `ETag`, a list of them, or `*` for the one that is \
        read. With it nothing is forced: where another request comes between, this one is a 412, or with `*` may be a 409.";
    let tag = text(1, 4096).pattern(Some(r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#));
    parameter("If-Match", description, tag.examples(["\"0353BcNZpNQ41k9Zft1Kjj\""]))
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .build()
}

fn path_key(description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter("key", description, schema).parameter_in(ParameterIn::Path).required(Required::True).build()
}

fn query(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    parameter(name, description, schema).parameter_in(ParameterIn::Query).required(Required::False).build()
}

fn parameter(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> ParameterBuilder {
    ParameterBuilder::new().name(name).description(Some(description)).schema(Some(schema))
}

fn limit(default: usize) -> ObjectBuilder {
    let whole = ObjectBuilder::new().schema_type(Type::Integer);
    whole.minimum(Some(1)).maximum(Some(1000)).default(Some(default.into()))
}

fn text(min: usize, max: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(min)).max_length(Some(max))
}
