//! The stack: its state, and its outputs, by which everything else is found.

use super::finding::Finding;
use crate::aws::Service;

const CHECK: &str = "stack";

/// All outputs that a stack has with any parameters.
pub(crate) const OUTPUTS: [&str; 15] = [
    "ApiUrl",
    "ApiId",
    "AuthorizerArn",
    "AuthorizerFunctionName",
    "VerifyFunctionName",
    "VerifyFunctionArn",
    "TableName",
    "PublishEventsFunctionName",
    "EventTableName",
    "UsageTableName",
    "CreateAccountFunctionName",
    "ImportKeysFunctionName",
    "ManageAccountFunctionName",
    "NotifyExpiryFunctionName",
    "EraseAccountFunctionName",
];

pub(super) fn look(service: &Service) -> Vec<Finding> {
    let (name, status) = (service.stack(), service.status());
    let events = format!(
        "aws cloudformation describe-stack-events --stack-name {name} \
         --query \"StackEvents[?contains(ResourceStatus, 'FAILED')]\""
    );
    let state = match status {
        status if status.ends_with("_IN_PROGRESS") => Finding::warning(
            CHECK,
            format!("{name} is {status}: a deployment is under way"),
            format!("aws cloudformation wait stack-update-complete --stack-name {name}"),
        ),
        "UPDATE_ROLLBACK_COMPLETE" => Finding::warning(
            CHECK,
            format!("{name} is {status}: the last deployment failed, and the one before it runs"),
            events,
        ),
        status if status.contains("FAILED") || status.contains("ROLLBACK") => {
            Finding::fault(CHECK, format!("{name} is {status}"), events)
        }
        status => Finding::ok(CHECK, format!("{name} is {status}")),
    };
    let missing: Vec<_> = OUTPUTS.into_iter().filter(|output| service.output(output).is_err()).collect();
    let outputs = if missing.is_empty() {
        Finding::ok(CHECK, format!("it has all {} outputs", OUTPUTS.len()))
    } else {
        let why = format!("it lacks the outputs {}: an older version is deployed", missing.join(", "));
        Finding::fault(CHECK, why, format!("make deploy STACK={name}"))
    };
    vec![state, outputs]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_of_the_template_that_has_no_condition_is_looked_for() {
        let template = include_str!("../../../template.yaml");
        let outputs = template.split_once("\nOutputs:\n").unwrap().1;
        let lines: Vec<_> = outputs.lines().collect();
        let starts = |line: &str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
        let unconditional = lines
            .chunk_by(|_, line| !starts(line))
            .filter(|output| starts(output[0]) && !output.iter().any(|line| line.starts_with("    Condition:")));
        let names: Vec<_> = unconditional.map(|output| output[0].trim().trim_end_matches(':')).collect();
        assert_eq!(names, OUTPUTS);
    }
}
