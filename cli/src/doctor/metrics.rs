//! The last hour, by metrics: what the alarms of `infra/alarms.yaml` watch, also where they are not deployed.

use std::time::{Duration, SystemTime};

use api_keys::key::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::finding::Finding;
use crate::aws::Service;
use crate::json_call::call;

const CHECK: &str = "last hour";
const HOUR: Duration = Duration::from_hours(1);
const PERIOD: u32 = 300;

/// A metric, its statistic, and what it is when it is at least `limit`.
struct Watched {
    metric: Metric,
    limit: f64,
    sign: fn(&'static str, String, String) -> Finding,
    cause: &'static str,
    /// The heading of docs/guides/alarms.md with the steps.
    runbook: &'static str,
}

struct Metric {
    id: &'static str,
    namespace: &'static str,
    name: &'static str,
    statistic: &'static str,
    of: Of,
}

/// What a metric is of.
#[derive(Clone, Copy)]
enum Of {
    Stack,
    Api,
    Authorizer,
    PublishEvents,
    VerifyKey,
    NotifyExpiry,
    Table(&'static str),
}

const REQUESTS: Metric =
    Metric { id: "requests", namespace: "AWS/ApiGateway", name: "Count", statistic: "Sum", of: Of::Api };
const FAILED: Metric =
    Metric { id: "failed", namespace: "AWS/ApiGateway", name: "5XXError", statistic: "Sum", of: Of::Api };
/// The API's failures are a fault at this share of its requests, and at so many.
const FAILED_SHARE: f64 = 0.05;
const FAILED_LEAST: f64 = 3.0;

const WATCHED: [Watched; 10] = [
    Watched {
        metric: Metric {
            id: "unavailable",
            namespace: "ApiKeys",
            name: "Unavailable",
            statistic: "Sum",
            of: Of::Stack,
        },
        limit: 3.0,
        sign: Finding::fault,
        cause: "requests could not be checked, because the table did not answer",
        runbook: "unavailable",
    },
    Watched {
        metric: Metric {
            id: "throttled",
            namespace: "AWS/Lambda",
            name: "Throttles",
            statistic: "Sum",
            of: Of::Authorizer,
        },
        limit: 3.0,
        sign: Finding::fault,
        cause: "times Lambda refused to run the authorizer, for want of concurrency",
        runbook: "throttledauthorizer",
    },
    Watched {
        metric: Metric {
            id: "unverified",
            namespace: "AWS/Lambda",
            name: "Throttles",
            statistic: "Sum",
            of: Of::VerifyKey,
        },
        limit: 3.0,
        sign: Finding::fault,
        cause: "times Lambda refused to run verify-key, for want of concurrency",
        runbook: "throttledverifykey",
    },
    Watched {
        metric: Metric { id: "slow", namespace: "AWS/Lambda", name: "Duration", statistic: "p99", of: Of::Authorizer },
        limit: 500.0,
        sign: Finding::warning,
        cause: "ms or more were the slowest hundredth of checks, in five minutes",
        runbook: "slowauthorizer",
    },
    Watched {
        metric: Metric {
            id: "late",
            namespace: "AWS/Lambda",
            name: "IteratorAge",
            statistic: "Maximum",
            of: Of::PublishEvents,
        },
        limit: 600_000.0,
        sign: Finding::fault,
        cause: "ms an event has waited for the bus; after six hours it is given up",
        runbook: "lateevents",
    },
    Watched {
        metric: Metric {
            id: "modified",
            namespace: "ApiKeys",
            name: "ModifiedEvents",
            statistic: "Sum",
            of: Of::Stack,
        },
        limit: 1.0,
        sign: Finding::fault,
        cause: "modifications of events, which are the record of changes",
        runbook: "modifiedevents",
    },
    // The next run may repair it: one run fails up to three times in an hour, and the alarm looks at six.
    Watched {
        metric: Metric {
            id: "unnoticed",
            namespace: "AWS/Lambda",
            name: "Errors",
            statistic: "Sum",
            of: Of::NotifyExpiry,
        },
        limit: 1.0,
        sign: Finding::warning,
        cause: "failures of notify-expiry: notices of keys that end may be late",
        runbook: "failednotices",
    },
    throttled_table("reads", "ReadThrottleEvents", "TableName", "reads of the table of keys were throttled"),
    throttled_table("writes", "WriteThrottleEvents", "TableName", "writes to the table of keys were throttled"),
    throttled_table("events", "WriteThrottleEvents", "EventTableName", "writes to the table of events were throttled"),
];

/// Some are repeated without a trace; many are what `Unavailable` comes from.
const fn throttled_table(id: &'static str, name: &'static str, table: &'static str, cause: &'static str) -> Watched {
    let metric = Metric { id, namespace: "AWS/DynamoDB", name, statistic: "Sum", of: Of::Table(table) };
    Watched { metric, limit: 1.0, sign: Finding::warning, cause, runbook: "unavailable" }
}

impl Metric {
    /// `None` where the stack has no output for its dimension.
    fn query(&self, service: &Service) -> Option<Value> {
        let dimension = |name: &str, value: &str| json!({ "Name": name, "Value": value });
        let dimensions = match self.of {
            Of::Stack => vec![dimension("Stack", service.stack())],
            Of::Api => vec![dimension("ApiName", service.stack()), dimension("Stage", "v1")],
            Of::Authorizer => vec![dimension("FunctionName", service.authorizer()?.rsplit(':').next()?)],
            Of::PublishEvents => vec![dimension("FunctionName", service.output("PublishEventsFunctionName").ok()?)],
            Of::VerifyKey => vec![dimension("FunctionName", service.output("VerifyFunctionName").ok()?)],
            Of::NotifyExpiry => vec![dimension("FunctionName", service.output("NotifyExpiryFunctionName").ok()?)],
            Of::Table(output) => vec![dimension("TableName", service.output(output).ok()?)],
        };
        Some(json!({ "Id": self.id, "MetricStat": { "Stat": self.statistic, "Period": PERIOD,
            "Metric": { "Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions } } }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Answer {
    metric_data_results: Vec<Series>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Series {
    id: String,
    values: Vec<f64>,
    status_code: Option<String>,
}

impl Answer {
    fn values(&self, metric: &Metric) -> &[f64] {
        self.metric_data_results.iter().find(|series| series.id == metric.id).map_or(&[], |series| &series.values)
    }

    /// Of all periods: their sum, or the worst one.
    fn total(&self, metric: &Metric) -> f64 {
        let values = self.values(metric).iter();
        if metric.statistic == "Sum" { values.sum() } else { values.copied().fold(0.0, f64::max) }
    }
}

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let list = "aws cloudwatch list-metrics --namespace ApiKeys";
    match ask(service).await {
        Ok(answer) => of(&answer, service),
        Err(why) => vec![Finding::unknown(CHECK, format!("cloudwatch:GetMetricData is not answered: {why}"), list)],
    }
}

async fn ask(service: &Service) -> Result<Answer, String> {
    #[expect(clippy::disallowed_methods, reason = "a command has no clock but this machine's")]
    let now = SystemTime::now();
    let seconds = |time: SystemTime| Timestamp::from(time).unix_seconds();
    let all = WATCHED.iter().map(|watched| &watched.metric).chain([&REQUESTS, &FAILED]);
    let queries: Vec<_> = all.filter_map(|metric| metric.query(service)).collect();
    let body = json!({ "StartTime": seconds(now - HOUR), "EndTime": seconds(now), "MetricDataQueries": queries });
    let target = ("monitoring", "GraniteServiceVersion20100801.GetMetricData");
    let answer = call(service.config(), target, &body).await?;
    serde_json::from_value(answer).map_err(|error| error.to_string())
}

fn of(answer: &Answer, service: &Service) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (requests, failed) = (answer.total(&REQUESTS), answer.total(&FAILED));
    if failed >= FAILED_LEAST && failed >= requests * FAILED_SHARE {
        let why = format!(
            "{failed} of {requests} requests to the API were a 5xx: a function of a route, or the authorizer, fails"
        );
        findings.push(Finding::fault(CHECK, why, runbook(service, "servererrors")));
    }
    for Watched { metric, limit, sign, cause, runbook: heading } in &WATCHED {
        let total = answer.total(metric);
        if total >= *limit {
            findings.push(sign(CHECK, format!("{total:.0} {cause}"), runbook(service, heading)));
        }
    }
    let is_partial = |series: &&Series| series.status_code.as_ref().is_some_and(|status| status != "Complete");
    if let Some(Series { id, status_code, .. }) = answer.metric_data_results.iter().find(is_partial) {
        let status = status_code.as_deref().unwrap_or_default();
        let why = format!("cloudwatch:GetMetricData is not answered in full: {id} is {status}");
        findings.push(Finding::unknown(CHECK, why, service.typed("doctor --debug")));
    }
    if !findings.is_empty() {
        return findings;
    }
    let has_data = answer.metric_data_results.iter().any(|series| !series.values.is_empty());
    vec![if !has_data && service.is_emulated() {
        let why = "there is no metric: an emulator makes none of what the functions write";
        Finding::unknown(CHECK, why, "aws cloudwatch list-metrics --namespace ApiKeys")
    } else if has_data {
        Finding::ok(CHECK, format!("{requests:.0} requests to the API, and nothing that an alarm would ring for"))
    } else {
        Finding::ok(CHECK, "no metric shows a use of the stack")
    }]
}

/// The line that shows the failures, and the runbook.
fn runbook(service: &Service, heading: &str) -> String {
    let group = service.log_group(logging(heading));
    format!("aws logs tail {group} --since 1h --filter-pattern ERROR   # and docs/guides/alarms.md#{heading}")
}

/// The function that logs what that part of the runbook is about.
fn logging(heading: &str) -> &'static str {
    match heading {
        "lateevents" | "modifiedevents" => "publish-events",
        "throttledverifykey" => "verify-key",
        "failednotices" => "notify-expiry",
        _ => "authorizer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alarm_of_the_template_is_looked_at_by_its_threshold_here_too() {
        let template = include_str!("../../../infra/alarms.yaml");
        let alarms: Vec<_> = template.split("Type: AWS::CloudWatch::Alarm").skip(1).collect();
        let line = |alarm: &str, name: &str| {
            let found = alarm.lines().find_map(|line| line.trim().strip_prefix(name));
            found.unwrap().trim_start_matches(": ").to_owned()
        };
        for alarm in &alarms {
            let (metric, threshold) = (line(alarm, "MetricName"), line(alarm, "Threshold").parse::<f64>().unwrap());
            if metric == FAILED.name {
                assert!((threshold - FAILED_SHARE).abs() < f64::EPSILON);
                continue;
            }
            let watched = WATCHED.iter().find(|watched| watched.metric.name == metric).unwrap();
            if line(alarm, "Period").parse::<u64>().unwrap() > HOUR.as_secs() {
                // Here is less than the alarm looks at, so less of it is a warning.
                assert!(watched.limit < threshold, "{metric}");
            } else {
                assert!((threshold - watched.limit).abs() < f64::EPSILON, "{metric}");
            }
            assert_eq!(line(alarm, "Namespace"), watched.metric.namespace);
        }
        assert_eq!(alarms.len(), 8);
    }

    #[test]
    fn the_logs_are_those_of_the_template() {
        let template = include_str!("../../../template.yaml");
        for watched in &WATCHED {
            let group = format!("LogGroupName: !Sub /aws/lambda/${{AWS::StackName}}-{}\n", logging(watched.runbook));
            assert_eq!(template.matches(&group).count(), 1, "{group}");
        }
    }
}
