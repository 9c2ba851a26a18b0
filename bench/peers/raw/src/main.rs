//! The same job with nothing but sockets: one to the Runtime API, one over TLS to DynamoDB, each kept open.

mod http;
mod signature;
mod table;

use std::env;
use std::error::Error;
use std::net::TcpStream;

use job::{Event, Key, Stored, UNAUTHORIZED, Verdict};

use crate::http::Connection;
use crate::table::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let mut table = Table::from_environment()?;
    let nothing = "0".repeat(22);
    let nothing = format!(
        r#"{{"TableName":"{}","Key":{{"accountId":{{"S":"{nothing}"}},"id":{{"S":"{nothing}"}}}}}}"#,
        table.name
    );
    drop(table.get_item(&nothing));

    let address = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let stream = TcpStream::connect(&address)?;
    stream.set_nodelay(true)?;
    let mut runtime = Connection::new(stream);
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {address}\r\n\r\n");
    loop {
        let event = runtime.call(next.as_bytes())?;
        let id = event.header("lambda-runtime-aws-request-id").ok_or("an event without an id")?.to_owned();
        let (path, body) = match authorize(event.body(), &mut table) {
            Ok(verdict) => ("response", serde_json::to_vec(&verdict)?),
            Err(words) => ("error", format!(r#"{{"errorType":"{words}","errorMessage":"{words}"}}"#).into_bytes()),
        };
        let mut answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/{path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend(body);
        runtime.call(&answer)?;
    }
}

fn authorize(event: &[u8], table: &mut Table) -> Result<Verdict, &'static str> {
    const UNAVAILABLE: &str = "The key could not be checked";
    let event: Event = serde_json::from_slice(event).map_err(|_| UNAVAILABLE)?;
    let value = event.api_key.as_deref().ok_or(UNAUTHORIZED)?;
    let key = Key::parse(value).ok_or(UNAUTHORIZED)?;
    let request = key.request(&table.name);
    let answer = table.get_item(&request).map_err(|_| UNAVAILABLE)?;
    let stored = Stored::read(&mut serde_json::Deserializer::from_slice(answer.body())).map_err(|_| UNAVAILABLE)?;
    let route = event.route().ok_or(UNAUTHORIZED)?;
    stored.filter(|stored| stored.has(&key.hash())).and_then(|stored| Verdict::allow(stored, route)).ok_or(UNAUTHORIZED)
}
