//! The service's functions, found by the outputs of its stack.

use std::collections::HashMap;
use std::time::Duration;
use std::{env, process};

use api_keys::aws::Aws;
use api_keys::request::Caller;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use http::Uri;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::failure::{Failure, chain};
use crate::invocation::{InvocationError, Repeats, invoke};

/// The output that names the function of most commands.
pub(crate) const MANAGE: &str = "ManageAccountFunctionName";

/// Where AWS's own endpoints are.
const DOMAINS: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "api.aws"];

/// Longer than any function may take.
const INVOCATION_TIME: Duration = Duration::from_secs(70);
/// For all other calls: an operator may be far away from the region.
const CALL_TIME: Duration = Duration::from_secs(20);

/// A deployed service.
#[derive(Clone)]
pub(crate) struct Service {
    aws: Aws,
    lambda: aws_sdk_lambda::Client,
    stack: String,
    outputs: HashMap<String, String>,
    operator: String,
}

impl Service {
    /// Reads the stack's outputs.
    pub(crate) async fn find(common: &Common) -> Result<Self, Failure> {
        let aws = Box::pin(Aws::from_environment()).await.map_err(|cause| Failure::action(chain(&cause)))?;
        if aws.config().region().is_none() {
            return Err(Failure::input("no AWS region is configured: set AWS_REGION"));
        }
        if let Some(credentials) = aws.config().credentials_provider() {
            let found = Box::pin(credentials.provide_credentials()).await;
            found.map_err(|error| Failure::action(format!("no AWS credentials in the shell: {}", chain(&error))))?;
        }
        let config = aws_sdk_cloudformation::config::Builder::from(aws.config()).timeout_config(limits(CALL_TIME));
        let cloudformation = aws_sdk_cloudformation::Client::from_conf(config.build());
        let asked = Box::pin(cloudformation.describe_stacks().stack_name(&common.stack).send());
        let answer = asked.await.map_err(|error| {
            let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
            let why = message.map_or_else(|| chain(&error), str::to_owned);
            Failure::action(format!("the stack {} cannot be read: {why}", common.stack))
        })?;
        let outputs = answer.stacks().iter().flat_map(Stack::outputs).filter_map(|output| {
            let (name, value) = (output.output_key()?, output.output_value()?);
            Some((name.to_owned(), value.to_owned()))
        });
        let config = aws_sdk_lambda::config::Builder::from(aws.config())
            .timeout_config(limits(INVOCATION_TIME))
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

    /// Where it is deployed.
    pub(crate) fn region(&self) -> String {
        self.aws.config().region().map(ToString::to_string).unwrap_or_default()
    }

    /// Whether an output is an address on AWS that an emulator made up.
    pub(crate) fn made_up(&self, url: &str) -> bool {
        is_made_up(url, self.aws.config().endpoint_url())
    }

    /// An output of the stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::action(format!("the stack {} has no output {name}: deploy a newer version first", self.stack))
        })
    }

    /// Invokes the function that an output names, with the operator added to the payload.
    pub(crate) async fn invoke(
        &self,
        output: &str,
        payload: &Value,
        repeats: Repeats,
    ) -> Result<Value, InvocationError> {
        let function = self.output(output).map_err(|failure| InvocationError::Refused(failure.to_string()))?;
        let mut payload = payload.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("operator".into(), json!(self.operator));
        }
        invoke(&self.lambda, function, &payload, repeats).await
    }

    /// Invokes an action of `manage-account` that may be repeated.
    pub(crate) async fn manage(&self, payload: &Value) -> Result<Value, Failure> {
        Ok(self.invoke(MANAGE, payload, Repeats::AreSafe).await?)
    }

    /// The database, with the operator's own rights.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(self.aws.config()).timeout_config(limits(CALL_TIME));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}

/// Whether a URL is on AWS, and the endpoint that is asked of it elsewhere. Some endpoints that operators set are AWS's own.
fn is_made_up(url: &str, endpoint: Option<&str>) -> bool {
    is_on_aws(url) && endpoint.is_some_and(|endpoint| !is_on_aws(endpoint))
}

/// Whether a URL's host is one of AWS's own.
fn is_on_aws(url: &str) -> bool {
    let url: Option<Uri> = url.parse().ok();
    let host = url.as_ref().and_then(Uri::host).map(str::to_ascii_lowercase);
    let is_within = |host: &str, domain: &str| host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'));
    host.is_some_and(|host| DOMAINS.iter().any(|domain| is_within(&host, domain)))
}

fn limits(time: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(time).operation_timeout(time).build()
}

/// The user and host name: a claim, which the service does not verify.
fn operator() -> String {
    let user = env::var("USER").unwrap_or_else(|_| "unknown".into());
    let host = process::Command::new("hostname").output().ok().and_then(|done| String::from_utf8(done.stdout).ok());
    let host = host.as_deref().map(str::trim).filter(|host| !host.is_empty()).unwrap_or("unknown");
    format!("{user}@{host}").chars().take(Caller::MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_on_aws_is_made_up_where_the_endpoint_is_elsewhere() {
        const OURS: &str = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/v1";
        let vpc = "https://vpce-1a2b.cloudformation.us-east-1.vpce.amazonaws.com";
        for (url, endpoint, made_up) in [
            (OURS, Some("http://localhost:4566"), true),
            (OURS, Some(vpc), false),
            (OURS, Some("https://cloudformation.us-east-1.api.aws"), false),
            (OURS, None, false),
            ("http://localhost:4566/v1", Some("http://localhost:4566"), false),
        ] {
            assert_eq!(is_made_up(url, endpoint), made_up, "{url} {endpoint:?}");
        }
    }

    #[test]
    fn a_host_is_on_aws_by_its_domain() {
        for own in [
            "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/v1",
            "https://vpce-1a2b.lambda.eu-central-1.vpce.amazonaws.com",
            "https://LAMBDA.us-east-1.Amazonaws.com:443",
            "https://a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn/v1",
            "https://lambda.us-east-1.api.aws",
        ] {
            assert!(is_on_aws(own), "{own}");
        }
        for other in [
            "http://127.0.0.1:4566",
            "http://localhost:4566/lambda.us-east-1.amazonaws.com/",
            "https://amazonaws.com.example.com",
            "https://notamazonaws.com",
            "https://lambda.us-east-1.amazonaws.com@example.com/",
            "nonsense",
            "",
        ] {
            assert!(!is_on_aws(other), "{other}");
        }
    }
}
