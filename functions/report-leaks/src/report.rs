//! The body of a request, and the answer to GitHub.
//!
//! Source: GitHub's "Secret scanning partner program".

use api_keys::key::{Found, ImportedKeys, KeyHash, KeyValue};
use api_keys::request::{InvalidRequest, normalize_text};
use api_keys::store::LeakReport;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A hundred reports with long URLs have less.
const MAX_BODY: usize = 256 * 1024;
const MAX_SIGNED: usize = 100;
const MAX_UNSIGNED: usize = 10;
/// So many values for each report that a request may have, in whichever tokens they are: each costs reads.
const VALUES_PER_REPORT: usize = 4;
const MAX_SOURCE: usize = 64;
const MAX_URL: usize = 1024;

/// What a reporter found: a value, and the text around it. Without `Debug`, and wiped when dropped.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Token(Zeroizing<String>);

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

// No `Debug`: it holds the value.
/// One value and where it was found.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Leak))]
pub struct ReportedToken {
    /// The value, or text with values in it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    token: Token,
    /// What GitHub calls this kind of value.
    #[serde(default)]
    r#type: Option<String>,
    /// Where it was found. Kept of a signed report alone.
    #[serde(default)]
    url: Option<String>,
    /// The kind of place, such as `commit`. Kept of a signed report alone.
    #[serde(default)]
    source: Option<String>,
}

pub(crate) fn must_be_short(body: &[u8]) -> Result<(), InvalidRequest> {
    if body.len() > MAX_BODY {
        return Err(InvalidRequest::of("body", format!("must be at most {MAX_BODY} bytes")));
    }
    Ok(())
}

impl ReportedToken {
    /// Reads a JSON array of 1 to 100 reports if they are signed, of 1 to 10 if not. What it does not know it passes over.
    ///
    /// # Errors
    /// [`InvalidRequest`].
    pub fn parse(body: &[u8], signed: bool) -> Result<Vec<Self>, InvalidRequest> {
        const SHAPE: &str = "must be a JSON array of objects with a token, and strings as type, url and source";
        let most = if signed { MAX_SIGNED } else { MAX_UNSIGNED };
        let reports: Vec<Self> = serde_json::from_slice(body).map_err(|_| {
            let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
            InvalidRequest::of_body(body, is_json, SHAPE)
        })?;
        if !(1..=most).contains(&reports.len()) {
            return Err(InvalidRequest::of("body", format!("must have 1 to {most} reports")));
        }
        Ok(reports)
    }

    /// The values in it.
    #[must_use]
    pub fn found(&self, imported: ImportedKeys) -> Found {
        KeyValue::find_all(&self.token.0, imported)
    }

    /// What is kept of it: of an unsigned one nothing, as anybody may have written it.
    #[must_use]
    pub fn origin_of_leak(&self, signed: bool) -> LeakReport {
        let kept =
            |text: &Option<String>, max| text.as_deref().filter(|_| signed).and_then(|text| self.clean(text, max));
        let is_web = |url: &String| ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
        LeakReport {
            verified: signed,
            source: kept(&self.source, MAX_SOURCE),
            url: kept(&self.url, MAX_URL).filter(is_web),
        }
    }

    /// Without what cannot be seen, short, and never with a value in it.
    fn clean(&self, text: &str, max: usize) -> Option<String> {
        let text = normalize_text(text, MAX_BODY).ok()?;
        let Found { native, foreign, left_out } = self.found(ImportedKeys::Accepted);
        // What was left out may be in it.
        let has_value = left_out
            || text.contains(&*self.token.0)
            || native.iter().chain(&foreign).any(|value| text.contains(value.expose()))
            || !KeyValue::find_all(&text, ImportedKeys::Refused).native.is_empty();
        let short: String = text.chars().take(max).collect();
        normalize_text(&short, max).ok().filter(|_| !has_value)
    }
}

/// The values of each report that are looked up.
///
/// Of a signed report's words only as many are as a request may have: GitHub's tokens are what an expression for native values
/// matched, and one odd token must not hold up the others.
///
/// # Errors
/// [`InvalidRequest`] when they are more in all than a request may have, or when an unsigned report has more that may be values
/// of another system than are looked up, so that none is passed over.
pub(crate) fn values_of(
    reports: &[ReportedToken],
    signed: bool,
    imported: ImportedKeys,
) -> Result<Vec<Vec<KeyValue>>, InvalidRequest> {
    const TOO_MUCH: &str = "a token has too much around a value of another system: send the value alone";
    let most = VALUES_PER_REPORT * if signed { MAX_SIGNED } else { MAX_UNSIGNED };
    let too_many =
        || InvalidRequest::of("body", format!("must have at most {most} values in its tokens: send fewer at once"));
    let mut found: Vec<_> = reports.iter().map(|report| report.found(imported)).collect();
    let native: usize = found.iter().map(|found| found.native.len()).sum();
    let room = most.checked_sub(native).ok_or_else(too_many)?;
    if signed {
        let share = room / found.len().max(1);
        for found in &mut found {
            found.foreign.truncate(share);
        }
    } else if found.iter().any(|found| found.left_out && found.native.is_empty()) {
        return Err(InvalidRequest::of("body", TOO_MUCH));
    } else if found.iter().map(|found| found.foreign.len()).sum::<usize>() > room {
        return Err(too_many());
    }
    Ok(found.into_iter().map(|found| found.native.into_iter().chain(found.foreign).collect()).collect())
}

/// Whether a token has a value of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LeakLabel))]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// A key had it, and it opens nothing now.
    TruePositive,
    /// No key has it.
    FalsePositive,
}

/// The label of one token, for GitHub.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LeakFeedback))]
pub struct Feedback<'a> {
    /// The SHA-256 of the token as it was sent, in hexadecimal.
    token_hash: String,
    /// What GitHub calls this kind of value.
    token_type: &'a str,
    /// What it was.
    label: Label,
}

impl<'a> Feedback<'a> {
    /// One for each report.
    #[must_use]
    pub fn of(reports: &'a [ReportedToken], labels: &[Label]) -> Vec<Self> {
        let of = |(report, label): (&'a ReportedToken, &Label)| Self {
            token_hash: KeyHash::of(&report.token.0).to_hex(),
            token_type: report.r#type.as_deref().unwrap_or_default(),
            label: *label,
        };
        reports.iter().zip(labels).map(of).collect()
    }
}
