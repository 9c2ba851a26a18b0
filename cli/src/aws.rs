//! The service's functions, found by the outputs of its stack.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_lambda::config::retry::RetryConfig;
use http::Uri;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::failure::{Failure, chain};
use crate::invocation::{InvocationError, Repeats, invoke};
use crate::operator::operator;
use crate::signing_in::unreadable;
use crate::{shell, typed};

/// The output that names the function of most commands.
pub(crate) const MANAGE: &str = "ManageAccountFunctionName";

/// Where AWS's own endpoints are.
const DOMAINS: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "api.aws"];

/// Longer than any function may take.
const INVOCATION_TIME: Duration = Duration::from_secs(70);

/// A deployed service.
#[derive(Clone)]
pub(crate) struct Service {
    config: SdkConfig,
    lambda: aws_sdk_lambda::Client,
    stack: String,
    /// Those that lead to the stack.
    options: String,
    status: String,
    outputs: HashMap<String, String>,
    operator: String,
}

impl Service {
    /// Reads the stack's outputs.
    pub(crate) async fn find(common: &Common) -> Result<Self, Failure> {
        let config = shell::configuration(common).await?;
        let cloudformation = aws_sdk_cloudformation::Client::new(&config);
        let asked = Box::pin(cloudformation.describe_stacks().stack_name(&common.stack).send());
        let answer = asked.await.map_err(|error| unreadable(&error, &config, common))?;
        let status = answer.stacks().first().and_then(Stack::stack_status).map(|status| status.as_str().to_owned());
        let outputs = answer.stacks().iter().flat_map(Stack::outputs).filter_map(|output| {
            let (name, value) = (output.output_key()?, output.output_value()?);
            Some((name.to_owned(), value.to_owned()))
        });
        let of_functions = aws_sdk_lambda::config::Builder::from(&config)
            .timeout_config(shell::limits(INVOCATION_TIME))
            // Repeated blindly, an invocation would create a second account.
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(Self {
            lambda: aws_sdk_lambda::Client::from_conf(of_functions),
            stack: common.stack.clone(),
            options: typed::options(common),
            status: status.unwrap_or_default(),
            outputs: outputs.collect(),
            operator: common.operator.clone().unwrap_or_else(operator),
            config,
        })
    }

    /// What calls to other services need.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(crate) fn lambda(&self) -> &aws_sdk_lambda::Client {
        &self.lambda
    }

    /// The REST APIs of the account and region.
    pub(crate) fn rest_apis(&self) -> aws_sdk_apigateway::Client {
        aws_sdk_apigateway::Client::new(&self.config)
    }

    /// The HTTP APIs of the account and region.
    pub(crate) fn http_apis(&self) -> aws_sdk_apigatewayv2::Client {
        aws_sdk_apigatewayv2::Client::new(&self.config)
    }

    pub(crate) fn stack(&self) -> &str {
        &self.stack
    }

    /// A line of this program to type, for this stack.
    pub(crate) fn typed(&self, arguments: &str) -> String {
        format!("api-keys {arguments}{}", self.options)
    }

    /// Such as `UPDATE_COMPLETE`.
    pub(crate) fn status(&self) -> &str {
        &self.status
    }

    /// The names of all its functions.
    ///
    /// # Errors
    /// Why CloudFormation does not list them, in a sentence.
    pub(crate) async fn functions(&self) -> Result<Vec<String>, String> {
        let cloudformation = aws_sdk_cloudformation::Client::new(&self.config);
        let mut resources =
            cloudformation.list_stack_resources().stack_name(&self.stack).into_paginator().items().send();
        let mut functions = Vec::new();
        while let Some(resource) = Box::pin(resources.next()).await {
            let resource = resource.map_err(|error| chain(&error))?;
            if resource.resource_type() == Some("AWS::Lambda::Function") {
                functions.extend(resource.physical_resource_id().map(str::to_owned));
            }
        }
        Ok(functions)
    }

    /// The log group of a function, whose physical name CloudFormation makes up.
    pub(crate) fn log_group(&self, function: &str) -> String {
        format!("/aws/lambda/{}-{function}", self.stack())
    }

    /// Whether the stack is on an emulator, which takes less from a template than AWS.
    pub(crate) fn is_emulated(&self) -> bool {
        self.outputs.get("ApiUrl").is_some_and(|url| is_made_up(url, self.config.endpoint_url()))
    }

    /// The authorizer's ARN without its alias.
    pub(crate) fn authorizer(&self) -> Option<&str> {
        let arn = self.outputs.get("AuthorizerArn")?;
        let (function, qualifier) = arn.rsplit_once(':')?;
        // `arn:aws:lambda:eu-central-1:123456789012:function:NAME:live`
        Some(if arn.split(':').count() == 8 && !qualifier.is_empty() { function } else { arn })
    }

    /// The URL of its API: `given`, or the stack's output.
    ///
    /// # Errors
    /// When the output is an address on AWS, and the shell's AWS endpoint is an emulator's: another company's API may be there.
    /// When what is given is no URL.
    pub(crate) fn api_url(&self, given: Option<&str>) -> Result<String, Failure> {
        if let Some(url) = given {
            let is_url = url.parse::<Uri>().is_ok_and(|url| url.scheme().is_some() && url.host().is_some());
            let no_url = || Failure::input("the API's URL is written as https://example.com/v1");
            return is_url.then(|| url.trim_end_matches('/').to_owned()).ok_or_else(no_url);
        }
        let url = self.output("ApiUrl")?;
        if is_made_up(url, self.config.endpoint_url()) {
            return Err(Failure::input(
                "the stack's output ApiUrl is an address on AWS, and the shell's AWS endpoint is another: give --url",
            ));
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// Where it is deployed.
    pub(crate) fn region(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    /// An output of the stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str, Failure> {
        self.outputs.get(name).map(String::as_str).ok_or_else(|| {
            Failure::no_access(format!("the stack {} has no output {name}: deploy a newer version first", self.stack))
        })
    }

    /// Invokes the function that an output names, with the operator added to the payload.
    pub(crate) async fn invoke(
        &self,
        output: &str,
        payload: &Value,
        repeats: Repeats,
    ) -> Result<Value, InvocationError> {
        let function = self.output(output).map_err(InvocationError::without_function)?;
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
        aws_sdk_dynamodb::Client::new(&self.config)
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
