//! Why AWS does not let the operator in, and what to do then.

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::operation::RequestId;
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksError;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use serde_json::json;

use crate::arguments::Common;
use crate::failure::{Failure, Kind, chain};
use crate::messages;

/// Why there are no credentials; `profile` is the one that the command line names.
pub(crate) fn no_credentials(error: &CredentialsError, profile: Option<&str>) -> Failure {
    let why = chain(error);
    // A shell without a profile has the one of this name, which need not be there.
    if let Some(absent) = undefined_profile(&why).filter(|name| *name != "default") {
        let hint = "see `aws configure list-profiles`";
        return Failure::no_access(format!("the AWS configuration has no profile {absent}: {hint}"));
    }
    let sign_in = format!("sign in with `{}`", login(profile));
    // A machine's own credentials are looked for last, where nothing else is configured.
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) || why.contains("IMDS") {
        messages::debug(|| why.clone(), || json!({ "credentials": why }));
        return Failure::no_access(match profile {
            Some(profile) => format!(
                "no AWS credentials: the profile {profile} has none, or is not there: see `aws configure list-profiles`, or {sign_in}"
            ),
            None => format!("no AWS credentials: {sign_in}, set AWS_PROFILE, or give --profile"),
        });
    }
    let failure = Failure::no_access(format!("no AWS credentials: {why}"));
    let is_session = ["sso", "token"].iter().any(|word| why.to_ascii_lowercase().contains(word));
    if is_session { failure.with(&sign_in) } else { failure }
}

/// The profile that the SDK did not find: its errors have no type of their own for that.
fn undefined_profile(why: &str) -> Option<&str> {
    let (before, _) = why.split_once("` was not defined")?;
    before.rsplit_once('`').map(|(_, name)| name)
}

/// Why the stack cannot be read, and what to do then.
pub(crate) fn unreadable(error: &SdkError<DescribeStacksError>, config: &SdkConfig, common: &Common) -> Failure {
    let refused = error.as_service_error();
    let why = refused.and_then(ProvideErrorMetadata::message).map_or_else(|| chain(error), str::to_owned);
    let code = refused.and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let is_busy =
        code == "Throttling" || error.raw_response().is_some_and(|response| response.status().as_u16() >= 500);
    let kind = if refused.is_some() && !is_busy { Kind::NoAccess } else { Kind::Failed };
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let failure = Failure::new(kind, format!("the stack {} cannot be read in {region}: {why}", common.stack))
        .of_request(error.request_id().map(str::to_owned));
    let is_missing = why.ends_with("does not exist");
    let hint = is_missing.then(|| "give --region, --stack or --profile".to_owned());
    match hint.or_else(|| remedy(code, &why, common.profile.as_deref())) {
        Some(hint) => failure.with(&hint),
        None => failure,
    }
}

/// What to do where AWS refuses credentials that were found.
fn remedy(code: &str, message: &str, profile: Option<&str>) -> Option<String> {
    let is_of_another_time = ["Signature expired", "Signature not yet current"].iter().any(|why| message.contains(why));
    if is_of_another_time || code == "RequestTimeTooSkewed" {
        return Some("the clock of this machine is wrong: set it".to_owned());
    }
    let is_over = code.starts_with("ExpiredToken") || code == "RequestExpired";
    is_over.then(|| format!("sign in again with `{}`", login(profile)))
}

fn login(profile: Option<&str>) -> String {
    profile.map_or_else(|| "aws sso login".to_owned(), |profile| format!("aws sso login --profile {profile}"))
}
