//! The service's functions, found by the outputs of its stack.

use std::collections::HashMap;
use std::time::Duration;
use std::{env, fmt, process};

use api_keys::Aws;
use aws_sdk_cloudformation::error::DisplayErrorContext;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Failure;
use crate::arguments::Common;

/// Longer than any function may take.
const INVOCATION_TIME: Duration = Duration::from_secs(70);
const MAX_OPERATOR: usize = 128;

/// A deployed service.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) aws: Aws,
    lambda: aws_sdk_lambda::Client,
    stack: String,
    outputs: HashMap<String, String>,
    operator: String,
}

impl Service {
    /// Reads the stack's outputs.
    pub(crate) async fn find(common: &Common) -> Result<Self, Failure> {
        let aws = Aws::from_environment().await.map_err(|cause| Failure::action(cause.to_string()))?;
        if aws.config().region().is_none() {
            return Err(Failure::input("no AWS region configured: set AWS_REGION"));
        }
        let cloudformation = aws_sdk_cloudformation::Client::new(aws.config());
        let answer = cloudformation.describe_stacks().stack_name(&common.stack).send().await.map_err(|error| {
            let why = match error.as_service_error().and_then(ProvideErrorMetadata::message) {
                Some(message) => message.to_owned(),
                None => DisplayErrorContext(&error).to_string(),
            };
            Failure::action(format!("the stack {} could not be read: {why}", common.stack))
        })?;
        let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs()).filter_map(|output| {
            let (name, value) = (output.output_key()?, output.output_value()?);
            Some((name.to_owned(), value.to_owned()))
        });
        let limits = TimeoutConfig::builder()
            .operation_attempt_timeout(INVOCATION_TIME)
            .operation_timeout(INVOCATION_TIME)
            .build();
        let config = aws_sdk_lambda::config::Builder::from(aws.config())
            .timeout_config(limits)
            // Repeated blindly, an invocation would create a second account.
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(Self {
            lambda: aws_sdk_lambda::Client::from_conf(config),
            stack: common.stack.clone(),
            outputs: outputs.collect(),
            operator: common.operator.clone().unwrap_or_else(operator),
            aws,
        })
    }

    /// An output of the stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::action(format!("the stack {} has no output {name}: deploy a newer version first", self.stack))
        })
    }

    /// Invokes the function that an output names, with the operator added to the payload.
    pub(crate) async fn invoke(&self, output: &str, payload: &Value) -> Result<Value, InvocationError> {
        let function = self.output(output).map_err(|failure| InvocationError::Refused(failure.to_string()))?;
        let mut payload = payload.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("operator".into(), json!(self.operator));
        }
        let sent = self.lambda.invoke().function_name(function).payload(Blob::new(payload.to_string())).send();
        let answer = sent.await.map_err(|error| InvocationError::from_sdk(&error))?;
        let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
        if answer.function_error().is_some() {
            return Err(InvocationError::from_function(body));
        }
        serde_json::from_slice(body).map_err(|_| InvocationError::Unknown("the function's answer is not JSON".into()))
    }

    /// Invokes `manage-account`.
    pub(crate) async fn manage(&self, payload: &Value) -> Result<Value, Failure> {
        Ok(self.invoke("ManageAccountFunctionName", payload).await?)
    }
}

/// Why an invocation has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InvocationError {
    /// Nothing was done; it would be refused again.
    Refused(String),
    /// Nobody knows whether it was done; it may work when repeated.
    Unknown(String),
}

impl InvocationError {
    fn from_sdk(error: &aws_sdk_lambda::error::SdkError<aws_sdk_lambda::operation::invoke::InvokeError>) -> Self {
        let Some(message) = error.as_service_error().and_then(ProvideErrorMetadata::message) else {
            return Self::Unknown(format!("the function could not be invoked: {}", DisplayErrorContext(error)));
        };
        let what = format!("the function could not be invoked: {message}");
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        if status == 429 || status >= 500 { Self::Unknown(what) } else { Self::Refused(what) }
    }

    fn from_function(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Problem {
            error_type: String,
            error_message: String,
        }
        let Problem { error_type, error_message } = serde_json::from_slice(body).unwrap_or_default();
        if error_type == "InvalidRequest" {
            Self::Refused(error_message)
        } else if error_message.is_empty() {
            Self::Unknown("the function failed: see its log".into())
        } else {
            Self::Unknown(error_message)
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(what) | Self::Unknown(what)) = self;
        f.write_str(what)
    }
}

impl From<InvocationError> for Failure {
    fn from(error: InvocationError) -> Self {
        Self::action(error.to_string())
    }
}

/// The user and host name: a claim, which the service does not verify.
fn operator() -> String {
    let user = env::var("USER").unwrap_or_else(|_| "unknown".into());
    let host = process::Command::new("hostname").output().ok().and_then(|done| String::from_utf8(done.stdout).ok());
    let host = host.as_deref().map(str::trim).filter(|host| !host.is_empty()).unwrap_or("unknown");
    format!("{user}@{host}").chars().take(MAX_OPERATOR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_error_is_a_refusal_or_unknown() {
        let refused = br#"{"errorType":"InvalidRequest","errorMessage":"company is required"}"#;
        assert_eq!(InvocationError::from_function(refused), InvocationError::Refused("company is required".into()));
        let timed_out = br#"{"errorMessage":"Task timed out after 60.00 seconds"}"#;
        assert!(matches!(InvocationError::from_function(timed_out), InvocationError::Unknown(_)));
        assert!(matches!(InvocationError::from_function(b"?"), InvocationError::Unknown(_)));
    }
}
