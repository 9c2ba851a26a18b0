//! Who asked for a write, as its event records it.

use serde::{Deserialize, Serialize};

use super::caller::Caller;
use crate::key::KeyId;

/// Who asked for a write, from where, and in which request.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who asked.
    pub actor: Actor,
    /// The operator's own id of the account, as far as that is known before anything is read.
    pub external_id: Option<String>,
    /// The client's address, as the gateway saw it; `None` for an operator.
    pub source_ip: Option<String>,
    /// The gateway's id of the request, or Lambda's of an operator's invocation.
    pub request_id: String,
}

impl Origin {
    /// An operator who invoked a function. `claimed` is the name that the operator's program sent of its user, unverified.
    #[must_use]
    pub fn operator(claimed: Option<String>, request_id: &str) -> Self {
        let actor = Actor { claimed, ..Actor::of(ActorType::Operator) };
        Self { actor, external_id: None, source_ip: None, request_id: request_id.to_owned() }
    }

    /// The same, in an account of that external id.
    #[must_use]
    pub fn in_account(&self, external_id: Option<String>) -> Self {
        Self { external_id, ..self.clone() }
    }
}

impl Origin {
    /// The service itself, in that invocation by its schedule.
    #[must_use]
    pub fn service(request_id: &str) -> Self {
        let actor = Actor::of(ActorType::Service);
        Self { actor, external_id: None, source_ip: None, request_id: request_id.to_owned() }
    }

    /// A reporter of a leak.
    #[must_use]
    pub fn report(source_ip: Option<String>, request_id: String) -> Self {
        Self { actor: Actor::of(ActorType::Report), external_id: None, source_ip, request_id }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// A key of the account, an operator of the service, a reporter of a leak, or the service itself.
    pub r#type: ActorType,
    /// The key that was used.
    #[serde(default)]
    pub key_id: Option<KeyId>,
    /// The user whom that key is assigned to.
    #[serde(default)]
    pub user_id: Option<String>,
    /// That user's name.
    #[serde(default)]
    pub username: Option<String>,
    /// The user, as the operator's program names them. It is not verified.
    #[serde(default)]
    pub claimed: Option<String>,
}

/// What kind of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorType {
    /// A key of the account, through the API.
    Key,
    /// An operator of the service.
    Operator,
    /// A report of a leaked value.
    Report,
    /// The service itself, by its schedule.
    Service,
}

impl Actor {
    fn of(r#type: ActorType) -> Self {
        Self { r#type, key_id: None, user_id: None, username: None, claimed: None }
    }
}

impl From<&Caller> for Actor {
    fn from(caller: &Caller) -> Self {
        Self {
            key_id: Some(caller.key_id),
            user_id: Some(caller.user_id.clone()),
            username: Some(caller.username.clone()),
            ..Self::of(ActorType::Key)
        }
    }
}
