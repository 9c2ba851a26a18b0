//! `api-keys doctor`: whether a deployed stack is well. For each check a sign, its cause, and the line to type.
//!
//! It reads settings with the operator's own rights. What may not be read, or what an emulator does not answer, is unknown, and no
//! fault.

mod alarms;
mod authorizers;
mod clock;
mod concurrency;
mod finding;
mod functions;
mod identity;
mod listing;
mod log_role;
mod metrics;
mod round_trip;
mod stack;
mod stage;
mod stream;
mod tables;

use serde_json::json;

use self::finding::{Finding, Sign, counted};
use crate::arguments::{Common, Doctor};
use crate::aws::Service;
use crate::failure::Failure;
use crate::output;
use crate::progress::Spinner;

pub(crate) async fn run(Doctor { url, read_only }: Doctor, common: &Common) -> Result<(), Failure> {
    let service = Service::find(common).await?;
    let spinner = Spinner::start("checking");
    let mut findings = stack::look(&service);
    findings.extend(functions::look(&service).await);
    findings.push(log_role::look(&service).await);
    findings.extend(tables::look(&service).await);
    findings.extend(stream::look(&service).await);
    findings.extend(listing::look(&service).await);
    findings.extend(authorizers::look(&service).await);
    findings.push(concurrency::look(&service).await.unless_emulated(service.is_emulated()));
    findings.extend(alarms::look(&service).await);
    findings.extend(metrics::look(&service).await);
    findings.push(clock::look(&service, url.as_deref()).await);
    if !read_only {
        findings.extend(round_trip::look(&service, url.as_deref()).await?);
    }
    drop(spinner);
    show(&findings, common)?;
    match count(&findings, Sign::Fault) {
        0 => Ok(()),
        1 => Err(Failure::partial("a fault was found")),
        faults => Err(Failure::partial(format!("{faults} faults were found"))),
    }
}

fn count(findings: &[Finding], sign: Sign) -> usize {
    findings.iter().filter(|finding| finding.sign == sign).count()
}

fn show(findings: &[Finding], common: &Common) -> Result<(), Failure> {
    let counts = [Sign::Fault, Sign::Warning, Sign::Unknown].map(|sign| count(findings, sign));
    let [faults, warnings, unknown] = counts;
    if common.json {
        return output::json(
            &json!({ "checks": findings, "faults": faults, "warnings": warnings, "unknown": unknown }),
        );
    }
    for finding in findings {
        output::line(&finding.to_string())?;
    }
    output::line(&format!(
        "\n{}: {}, {}, {unknown} unknown.",
        counted(findings.len(), "check"),
        counted(faults, "fault"),
        counted(warnings, "warning")
    ))
}
