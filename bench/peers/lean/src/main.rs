//! The same job as our authorizer's with nothing between it and the wire but hyper, rustls and a signer.

mod table;

use std::sync::Arc;

use job::{Event, Key, Stored, UNAUTHORIZED, Verdict};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};

use crate::table::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = Arc::new(Table::from_environment()?);
    // A read of nothing, so that the first customer finds a warm connection.
    let nothing = "0".repeat(22);
    let nothing = format!(
        r#"{{"TableName":"{}","Key":{{"accountId":{{"S":"{nothing}"}},"id":{{"S":"{nothing}"}}}}}}"#,
        table.name
    );
    drop(table.get_item(nothing).await);
    // A task, because the scheduler wakes one without the system call that the outermost future takes.
    tokio::spawn(run(service_fn(move |event: LambdaEvent<Event>| {
        let table = Arc::clone(&table);
        async move { authorize(event.payload, &table).await }
    })))
    .await?
}

async fn authorize(event: Event, table: &Table) -> Result<Verdict, Diagnostic> {
    let value = event.api_key.as_deref().ok_or_else(unauthorized)?;
    let key = Key::parse(value).ok_or_else(unauthorized)?;
    let answer = table.get_item(key.request(&table.name)).await.map_err(unavailable)?;
    let stored = Stored::read(&mut serde_json::Deserializer::from_slice(&answer)).map_err(unavailable)?;
    let route = event.route().ok_or_else(unauthorized)?;
    match stored {
        Some(stored) if stored.has(&key.hash()) => Verdict::allow(stored, route).ok_or_else(unauthorized),
        _ => Err(unauthorized()),
    }
}

fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: UNAUTHORIZED.into(), error_message: UNAUTHORIZED.into() }
}

fn unavailable(cause: impl std::fmt::Display) -> Diagnostic {
    eprintln!("{cause}");
    Diagnostic { error_type: "Unavailable".into(), error_message: "The key could not be checked".into() }
}
