//! The tables' settings that keep what is in them, and that events and clearing up rest on.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, StreamViewType, TableStatus, TimeToLiveStatus};

use super::finding::{Finding, unanswered};
use crate::aws::Service;

const CHECK: &str = "tables";
const TABLES: [&str; 3] = ["TableName", "EventTableName", "UsageTableName"];
/// The one that has a stream.
const EVENTS: &str = "EventTableName";
const PURGE_AT: &str = "purgeAt";

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let client = service.dynamodb();
    let mut findings = Vec::new();
    let tables = TABLES.into_iter().filter_map(|output| Some((output, service.output(output).ok()?)));
    let tables: Vec<_> = tables.collect();
    for (output, table) in &tables {
        match settings(&client, table, *output == EVENTS).await {
            Err(unread) => findings.push(unread),
            Ok(of_table) => {
                findings.extend(of_table);
                let kept = [recovery(&client, table).await, time_to_live(&client, table).await];
                findings
                    .extend(kept.into_iter().flatten().map(|finding| finding.unless_emulated(service.is_emulated())));
            }
        }
    }
    if findings.is_empty() {
        let why = format!(
            "{} tables have deletion protection, recovery, time to live, and the stream of events",
            tables.len()
        );
        findings.push(Finding::ok(CHECK, why));
    }
    findings
}

async fn settings(client: &Client, table: &str, has_stream: bool) -> Result<Vec<Finding>, Finding> {
    let answer = Box::pin(client.describe_table().table_name(table).send()).await.map_err(|error| {
        if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) {
            let list = format!(
                "aws dynamodb list-backups --backup-type SYSTEM --table-name {table}   # and docs/guides/restore.md"
            );
            return Finding::fault(CHECK, format!("{table} is gone: what needs it is a 500"), list);
        }
        let look = format!("aws dynamodb describe-table --table-name {table}");
        Finding::unknown(CHECK, unanswered(&format!("DescribeTable of {table}"), &error), look)
    })?;
    let Some(description) = answer.table() else { return Ok(Vec::new()) };
    let mut findings = Vec::new();
    let status = description.table_status();
    if status.is_some_and(|status| ![TableStatus::Active, TableStatus::Updating].contains(status)) {
        let status = status.map(TableStatus::as_str).unwrap_or_default();
        let look = format!("aws dynamodb describe-table --table-name {table}");
        findings.push(Finding::fault(CHECK, format!("{table} is {status}"), look));
    }
    if description.deletion_protection_enabled() != Some(true) {
        let fix = format!("aws dynamodb update-table --table-name {table} --deletion-protection-enabled");
        findings.push(Finding::fault(CHECK, format!("{table} can be deleted: its deletion protection is off"), fix));
    }
    let view = description.stream_specification().filter(|stream| stream.stream_enabled());
    let view = view.and_then(|stream| stream.stream_view_type());
    if has_stream && view != Some(&StreamViewType::NewImage) {
        let fix = format!(
            "aws dynamodb update-table --table-name {table} --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE"
        );
        let why = format!("{table} has no stream of new items: no event gets to the bus");
        findings.push(Finding::fault(CHECK, why, fix));
    }
    Ok(findings)
}

async fn recovery(client: &Client, table: &str) -> Option<Finding> {
    let look = format!("aws dynamodb describe-continuous-backups --table-name {table}");
    let answer = match Box::pin(client.describe_continuous_backups().table_name(table).send()).await {
        Ok(answer) => answer,
        Err(error) => {
            let why = unanswered(&format!("DescribeContinuousBackups of {table}"), &error);
            return Some(Finding::unknown(CHECK, why, look));
        }
    };
    let backups = answer.continuous_backups_description();
    let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
    if recovery.and_then(|it| it.point_in_time_recovery_status()) == Some(&PointInTimeRecoveryStatus::Enabled) {
        return None;
    }
    let fix = format!(
        "aws dynamodb update-continuous-backups --table-name {table} \
         --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    );
    Some(Finding::fault(CHECK, format!("{table} cannot be restored: its point-in-time recovery is off"), fix))
}

async fn time_to_live(client: &Client, table: &str) -> Option<Finding> {
    let look = format!("aws dynamodb describe-time-to-live --table-name {table}");
    let answer = match Box::pin(client.describe_time_to_live().table_name(table).send()).await {
        Ok(answer) => answer,
        Err(error) => {
            let why = unanswered(&format!("DescribeTimeToLive of {table}"), &error);
            return Some(Finding::unknown(CHECK, why, look));
        }
    };
    let described = answer.time_to_live_description();
    let is_on = described.is_some_and(|it| {
        let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
        it.attribute_name() == Some(PURGE_AT) && it.time_to_live_status().is_some_and(|status| on.contains(status))
    });
    if is_on {
        return None;
    }
    let fix = format!(
        "aws dynamodb update-time-to-live --table-name {table} \
         --time-to-live-specification Enabled=true,AttributeName={PURGE_AT}"
    );
    Some(Finding::fault(CHECK, format!("{table} keeps what has ended: its time to live is not {PURGE_AT}"), fix))
}
