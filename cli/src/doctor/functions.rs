//! The functions: whether they can start, and whether the authorizer may run at all.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationError;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use super::finding::{Finding, Sign, unanswered};
use crate::aws::Service;

const CHECK: &str = "functions";

pub(super) async fn look(service: &Service) -> Vec<Finding> {
    let mut findings = Vec::new();
    let functions = match service.functions().await {
        Ok(functions) => functions,
        Err(why) => {
            let list = format!("aws cloudformation list-stack-resources --stack-name {}", service.stack());
            let why = format!(
                "cloudformation:ListStackResources is not answered, so functions of routes are not looked at: {why}"
            );
            findings.push(Finding::unknown(CHECK, why, list));
            let names = super::stack::OUTPUTS.into_iter().filter(|output| output.ends_with("FunctionName"));
            names.filter_map(|output| service.output(output).ok()).map(str::to_owned).collect()
        }
    };
    // The alias is what APIs ask.
    let alias = service.output("AuthorizerArn").ok();
    for function in functions.iter().map(String::as_str).chain(alias) {
        findings.extend(state(service, function).await);
    }
    let authorizer = service.authorizer().and_then(|arn| arn.rsplit(':').next());
    for function in &functions {
        findings.extend(reserved(service.lambda(), function, authorizer == Some(function)).await);
    }
    if findings.iter().all(|finding| finding.sign == Sign::Warning) {
        findings.push(Finding::ok(CHECK, format!("{} functions are ready", functions.len())));
    }
    findings
}

/// What is wrong with one; nothing where it is ready, or idle.
async fn state(service: &Service, function: &str) -> Option<Finding> {
    let look = format!("aws lambda get-function-configuration --function-name {function}");
    let answer = match Box::pin(service.lambda().get_function_configuration().function_name(function).send()).await {
        Ok(answer) => answer,
        Err(error) => {
            let why = unanswered(&format!("GetFunctionConfiguration of {function}"), &error);
            let is_gone =
                error.as_service_error().is_some_and(GetFunctionConfigurationError::is_resource_not_found_exception);
            return Some(if is_gone {
                Finding::fault(
                    CHECK,
                    format!("{function} is not there"),
                    format!("make deploy STACK={}", service.stack()),
                )
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
async fn reserved(lambda: &Client, function: &str, is_authorizer: bool) -> Option<Finding> {
    let reserved = match Box::pin(lambda.get_function_concurrency().function_name(function).send()).await {
        Ok(answer) => answer.reserved_concurrent_executions()?,
        Err(error) => {
            let why = unanswered(&format!("GetFunctionConcurrency of {function}"), &error);
            let look = format!("aws lambda get-function-concurrency --function-name {function}");
            return Some(Finding::unknown(CHECK, why, look));
        }
    };
    let remove = format!("aws lambda delete-function-concurrency --function-name {function}");
    match reserved {
        0 if is_authorizer => {
            let why = "the authorizer's reserved concurrency is 0: every request is a 500";
            Some(Finding::fault(CHECK, why, remove))
        }
        0 => Some(Finding::fault(CHECK, format!("the reserved concurrency of {function} is 0: it never runs"), remove)),
        some if is_authorizer => {
            let why = format!("the authorizer has {some} reserved executions: at most {} requests a second", 10 * some);
            Some(Finding::warning(CHECK, why, remove))
        }
        _ => None,
    }
}
