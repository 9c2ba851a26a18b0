//! This workspace's functions as Lambda runs them, on one table: what each is made of stands here alone.

use std::fmt::Display;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use api_keys::aws::Aws;
use api_keys::check::EnvironmentState;
use api_keys::key::{Catalogue, ImportedKeys, Issuer, KeyPrefix, Lifetime, Limits, NoticeDays, Random};
use api_keys::store::{
    AccountList, AccountReader, Accounts, DoneRequests, Eraser, EventList, KeyList, KeyReader, Keys, NewKeys, Notifier,
    Quota, Tables, UsageList,
};
use authorizer::{AuthorizerEvent, Refusal};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent};
use report_leaks::GithubKeys;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use serve_console::Assets;

use crate::Answer;
use crate::engine::{self, EVENTS, TABLE, USAGE};

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::new);

/// What the functions work with.
pub struct Functions {
    /// What reads single keys.
    pub reader: KeyReader,
    /// What lists them.
    pub key_list: KeyList,
    /// Where they are written.
    pub tables: Tables,
    /// What an environment of the authorizer keeps.
    pub kept: EnvironmentState,
    /// What an environment of `verify-key` keeps.
    pub verifying: EnvironmentState,
    events: EventList,
    account_list: AccountList,
    account_reader: AccountReader,
    usage: UsageList,
    issuer: Issuer,
    settings: Mutex<Settings>,
}

/// What a stack's parameters decide, and what a test would not wait for.
#[derive(Clone)]
pub struct Settings {
    /// What keys may do.
    pub catalogue: Catalogue,
    /// Whether keys of another system are taken.
    pub imported: ImportedKeys,
    /// How many keys an account may have.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live.
    pub lifetime: Option<Lifetime>,
    /// How many days before their end keys have a notice.
    pub notice_days: NoticeDays,
    /// How long an invocation that writes notices goes on.
    pub notices_time: Duration,
    /// How long an operator's invocation goes on with many keys.
    pub operators_time: Duration,
    /// What verifies GitHub's signatures.
    pub github: Arc<GithubKeys>,
    /// Whether leaks may be reported.
    pub leaks: bool,
    /// See [`report_leaks::STEP`].
    pub report_step: Duration,
}

impl Default for Settings {
    /// As the template's defaults have it.
    fn default() -> Self {
        Self {
            catalogue: Catalogue::parse("SMS,RCS,WHATSAPP", "TRANSACTIONAL,PROMOTIONAL,OTP").unwrap(),
            imported: ImportedKeys::Refused,
            max_keys: 1000,
            ceiling: Limits::NONE,
            lifetime: None,
            notice_days: NoticeDays::parse("30,7,1").unwrap(),
            notices_time: notify_expiry::TIME,
            operators_time: manage_account::TIME,
            // Nothing listens there.
            github: Arc::new(GithubKeys::new("http://127.0.0.1:9/".parse().unwrap(), None).unwrap()),
            leaks: true,
            report_step: Duration::from_millis(1),
        }
    }
}

impl Functions {
    /// The functions of a stack whose tables are there, and its usage counted in that one.
    pub async fn of(aws: &Aws, usage_table: Option<&str>) -> Self {
        let reader = async || KeyReader::new(aws, TABLE.to_owned()).await.unwrap();
        Self {
            reader: reader().await,
            key_list: KeyList::new(aws, TABLE.to_owned()),
            tables: engine::tables(aws),
            kept: EnvironmentState::new(reader().await, usage_table.map(str::to_owned)),
            verifying: EnvironmentState::new(reader().await, usage_table.map(str::to_owned)),
            events: EventList::new(aws, EVENTS.to_owned()),
            account_list: AccountList::new(aws, TABLE.to_owned()),
            account_reader: AccountReader::new(aws, TABLE.to_owned()),
            usage: UsageList::new(aws, USAGE.to_owned()),
            issuer: Issuer::new(KeyPrefix::parse("ak_live").unwrap(), Random::system()),
            settings: Mutex::default(),
        }
    }

    /// The settings of now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.lock().unwrap().clone()
    }

    /// Changes the settings from the next invocation on.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.lock().unwrap());
    }

    /// Asks the authorizer about an event just as it is.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize(&self, event: &impl Display, now: SystemTime) -> Result<Value, Refusal> {
        self.authorize_in(&self.kept, event, now).await
    }

    /// Asks another environment of the authorizer about an event.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn authorize_in(
        &self,
        kept: &EnvironmentState,
        event: &impl Display,
        now: SystemTime,
    ) -> Result<Value, Refusal> {
        // From text, as it comes: some readers differ from those of a tree.
        let event: AuthorizerEvent = serde_json::from_str(&event.to_string()).unwrap();
        let Settings { imported, ceiling, .. } = self.settings();
        let settings = api_keys::check::Settings { imported, ceiling };
        let event = LambdaEvent::new(event, Context::default());
        let verdict = Box::pin(authorizer::handle(event, kept, settings, now)).await?;
        Ok(serde_json::to_value(verdict).unwrap())
    }

    /// Asks an environment of `verify-key` with a payload just as it is; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn verify_in(
        &self,
        kept: &EnvironmentState,
        payload: &impl Display,
        now: SystemTime,
    ) -> Result<Value, Value> {
        let payload = RawValue::from_string(payload.to_string()).unwrap();
        let Settings { imported, ceiling, .. } = self.settings();
        let settings = api_keys::check::Settings { imported, ceiling };
        let mut context = Context::default();
        "verify-request".clone_into(&mut context.request_id);
        let verified = Box::pin(verify_key::handle(LambdaEvent::new(payload, context), kept, settings, now)).await;
        verified
            .map(|answer| serde_json::to_value(&answer).unwrap())
            .map_err(|failure| serde_json::to_value(lambda_runtime::Diagnostic::from(failure)).unwrap())
    }

    /// Runs the function on a route, of that name, on an event just as it is.
    pub async fn run(&self, function: &str, event: &Value, now: SystemTime) -> Answer {
        let event: LambdaRequest = serde_json::from_str(&event.to_string()).unwrap();
        let headers = match function {
            "create-key" => &create_key::HEADERS[..],
            "update-key" => &update_key::HEADERS[..],
            "rotate-key" => &rotate_key::HEADERS[..],
            "delete-key" => &delete_key::HEADERS[..],
            "report-leaks" => &report_leaks::HEADERS[..],
            _ => &[],
        };
        let request = api_keys::lambda::http::with_headers(headers, event).into();
        let Self { reader, key_list, tables, events, account_reader: accounts, usage, issuer, .. } = self;
        let (keys, new_keys, quota) = (&Keys::new(tables), &NewKeys::new(tables), &Quota::new(tables));
        let requests = &DoneRequests::new(tables);
        let Settings { catalogue, imported, max_keys, ceiling, lifetime, github, leaks, report_step: step, .. } =
            &self.settings();
        let (imported, max_keys, ceiling, lifetime, leaks, step) =
            (*imported, *max_keys, *ceiling, *lifetime, *leaks, *step);
        let answering = async {
            match function {
                "list-keys" => {
                    list_keys::handle(request, &list_keys::Deps { key_list, accounts, ceiling, lifetime }, now).await
                }
                "list-events" => list_events::handle(request, &list_events::Deps { events }).await,
                "read-account" => {
                    let deps = read_account::Deps { accounts, catalogue, max_keys, ceiling, lifetime };
                    read_account::handle(request, &deps, now).await
                }
                "read-usage" => read_usage::handle(request, &read_usage::Deps { usage }, now).await,
                "create-key" => {
                    let deps = create_key::Deps { new_keys, requests, catalogue, issuer, max_keys, ceiling, lifetime };
                    create_key::handle(request, &deps, now).await
                }
                "find-key" => find_key::handle(request, &find_key::Deps { reader, imported, ceiling }, now).await,
                "update-key" => {
                    let deps = update_key::Deps { reader, keys, accounts, catalogue, ceiling, lifetime };
                    update_key::handle(request, &deps, now).await
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
                    let deps = report_leaks::Deps { leaks, reader, keys, github, imported, step };
                    report_leaks::handle(request, &deps, now).await
                }
                "serve-console" => serve_console::handle(&request, &serve_console::Deps { assets: Some(&ASSETS) }),
                other => panic!("no function {other}"),
            }
        };
        // Together they are large.
        Answer::of_function(Box::pin(answering).await)
    }

    /// Invokes a function on no route, of that name; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What the function reports.
    pub async fn invoke(&self, function: &str, payload: impl Serialize, now: SystemTime) -> Result<Value, Value> {
        let event = LambdaEvent::new(to_raw_value(&payload).unwrap(), Context::default());
        let Self { reader, key_list, tables, events, account_list, usage, issuer, .. } = self;
        let (keys, new_keys, quota) = (&Keys::new(tables), &NewKeys::new(tables), &Quota::new(tables));
        let accounts = &Accounts::new(tables);
        let settings = self.settings();
        let Settings { catalogue, imported, max_keys, ceiling, lifetime, operators_time: time, .. } = &settings;
        let (max_keys, ceiling, lifetime, time) = (*max_keys, *ceiling, *lifetime, *time);
        let answering = async {
            match function {
                "create-account" => {
                    let deps = create_account::Deps { new_keys, catalogue, issuer, ceiling };
                    operators_answer(create_account::handle(event, &deps, now).await)
                }
                "import-keys" => {
                    let imported = *imported;
                    let deps = import_keys::Deps {
                        reader,
                        accounts,
                        new_keys,
                        catalogue,
                        issuer,
                        imported,
                        max_keys,
                        lifetime,
                    };
                    operators_answer(import_keys::handle(event, &deps, now).await)
                }
                "manage-account" => {
                    let deps = manage_account::Deps {
                        account_list,
                        accounts,
                        key_list,
                        reader,
                        keys,
                        new_keys,
                        quota,
                        events,
                        usage,
                        catalogue,
                        issuer,
                        max_keys,
                        ceiling,
                        lifetime,
                        time,
                    };
                    operators_answer(manage_account::handle(event, &deps, now).await)
                }
                "erase-account" => {
                    let deps = erase_account::Deps {
                        eraser: &Eraser::new(tables, USAGE.to_owned()),
                        time,
                        pause: Duration::ZERO,
                    };
                    operators_answer(erase_account::handle(event, &deps, now).await)
                }
                "notify-expiry" => {
                    let notifier = &Notifier::new(tables, settings.notice_days.clone());
                    let deps = notify_expiry::Deps { notifier, time: settings.notices_time };
                    operators_answer(notify_expiry::handle(event, &deps, now).await)
                }
                other => panic!("no function {other}"),
            }
        };
        Box::pin(answering).await
    }
}

/// What Lambda makes of an operators' function's answer.
fn operators_answer(answer: Result<impl Serialize, api_keys::lambda::OperatorError>) -> Result<Value, Value> {
    answer
        .map(|answer| serde_json::to_value(&answer).unwrap())
        .map_err(|refusal| serde_json::to_value(lambda_runtime::Diagnostic::from(refusal)).unwrap())
}
