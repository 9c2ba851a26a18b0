//! How many executions Lambda runs at once in the region, for all functions of the account together.

use super::finding::{Finding, unanswered};
use crate::aws::Service;

const CHECK: &str = "concurrency";
/// What AWS gives an older account; a new one may have 10.
const USUAL: i32 = 1000;
/// So many synchronous invocations a second a region takes for each execution of the quota.
const A_SECOND: i32 = 10;

pub(super) async fn look(service: &Service) -> Finding {
    let answer = match Box::pin(service.lambda().get_account_settings().send()).await {
        Ok(answer) => answer,
        Err(error) => {
            return Finding::unknown(
                CHECK,
                unanswered("GetAccountSettings", &error),
                "aws lambda get-account-settings",
            );
        }
    };
    let Some(limit) = answer.account_limit() else {
        return Finding::unknown(CHECK, "Lambda returned no quota", "aws lambda get-account-settings");
    };
    of(limit.concurrent_executions(), limit.unreserved_concurrent_executions())
}

fn of(quota: i32, unreserved: Option<i32>) -> Finding {
    let free = unreserved.unwrap_or(quota);
    let cause = format!(
        "{quota} executions at once in the region, {free} of them for functions without a reservation: at most {} requests a \
         second to all APIs together",
        free.saturating_mul(A_SECOND)
    );
    if free >= USUAL {
        return Finding::ok(CHECK, cause);
    }
    Finding::warning(
        CHECK,
        cause,
        format!(
            "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value {USUAL}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Sign;
    use super::*;

    #[test]
    fn a_new_accounts_quota_is_a_warning_with_its_arithmetic() {
        let new = of(10, Some(10));
        assert_eq!(new.sign, Sign::Warning);
        assert!(new.cause.ends_with("at most 100 requests a second to all APIs together"), "{}", new.cause);
        assert_eq!(of(1000, Some(100)).sign, Sign::Warning, "others have reserved the rest");
        assert_eq!(of(1000, None).sign, Sign::Ok);
    }
}
