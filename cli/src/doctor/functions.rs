//! The functions: whether they can start, and whether the authorizer may run at all.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationError;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use super::finding::{Finding, unanswered};
use crate::aws::Service;

const CHECK: &str = "functions";

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let names = super::stack::OUTPUTS
        .into_iter()
        .filter(|output| output.ends_with("FunctionName") || *output == "AuthorizerArn");
    let functions: Vec<_> = names.filter_map(|output| service.output(output).ok()).collect();
    let mut findings = Vec::new();
    for function in &functions {
        findings.extend(state(service.lambda(), function).await);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, format!("{} functions are ready", functions.len())));
    }
    if let Some(authorizer) = service.authorizer() {
        findings.extend(reserved(service.lambda(), authorizer).await);
    }
    findings
}

/// What is wrong with one; nothing where it is ready, or idle.
async fn state(lambda: &Client, function: &str) -> Option<Finding> {
    let look = format!("aws lambda get-function-configuration --function-name {function}");
    let answer = match Box::pin(lambda.get_function_configuration().function_name(function).send()).await {
        Ok(answer) => answer,
        Err(error) => {
            let why = unanswered(&format!("GetFunctionConfiguration of {function}"), &error);
            let is_gone =
                error.as_service_error().is_some_and(GetFunctionConfigurationError::is_resource_not_found_exception);
            return Some(if is_gone {
                Finding::fault(CHECK, format!("{function} is not there"), "make deploy")
            } else {
                Finding::unknown(CHECK, why, look)
            });
        }
    };
    let reason = answer.state_reason().or(answer.last_update_status_reason()).unwrap_or("AWS gives no reason");
    if answer.state() == Some(&State::Failed) || answer.last_update_status() == Some(&LastUpdateStatus::Failed) {
        return Some(Finding::fault(CHECK, format!("{function} cannot run: {reason}"), look));
    }
    None
}

/// A reserved concurrency keeps others away, and is a ceiling of its own.
async fn reserved(lambda: &Client, authorizer: &str) -> Option<Finding> {
    let answer = Box::pin(lambda.get_function_concurrency().function_name(authorizer).send()).await;
    let reserved = answer.ok()?.reserved_concurrent_executions()?;
    let remove = format!("aws lambda delete-function-concurrency --function-name {authorizer}");
    Some(match reserved {
        0 => Finding::fault(CHECK, "the authorizer's reserved concurrency is 0: every request is a 500", remove),
        some => Finding::warning(
            CHECK,
            format!("the authorizer has {some} reserved executions: at most {} requests a second", 10 * some),
            remove,
        ),
    })
}
