//! The stack's alarms: whether they exist, notify a person, and are silent.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::json;

use super::finding::{Finding, Sign, counted};
use crate::aws::Service;
use crate::json_call::call;

const CHECK: &str = "alarms";
/// What the alarms of infra/alarms.yaml watch: a metric, and of which function, by the stack's output.
const METRICS: [(&str, Option<(&str, &str)>); 8] = [
    ("5XXError", None),
    ("Unavailable", None),
    ("Throttles", Some(("the authorizer", "AuthorizerFunctionName"))),
    ("Throttles", Some(("verify-key", "VerifyFunctionName"))),
    ("Duration", Some(("the authorizer", "AuthorizerFunctionName"))),
    ("IteratorAge", Some(("publish-events", "PublishEventsFunctionName"))),
    ("ModifiedEvents", None),
    ("Errors", Some(("notify-expiry", "NotifyExpiryFunctionName"))),
];
/// As many as are given at once.
const PAGE: u32 = 100;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Page {
    metric_alarms: Vec<Alarm>,
    next_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Alarm {
    #[serde(rename = "AlarmName")]
    name: String,
    state_value: String,
    actions_enabled: Option<bool>,
    #[serde(rename = "AlarmActions")]
    actions: Vec<String>,
    metric_name: Option<String>,
    dimensions: Vec<Dimension>,
    metrics: Vec<Query>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Dimension {
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Query {
    metric_stat: Option<Stat>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Stat {
    metric: Metric,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Metric {
    dimensions: Vec<Dimension>,
}

impl Alarm {
    /// Whether it watches something of the stack.
    fn is_of(&self, names: &HashSet<String>) -> bool {
        let of_metrics = self.metrics.iter().filter_map(|query| query.metric_stat.as_ref());
        let of_metrics = of_metrics.flat_map(|stat| &stat.metric.dimensions);
        self.dimensions.iter().chain(of_metrics).any(|dimension| names.contains(&dimension.value))
    }
}

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let list = "aws cloudwatch describe-alarms";
    match alarms(service).await {
        Ok(alarms) => of(&alarms, service),
        Err(why) => vec![Finding::unknown(CHECK, format!("cloudwatch:DescribeAlarms is not answered: {why}"), list)],
    }
}

async fn alarms(service: &Service) -> Result<Vec<Alarm>, String> {
    let outputs = super::stack::OUTPUTS.into_iter().filter_map(|output| service.output(output).ok());
    let mut names: HashSet<String> = outputs.map(str::to_owned).collect();
    names.insert(service.stack().to_owned());
    names.extend(service.authorizer().and_then(|arn| arn.rsplit(':').next()).map(str::to_owned));
    let (mut alarms, mut token) = (Vec::new(), None);
    loop {
        let body = match &token {
            Some(token) => json!({ "MaxRecords": PAGE, "NextToken": token }),
            None => json!({ "MaxRecords": PAGE }),
        };
        let answer =
            call(service.config(), ("monitoring", "GraniteServiceVersion20100801.DescribeAlarms"), &body).await?;
        let page: Page = serde_json::from_value(answer).map_err(|error| error.to_string())?;
        alarms.extend(page.metric_alarms.into_iter().filter(|alarm| alarm.is_of(&names)));
        token = page.next_token;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

fn of(alarms: &[Alarm], service: &Service) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_watched = |metric: &str, function: Option<&str>| {
        alarms.iter().filter(|alarm| alarm.metric_name.as_deref() == Some(metric)).any(|alarm| {
            function.is_none_or(|function| alarm.dimensions.iter().any(|dimension| dimension.value == function))
        })
    };
    let unwatched: Vec<_> = METRICS
        .into_iter()
        .filter(|(metric, of)| !is_watched(metric, of.and_then(|(_, output)| service.output(output).ok())))
        .map(|(metric, of)| of.map_or_else(|| metric.to_owned(), |(function, _)| format!("{metric} of {function}")))
        .collect();
    if !unwatched.is_empty() {
        let stack = service.stack();
        let deploy = format!(
            "aws cloudformation deploy --stack-name {stack}-alarms --template-file infra/alarms.yaml --parameter-overrides \
             ApiKeysStack={stack} AlarmTopicArn=TOPIC"
        );
        let why = format!("no alarm watches {}: a fault there stays unnoticed", unwatched.join(", "));
        findings.push(Finding::warning(CHECK, why, deploy).unless_emulated(service.is_emulated()));
    }
    for alarm in alarms {
        let (name, typed) = (&alarm.name, in_a_shell(&alarm.name));
        if alarm.state_value == "ALARM" {
            let look = format!("aws cloudwatch describe-alarm-history --alarm-name {typed} --max-items 5");
            findings.push(Finding::fault(CHECK, format!("{name} rings"), look));
        }
        if alarm.actions_enabled == Some(false) {
            let fix = format!("aws cloudwatch enable-alarm-actions --alarm-names {typed}");
            findings.push(Finding::warning(CHECK, format!("{name} sends no notification: its actions are off"), fix));
        } else if alarm.actions.is_empty() {
            let why = format!("{name} sends no notification, unless a rule of the bus does: it has no action");
            findings.push(Finding::warning(CHECK, why, "give it a topic as its action: docs/guides/alarms.md"));
        }
    }
    if !alarms.is_empty() && findings.iter().all(|finding| finding.sign != Sign::Fault) {
        findings.push(Finding::ok(CHECK, format!("{} of the stack, and none rings", counted(alarms.len(), "alarm"))));
    }
    findings
}

/// As one word of a shell: the name of an alarm may have blanks, or a command.
fn in_a_shell(name: &str) -> Cow<'_, str> {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_./:@".contains(&letter);
    if name.bytes().all(is_plain) { name.into() } else { format!("'{}'", name.replace('\'', r"'\''")).into() }
}
