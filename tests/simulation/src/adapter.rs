//! Every call of the functions' own code. What changes in how they are called is changed here alone.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api_keys::aws::{Aws, Transport};
use api_keys::check::{EnvironmentState, Settings};
use api_keys::key::{Catalogue, ImportedKeys, Issuer, KeyPrefix, Lifetime, Limits, NoticeDays, Random};
use api_keys::lambda::{AfterAnswer, Metrics, OperatorError, http};
use api_keys::store::{
    AccountList, AccountReader, Accounts, DoneRequests, Eraser, EventList, EventTable, KeyList, KeyReader, Keys,
    NewKeys, Notifier, Quota, Tables, UsageList,
};
use authorizer::AuthorizerEvent;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::TimeSource;
use lambda_http::request::LambdaRequest;
use lambda_http::tower::Layer;
use lambda_http::{Service, service_fn};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use report_leaks::GithubKeys;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use crate::github::GITHUB;
use crate::tables::{EVENTS, KEYS, USAGE};

/// Every operation on offer, beside `AUTHENTICATION`.
const OPERATIONS: &str = "SMS,RCS,WHATSAPP";
/// How many days before their end keys have a notice, from the greatest to the least.
pub const NOTICE_DAYS: [u64; 3] = [30, 7, 1];
/// What every native value begins with.
pub const PREFIX: &str = "ak_sim";
/// How long Lambda lets an environment work after its signal to end: `LAST_WORK`.
const LAST_WORK: Duration = Duration::from_millis(400);
const IMPORTED: ImportedKeys = ImportedKeys::Accepted;
const CEILING: Limits = Limits::NONE;

/// Why an authorizer has no verdict.
pub use authorizer::Refusal as NoVerdict;

/// What one environment of the authorizer keeps, or one of `verify-key`.
pub struct Authorizer {
    state: Arc<EnvironmentState>,
    after: AfterAnswer,
}

/// What one environment of any other function keeps. In the world one environment may serve any of them in turn.
pub struct Functions {
    reader: KeyReader,
    tables: Tables,
    key_list: KeyList,
    events: EventList,
    account_list: AccountList,
    accounts: AccountReader,
    usage: UsageList,
    catalogue: Catalogue,
    issuer: Issuer,
    publisher: publish_events::Deps,
    github: GithubKeys,
    max_keys: u64,
    lifetime: Option<Lifetime>,
}

/// What a function answers the gateway with.
#[derive(Default)]
pub struct Served {
    pub status: u16,
    pub content_type: String,
    pub etag: String,
    pub text: String,
}

/// An AWS over that transport. `name` is the environment's own: the SDK shares its count of failures by region.
pub fn aws(transport: Transport, name: String, clock: impl TimeSource + 'static) -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(name))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKIDSIM", "secret", None, None, "sim")))
        .endpoint_url("http://dynamodb.sim")
        .time_source(clock)
        .build();
    Aws::over(transport, config).with_impatient_reads()
}

impl Authorizer {
    pub async fn start(aws: &Aws) -> Self {
        let reader = KeyReader::new(aws, KEYS.to_owned()).await.expect("a region");
        let state = Arc::new(EnvironmentState::new(reader, Some(USAGE.to_owned())));
        state.reader.warm().await;
        let after = AfterAnswer::new(Arc::clone(&state), Metrics::of("sim".to_owned()));
        Self { state, after }
    }

    /// Answers the gateway's event. The verdict is its JSON.
    pub async fn decide(&self, event: &Value, now: SystemTime) -> Result<Value, NoVerdict> {
        let event: AuthorizerEvent = serde_json::from_str(&event.to_string()).expect("an event");
        let event = LambdaEvent::new(event, Context::default());
        let settings = Settings { imported: IMPORTED, ceiling: CEILING };
        let verdict = authorizer::handle(event, &self.state, settings, now).await?;
        Ok(serde_json::to_value(verdict).expect("a verdict"))
    }

    /// Answers an event of `verify-key`; an error is its type and message.
    pub async fn verify(&self, event: &Value, request_id: &str, now: SystemTime) -> Result<Value, String> {
        let mut context = Context::default();
        request_id.clone_into(&mut context.request_id);
        let event = LambdaEvent::new(to_raw_value(event).expect("JSON"), context);
        let settings = Settings { imported: IMPORTED, ceiling: CEILING };
        let answer = verify_key::handle(event, &self.state, settings, now).await;
        answer.map(|answer| serde_json::to_value(&answer).expect("JSON")).map_err(error)
    }

    /// Does what follows an answer.
    pub async fn after_answer(&self) {
        let nothing = service_fn(|()| async { Ok::<_, Infallible>(()) });
        self.after.layer(nothing).call(()).await.expect("nothing fails");
    }

    /// Does what an environment does at Lambda's signal to end.
    pub async fn finish(&self, now: SystemTime) {
        self.after.write_rest(now, Instant::now() + LAST_WORK).await;
    }
}

impl Functions {
    pub async fn start(aws: &Aws, transport: Transport, max_keys: u64, lifetime: Option<Lifetime>) -> Self {
        let events = EventTable { name: EVENTS.to_owned(), retention: Duration::from_hours(400 * 24) };
        Self {
            reader: KeyReader::new(aws, KEYS.to_owned()).await.expect("a region"),
            tables: Tables::new(aws, KEYS.to_owned(), events, Random::of_thread()),
            key_list: KeyList::new(aws, KEYS.to_owned()),
            events: EventList::new(aws, EVENTS.to_owned()),
            account_list: AccountList::new(aws, KEYS.to_owned()),
            accounts: AccountReader::new(aws, KEYS.to_owned()),
            usage: UsageList::new(aws, USAGE.to_owned()),
            catalogue: Catalogue::parse(OPERATIONS, "TRANSACTIONAL,OTP").expect("a catalogue"),
            issuer: Issuer::new(KeyPrefix::parse(PREFIX).expect("a prefix"), Random::of_thread()),
            publisher: publish_events::Deps {
                bus: publish_events::Bus::new(aws, "bus".to_owned(), "sim".to_owned()),
                events: EventList::new(aws, EVENTS.to_owned()),
                metrics: Metrics::of("sim".to_owned()),
            },
            github: GithubKeys::over(transport, format!("http://{GITHUB}/keys").parse().expect("a URL"), None),
            max_keys,
            lifetime,
        }
    }

    /// Answers an event of the gateway.
    pub async fn serve(&self, function: &str, event: &Value, now: SystemTime) -> Served {
        let event: LambdaRequest = serde_json::from_str(&event.to_string()).expect("an event");
        let needed = match function {
            "create-key" => &create_key::HEADERS[..],
            "update-key" => &update_key::HEADERS[..],
            "rotate-key" => &rotate_key::HEADERS[..],
            "delete-key" => &delete_key::HEADERS[..],
            "report-leaks" => &report_leaks::HEADERS[..],
            _ => &[],
        };
        let request = http::with_headers(needed, event).into();
        let Self { reader, tables, key_list, events, accounts, usage, catalogue, issuer, github, .. } = self;
        let (max_keys, lifetime, ceiling, imported) = (self.max_keys, self.lifetime, CEILING, IMPORTED);
        let (keys, new_keys, quota) = (&Keys::new(tables), &NewKeys::new(tables), &Quota::new(tables));
        let requests = &DoneRequests::new(tables);
        let response = match function {
            "list-keys" => {
                list_keys::handle(request, &list_keys::Deps { key_list, accounts, ceiling, lifetime }, now).await
            }
            "list-events" => list_events::handle(request, &list_events::Deps { events }).await,
            "read-account" => {
                read_account::handle(
                    request,
                    &read_account::Deps { accounts, catalogue, max_keys, ceiling, lifetime },
                    now,
                )
                .await
            }
            "read-usage" => read_usage::handle(request, &read_usage::Deps { usage }, now).await,
            "create-key" => {
                let deps = create_key::Deps { new_keys, requests, catalogue, issuer, max_keys, ceiling, lifetime };
                create_key::handle(request, &deps, now).await
            }
            "find-key" => find_key::handle(request, &find_key::Deps { reader, imported, ceiling }, now).await,
            "update-key" => {
                update_key::handle(
                    request,
                    &update_key::Deps { reader, keys, accounts, catalogue, ceiling, lifetime },
                    now,
                )
                .await
            }
            "rotate-key" => {
                rotate_key::handle(
                    request,
                    &rotate_key::Deps { reader, keys, requests, accounts, issuer, ceiling, lifetime },
                    now,
                )
                .await
            }
            "delete-key" => delete_key::handle(request, &delete_key::Deps { reader, keys, quota }, now).await,
            "report-leaks" => {
                let deps = report_leaks::Deps { leaks: true, reader, keys, github, imported, step: report_leaks::STEP };
                report_leaks::handle(request, &deps, now).await
            }
            other => panic!("no function {other}"),
        };
        let (parts, body) = response.into_parts();
        let header = |name| parts.headers.get(name).map_or("", |it| it.to_str().expect("text")).to_owned();
        Served {
            status: parts.status.as_u16(),
            content_type: header("content-type"),
            etag: header("etag"),
            text: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Answers an operator's invocation.
    pub async fn invoke(
        &self,
        function: &str,
        payload: &Value,
        request_id: &str,
        now: SystemTime,
    ) -> Result<Value, String> {
        let mut context = Context::default();
        request_id.clone_into(&mut context.request_id);
        let event = LambdaEvent::new(to_raw_value(payload).expect("JSON"), context);
        let Self { reader, tables, key_list, events, account_list, usage, catalogue, issuer, .. } = self;
        let (max_keys, lifetime, ceiling, imported) = (self.max_keys, self.lifetime, CEILING, IMPORTED);
        let (accounts, new_keys) = (&Accounts::new(tables), &NewKeys::new(tables));
        match function {
            "create-account" => {
                let deps = create_account::Deps { new_keys, catalogue, issuer, ceiling };
                shown(create_account::handle(event, &deps, now).await)
            }
            "import-keys" => {
                let deps =
                    import_keys::Deps { reader, accounts, new_keys, catalogue, issuer, imported, max_keys, lifetime };
                shown(import_keys::handle(event, &deps, now).await)
            }
            "manage-account" => {
                let deps = manage_account::Deps {
                    account_list,
                    accounts,
                    key_list,
                    reader,
                    keys: &Keys::new(tables),
                    new_keys,
                    quota: &Quota::new(tables),
                    events,
                    usage,
                    catalogue,
                    issuer,
                    max_keys,
                    ceiling,
                    lifetime,
                    time: manage_account::TIME,
                };
                shown(manage_account::handle(event, &deps, now).await)
            }
            "publish-events" => shown(publish_events::handle(event, &self.publisher, now).await),
            "erase-account" => {
                let eraser = &Eraser::new(tables, USAGE.to_owned());
                let deps = erase_account::Deps { eraser, time: erase_account::TIME, pause: erase_account::PAUSE };
                shown(erase_account::handle(event, &deps, now).await)
            }
            "notify-expiry" => {
                let days = NOTICE_DAYS.map(|day| day.to_string()).join(",");
                let notifier = &Notifier::new(tables, NoticeDays::parse(&days).expect("days"));
                shown(
                    notify_expiry::handle(event, &notify_expiry::Deps { notifier, time: notify_expiry::TIME }, now)
                        .await,
                )
            }
            other => panic!("no function {other}"),
        }
    }
}

/// What Lambda makes of an answer; an error is its type and message.
fn shown(answer: Result<impl Serialize, OperatorError>) -> Result<Value, String> {
    answer.map(|answer| serde_json::to_value(&answer).expect("JSON")).map_err(error)
}

fn error(refusal: impl Into<Diagnostic>) -> String {
    let Diagnostic { error_type, error_message } = refusal.into();
    format!("{error_type}: {error_message}")
}
