//! This machine's clock beside the API's: AWS refuses what is signed by one that is wrong.

use api_keys::key::Timestamp;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::{HeaderMap, Uri};

use super::finding::Finding;
use crate::aws::Service;
use crate::shell::Watched;

const CHECK: &str = "clock";
/// AWS refuses a signature that is five minutes old.
const REFUSED: u64 = 240;
/// More than requests take.
const NOTABLE: u64 = 30;
const FIX: &str = "sudo timedatectl set-ntp true";

pub(super) async fn look(service: &Service, url: Option<&str>) -> Finding {
    match date(service, url).await {
        Ok(theirs) => of(theirs, now()),
        Err(why) => Finding::unknown(CHECK, why, service.typed("doctor --url https://example.com/v1")),
    }
}

/// The seconds since 1970 by the API's answer, an error as well.
async fn date(service: &Service, url: Option<&str>) -> Result<i64, String> {
    let url = service.api_url(url).map_err(|failure| failure.to_string())?;
    let url: Uri = format!("{url}/openapi.json").parse().map_err(|_| format!("{url} is no URL"))?;
    let transport = Watched::new().map_err(|failure| failure.to_string())?;
    let answer =
        transport.get(&url, HeaderMap::new()).await.map_err(|why| format!("the API does not answer: {why}"))?;
    let date =
        answer.headers().get("date").and_then(|date| date.to_str().ok()).ok_or("the API's answer has no Date")?;
    DateTime::from_str(date, Format::HttpDate)
        .map(|date| date.secs())
        .map_err(|_| "the API's Date is malformed".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "here this machine's clock is what is looked at")]
fn now() -> i64 {
    Timestamp::from(std::time::SystemTime::now()).unix_seconds()
}

fn of(theirs: i64, ours: i64) -> Finding {
    let by = ours.abs_diff(theirs);
    let cause =
        format!("this machine's clock is {by} s {} the API's", if ours < theirs { "behind" } else { "ahead of" });
    match by {
        0..NOTABLE => Finding::ok(CHECK, cause),
        NOTABLE..REFUSED => Finding::warning(CHECK, cause, FIX),
        _ => Finding::fault(CHECK, format!("{cause}: AWS refuses what it signs"), FIX),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Sign;
    use super::*;

    #[test]
    fn a_clock_is_wrong_in_either_direction() {
        for (ours, sign) in
            [(1000, Sign::Ok), (1029, Sign::Ok), (1030, Sign::Warning), (761, Sign::Warning), (760, Sign::Fault)]
        {
            assert_eq!(of(1000, ours).sign, sign, "{ours}");
        }
        assert!(of(1000, 600).cause.contains("400 s behind the API's"));
    }
}
