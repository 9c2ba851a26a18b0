//! The way of a request through API Gateway.

use std::sync::Arc;

use lambda_http::http::HeaderMap;
use serde_json::Value;

use super::api::{Api, Target};
use super::cache::Cache;
use super::events::{self, Request, authorizer_context};
use super::identity::Authorizer;
use super::responses::Refused;
use super::{Service, allows};
use crate::Answer;

/// A stage of an API, with its verdicts.
pub(super) struct Stage {
    pub(super) api: Arc<Api>,
    cache: Cache,
}

impl Stage {
    pub(super) fn of(api: Arc<Api>) -> Self {
        Self { api, cache: Cache::default() }
    }

    /// What API Gateway does with a request.
    pub(super) async fn answer(&self, service: &Service, request: &Request<'_>) -> Answer {
        let event = self.event(service, request);
        let refuse = |refused| self.api.responses.refuse(refused, &event["requestContext"]);
        let Some((route, _)) = self.api.route(request.method, request.path()) else {
            return refuse(Refused::MissingAuthenticationToken);
        };
        let verdict = match self.api.authorizer.as_ref().filter(|_| route.is_authorized) {
            Some(authorizer) => match self.verdict(service, authorizer, request, &event).await {
                Ok(verdict) => Some(verdict),
                Err(refused) => return refuse(refused),
            },
            None => None,
        };
        if let Some(verdict) = &verdict
            && !allows(verdict, &request.method_arn())
        {
            let mut context = event["requestContext"].clone();
            context["authorizer"] = authorizer_context(verdict);
            return self.api.responses.refuse(Refused::AccessDenied, &context);
        }
        self.hand_on(service, request, event, verdict.as_ref()).await
    }

    /// What API Gateway answers where there are too many requests.
    pub(super) fn throttle(&self, service: &Service, request: &Request<'_>) -> Answer {
        self.api.responses.refuse(Refused::Throttled, &self.event(service, request)["requestContext"])
    }

    /// The authorizer's verdict, or one that it gave before on the same identity. What it refused is not kept.
    async fn verdict(
        &self,
        service: &Service,
        authorizer: &Authorizer,
        request: &Request<'_>,
        event: &Value,
    ) -> Result<Value, Refused> {
        let identity = authorizer.identity(event).ok_or(Refused::Unauthorized)?;
        if let Some(verdict) = self.cache.get(&identity, service.now()) {
            return Ok(verdict);
        }
        let verdict = service.decide(&events::for_authorizer(event.clone(), &request.method_arn())).await;
        drop(service.functions.kept.after_answer().await);
        let verdict = verdict.map_err(|refusal| match refusal.to_string().as_str() {
            "Unauthorized" => Refused::Unauthorized,
            _ => Refused::AuthorizerFailure,
        })?;
        let flat =
            |context: &Value| context.as_object()?.values().all(|it| !it.is_object() && !it.is_array()).then_some(());
        if !verdict["principalId"].is_string() || flat(&verdict["context"]).is_none() {
            return Err(Refused::AuthorizerConfigurationError);
        }
        self.cache.put(identity, &verdict, service.now(), authorizer.ttl);
        Ok(verdict)
    }

    pub(super) async fn hand_on(
        &self,
        service: &Service,
        request: &Request<'_>,
        event: Value,
        verdict: Option<&Value>,
    ) -> Answer {
        let Some((route, _)) = self.api.route(request.method, request.path()) else {
            return self.api.responses.refuse(Refused::MissingAuthenticationToken, &event["requestContext"]);
        };
        let event = events::for_function(event, verdict, request.body);
        match &route.target {
            Target::Function(name) => service.run(name, &event).await,
            Target::Backend => Answer::new(200, HeaderMap::new(), event.to_string()),
            Target::Preflight(headers) => {
                let header = |(name, value): (&String, &Value)| {
                    (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap())
                };
                Answer::new(200, headers.iter().map(header).collect(), String::new())
            }
        }
    }

    pub(super) fn event(&self, service: &Service, request: &Request<'_>) -> Value {
        let address = *service.address.lock().unwrap();
        events::event(&self.api, request, &service.source_ip.lock().unwrap(), address, service.now())
    }
}
