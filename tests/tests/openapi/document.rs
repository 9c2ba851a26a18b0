//! `infra/openapi.yaml`, made of the code's types.

use api_keys::key::{Limit, Period, Timestamp};
use serde_yaml_ng::Value as Yaml;
use utoipa::ToSchema;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::{ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Components, ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder};

use crate::bodies::{KeyChanges, NewKey, Rotation};
use crate::settle::settle;
use crate::{examples, responses, routes};

/// The one scheme: a key in a header.
const SCHEME: &str = "ApiKey";

/// The document as it is committed.
pub fn text() -> String {
    let head = "# Made from the code by `UPDATE_OPENAPI=1 cargo test --package tests --test openapi`; do not edit.\n";
    let body = serde_yaml_ng::to_string(&document()).unwrap();
    head.to_owned() + &body.lines().map(quote_time).collect::<String>()
}

/// Readers of older YAML would make a date of a bare time.
fn quote_time(line: &str) -> String {
    match line.rsplit_once(' ') {
        Some((before, time)) if Timestamp::parse(time).is_some() => format!("{before} '{time}'\n"),
        _ => format!("{line}\n"),
    }
}

/// The document as data.
pub fn document() -> Yaml {
    let api = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("API keys")
                .version("1")
                .description(Some(include_str!("introduction.md")))
                .contact(Some(ContactBuilder::new().name(Some("The operator of the service")).build()))
                .license(Some(LicenseBuilder::new().name("Apache 2.0").identifier(Some("Apache-2.0")).build())),
        )
        .tags(Some(tags()))
        .servers(Some([ServerBuilder::new()
            .url("https://{api}.execute-api.{region}.amazonaws.com/v1")
            .parameter("api", variable("a1b2c3d4e5", "The id of the REST API, in the stack's output `ApiUrl`"))
            .parameter("region", variable("eu-central-1", "The AWS region of the stack"))
            .build()]))
        .paths(routes::paths())
        .components(Some(components()))
        .security(Some([SecurityRequirement::new(SCHEME, [] as [&str; 0])]))
        .build();
    let mut document = serde_yaml_ng::to_value(&api).unwrap();
    settle(&mut document);
    document["components"]["examples"] = examples::all().into();
    document
}

fn tags() -> impl Iterator<Item = Tag> {
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    routes::TAGS.into_iter().map(tag)
}

fn components() -> Components {
    let mut schemas = Vec::new();
    add::<api_keys::lambda::KeyPageView>(&mut schemas);
    add::<api_keys::lambda::EventPageView>(&mut schemas);
    add::<api_keys::lambda::IssuedKey>(&mut schemas);
    add::<api_keys::lambda::Problem>(&mut schemas);
    add::<read_account::AccountView<'_>>(&mut schemas);
    add::<read_usage::Usage>(&mut schemas);
    add::<report_leaks::ReportedToken>(&mut schemas);
    add::<report_leaks::Feedback>(&mut schemas);
    add::<NewKey>(&mut schemas);
    add::<KeyChanges>(&mut schemas);
    add::<Limit>(&mut schemas);
    add::<Period>(&mut schemas);
    add::<Rotation>(&mut schemas);
    let key = ApiKeyValue::with_description("X-API-Key", "The value of a key, once.");
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .schema("Bucket", routes::bucket())
        .schema("TagFilters", routes::texts_of_tags())
        .responses_from_iter(responses::shared())
        .security_scheme(SCHEME, SecurityScheme::ApiKey(ApiKey::Header(key)));
    responses::headers().into_iter().fold(components, |all, (name, header)| all.header(name, header)).build()
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn variable(default: &str, description: &str) -> ServerVariableBuilder {
    ServerVariableBuilder::new().default_value(default).description(Some(description))
}
