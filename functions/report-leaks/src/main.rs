//! The Lambda function `report-leaks`.

use std::time::SystemTime;

use api_keys::aws::{Aws, StoredSecret};
use api_keys::key::Random;
use api_keys::lambda::{http, settings};
use api_keys::store::{KeyReader, Keys, Tables};
use lambda_http::Error;
use report_leaks::{Deps, GithubKeys, HEADERS, STEP};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let reader = &KeyReader::new(&aws, settings::table_name()?).await?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let keys = &Keys::new(&tables);
    let token = settings::github_token_secret()?.map(|secret| StoredSecret::new(&aws, secret));
    let github = &GithubKeys::new(settings::github_keys_url()?, token)?;
    let (leaks, imported) = (settings::leaks()?, settings::imported_keys()?);
    let deps = &Deps { leaks, reader, keys, github, imported, step: STEP };
    http::run_with_headers(&HEADERS, |request| report_leaks::handle(request, deps, SystemTime::now())).await
}
