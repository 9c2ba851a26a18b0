//! One secret of AWS Secrets Manager, read when it is needed.
//!
//! Source: `GetSecretValue` in the Secrets Manager API Reference.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_types::body::SdkBody;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::service_error::ServiceError;
use super::signature::{Signer, TARGET};
use super::transport::{Cause, Transport};
use super::{AGENT, Aws, given_endpoint};

/// The time limit of reading it.
const READ_TIME: Duration = Duration::from_secs(1);

/// The name of a secret: `arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-AbCdEf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretArn {
    text: String,
    region: String,
    /// Where the partition's endpoints are.
    domain: &'static str,
}

impl SecretArn {
    /// Takes the ARN of one secret, without wildcards.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let &["arn", partition, "secretsmanager", region, account, "secret", name] = &*parts else { return None };
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        let is_region = (1..=32).contains(&region.len())
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = (1..=519).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte));
        (is_region && is_account && is_name).then(|| Self { text: text.to_owned(), region: region.to_owned(), domain })
    }
}

/// What a secret holds. It cannot be printed, and is wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Where a secret is, and what reading it needs.
pub struct StoredSecret {
    arn: SecretArn,
    config: SdkConfig,
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredSecret({})", self.arn.text)
    }
}

impl StoredSecret {
    /// The secret of that name. Nothing is read yet.
    #[must_use]
    pub fn new(aws: &Aws, arn: SecretArn) -> Self {
        Self { arn, config: aws.config.clone() }
    }

    /// Reads it, in one attempt of at most a second.
    ///
    /// # Errors
    /// When Secrets Manager does not give it, or it is not text.
    pub async fn read(&self, transport: &Transport) -> Result<Secret, Cause> {
        timeout(READ_TIME, self.get(transport)).await.map_err(|_| "Secrets Manager did not answer in time")?
    }

    async fn get(&self, transport: &Transport) -> Result<Secret, Cause> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Output {
            secret_string: String,
        }
        let answer = transport.send(self.signed().await?).await?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(answer.status(), answer.body()).into());
        }
        // An error of `serde_json` might quote it.
        let output: Output = serde_json::from_slice(answer.body()).map_err(|_| "the secret is not text")?;
        Ok(Secret(Zeroizing::new(output.secret_string)))
    }

    async fn signed(&self) -> Result<Request<SdkBody>, Cause> {
        let SecretArn { text, region, domain } = &self.arn;
        let endpoint = match given_endpoint(&self.config, "Secrets Manager")? {
            Some(given) => given,
            None => Uri::try_from(format!("https://secretsmanager.{region}.{domain}"))?,
        };
        let provider = self.config.credentials_provider().ok_or("no AWS credentials configured")?;
        let signer = Signer::new(provider.provide_credentials().await?, region, "secretsmanager")?;
        let clock = self.config.time_source().unwrap_or_else(|| SharedTimeSource::new(SystemTimeSource::new()));
        let body = json!({ "SecretId": text }).to_string();
        let host = endpoint.authority().ok_or("the endpoint has no host")?.as_str();
        let mut request = Request::post(&endpoint)
            .header(HOST, host)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(TARGET, HeaderValue::from_static("secretsmanager.GetSecretValue"))
            .body(SdkBody::from(body.as_str()))?;
        signer.sign(request.headers_mut(), body.as_bytes(), clock.now())?;
        Ok(request)
    }
}

/// Why Secrets Manager gives no secret. No secret is in it.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let ServiceError { code, message, .. } = ServiceError::read(body);
    format!("Secrets Manager answered {status} {code}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_one_arn_without_wildcards() {
        for right in [
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-AbCdEf",
            "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:path/to+a_b=c.d@e-AbCdEf",
            "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:x",
        ] {
            assert!(SecretArn::parse(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            "github",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-*",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-??????",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github:more",
            "arn:aws:secretsmanager:*:123456789012:secret:github",
            "arn:aws:secretsmanager:evil.example.com/:123456789012:secret:github",
            "arn:aws:secretsmanager:eu-central-1:12345:secret:github",
            "arn:aws:ssm:eu-central-1:123456789012:parameter:github",
            "arn:aws-iso:secretsmanager:us-iso-east-1:123456789012:secret:github",
        ] {
            assert!(SecretArn::parse(wrong).is_none(), "{wrong}");
        }
    }
}
