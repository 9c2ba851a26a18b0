//! What reads the events' stream and hands them to the bus.

use super::finding::{Finding, unanswered};
use crate::aws::Service;

const CHECK: &str = "events";

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let Ok(function) = service.output("PublishEventsFunctionName") else { return Vec::new() };
    let list = format!("aws lambda list-event-source-mappings --function-name {function}");
    let asked = service.lambda().list_event_source_mappings().function_name(function);
    let answer = match Box::pin(asked.send()).await {
        Ok(answer) => answer,
        Err(error) => return vec![Finding::unknown(CHECK, unanswered("ListEventSourceMappings", &error), list)],
    };
    let mappings = answer.event_source_mappings();
    if mappings.is_empty() {
        let why = format!("{function} reads no stream: no event gets to the bus");
        return vec![Finding::fault(CHECK, why, format!("make deploy STACK={}", service.stack()))];
    }
    let of_one = |mapping: &aws_sdk_lambda::types::EventSourceMappingConfiguration| {
        let id = mapping.uuid().unwrap_or_default();
        let state = mapping.state().unwrap_or("of an unknown state");
        if ["Disabled", "Disabling"].contains(&state) {
            let why = format!(
                "what reads the events' stream is {state}: no event gets to the bus, and after 24 hours it is lost there"
            );
            let fix = format!("aws lambda update-event-source-mapping --uuid {id} --enabled");
            return Some(Finding::fault(CHECK, why, fix));
        }
        let result = mapping.last_processing_result().filter(|result| result.starts_with("PROBLEM"))?;
        Some(Finding::fault(CHECK, format!("the events' stream is read in vain: {result}"), list.clone()))
    };
    let findings: Vec<_> = mappings.iter().filter_map(of_one).collect();
    if findings.is_empty() { vec![Finding::ok(CHECK, "the events' stream is read")] } else { findings }
}
