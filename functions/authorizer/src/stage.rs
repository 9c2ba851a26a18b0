//! An API's own settings, in the variables of its stage.

use std::borrow::Cow;

use serde::Deserialize;

use crate::headers::KeyHeader;

/// The settings of the API's stage.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StageVariables {
    pub(crate) limit_answer: LimitAnswer,
    pub(crate) key_service: KeyService,
    pub(crate) key_header: KeyHeader,
    route_operations: Option<String>,
    route_operations2: Option<String>,
    route_operations3: Option<String>,
    route_operations4: Option<String>,
    route_operations5: Option<String>,
    route_operations6: Option<String>,
    route_operations7: Option<String>,
    route_operations8: Option<String>,
    route_operations9: Option<String>,
}

/// Whether the API is this service's own, where keys are looked up and managed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum KeyService {
    #[serde(rename = "true")]
    Ours,
    /// An API that attaches the authorizer.
    #[default]
    #[serde(other)]
    Attached,
}

/// Who answers a request that is over its key's limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LimitAnswer {
    /// The API itself, by `limited` in its context.
    Integration,
    /// The gateway, with a 403.
    #[default]
    #[serde(other)]
    Gateway,
}

impl StageVariables {
    /// Which operation which route needs, in one text: a variable has room for 512 characters. `None` where the API has no rules.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn route_operations(&self) -> Result<Option<Cow<'_, str>>, String> {
        if self.key_header == KeyHeader::Unknown {
            return Err("keyHeader is neither authorization nor x-api-key".to_owned());
        }
        let parts = [
            &self.route_operations,
            &self.route_operations2,
            &self.route_operations3,
            &self.route_operations4,
            &self.route_operations5,
            &self.route_operations6,
            &self.route_operations7,
            &self.route_operations8,
            &self.route_operations9,
        ];
        let mut there = parts.iter().map_while(|part| part.as_deref());
        let count = there.clone().count();
        if let Some(behind) = parts.iter().skip(count).position(|part| part.is_some()) {
            return Err(format!("routeOperations{} is there, and one before it is missing", count + behind + 1));
        }
        let (Some(first), None) = (there.next(), there.clone().next()) else {
            // Each has whole entries, with a comma at its end or without.
            let whole = parts.iter().map_while(|part| part.as_deref()).enumerate().map(|(at, part)| {
                let part = if at == 0 { part } else { part.strip_prefix(',').unwrap_or(part) };
                if at + 1 < count { part.strip_suffix(',').unwrap_or(part) } else { part }
            });
            return Ok((count > 0).then(|| whole.collect::<Vec<_>>().join(",").into()));
        };
        Ok(Some(first.into()))
    }
}
