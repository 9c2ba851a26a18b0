//! The role with which API Gateway writes logs: one for the whole account and region.

use super::finding::{Finding, unanswered};
use crate::aws::Service;

const CHECK: &str = "log role";

pub(super) async fn look(service: &Service) -> Finding {
    match Box::pin(service.rest_apis().get_account().send()).await {
        Ok(account) => match account.cloudwatch_role_arn().filter(|role| !role.is_empty()) {
            Some(role) => Finding::ok(CHECK, format!("API Gateway writes logs with {role}")),
            None => Finding::fault(
                CHECK,
                "API Gateway has no role for logs in this account and region: no request is logged, and deployments fail",
                format!("make deploy STACK={} PARAMETERS=ApiGatewayAccountRole=create", service.stack()),
            ),
        },
        Err(error) => {
            Finding::unknown(CHECK, unanswered("apigateway:GetAccount", &error), "aws apigateway get-account")
        }
    }
}
