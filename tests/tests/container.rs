//! The server of the guide that asks `verify-key`, on a fake of Lambda: which limit it names, and that a connection has one request.
//! The end-to-end tests run it on the deployed function.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tests::template::root;

/// Lambda, in which `verify-key` always gives the same answer.
struct Lambda {
    endpoint: String,
    questions: Arc<Mutex<Vec<Value>>>,
}

impl Lambda {
    fn answering(verdict: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let questions = Arc::<Mutex<Vec<Value>>>::default();
        let (asked, body) = (Arc::clone(&questions), verdict.to_string());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = BufReader::new(connection.unwrap());
                let mut length = 0;
                let mut line = String::new();
                while connection.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut question = vec![0; length];
                connection.read_exact(&mut question).unwrap();
                asked.lock().unwrap().push(serde_json::from_slice(&question).unwrap());
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                connection.get_mut().write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { endpoint, questions }
    }
}

/// The server in a process of its own, which ends with it.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn asking(lambda: &Lambda) -> Self {
        let python = root().join(".local/tools/sam/bin/python");
        assert!(python.exists(), "the tools are missing: run `make tools` first");
        let mut process = Command::new(python)
            .arg(root().join("tests/container/server.py"))
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
            ])
            .env("AWS_ENDPOINT_URL_LAMBDA", &lambda.endpoint)
            .envs([("VERIFY_FUNCTION", "verify-key"), ("VERIFY_URL", ""), ("NO_PROXY", "127.0.0.1")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { process, address: format!("127.0.0.1:{}", port.trim()) }
    }

    /// All that comes until the connection ends.
    fn send(&self, bytes: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        // A connection that stays open fails here, and does not hang.
        connection.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        connection.write_all(bytes.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

const REQUEST: &str = "GET /orders HTTP/1.1\r\nHost: orders.example.com\r\nX-API-Key: a-value\r\n";

fn verdict(limits: &[(&str, u32, u32, u32)]) -> Value {
    let limit = |(per, requests, remaining, reset): &(&str, u32, u32, u32)| json!({"of": "KEY", "per": per, "requests": requests, "remaining": remaining, "resetSeconds": reset});
    let limits: Vec<_> = limits.iter().map(limit).collect();
    json!({"allowed": true, "reason": "ALLOWED", "retryAfter": 0, "caller": {"keyId": "one"}, "limits": limits})
}

#[test]
fn of_several_limits_the_header_has_the_one_that_a_client_meets_first() {
    let of_minute = ("MINUTE", 10, 1, 30);
    let cases = [
        // The least that is left, wherever it stands.
        ([of_minute, ("DAY", 100, 2, 4000)], "\"minute\";r=1;t=30"),
        ([("HOUR", 50, 7, 1800), ("DAY", 100, 2, 4000)], "\"day\";r=2;t=4000"),
        // Of two that are used up the one that goes on longer: before that, waiting is in vain.
        ([("MINUTE", 10, 0, 30), ("DAY", 100, 0, 4000)], "\"day\";r=0;t=4000"),
    ];
    for (limits, expected) in cases {
        let lambda = Lambda::answering(&verdict(&limits));
        let answer = Server::asking(&lambda).send(&format!("{REQUEST}\r\n"));
        let header = |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)).unwrap_or(&answer);
        assert_eq!(header("RateLimit: "), expected);
    }
}

/// A month has no number of seconds.
#[test]
fn each_limit_is_a_policy_with_its_window_as_the_authorizer_writes_them() {
    for (limits, expected) in [
        ([("MINUTE", 10, 1, 30), ("DAY", 100, 2, 4000)], "\"minute\";q=10;w=60, \"day\";q=100;w=86400"),
        ([("HOUR", 50, 7, 1800), ("MONTH", 900, 2, 4000)], "\"hour\";q=50;w=3600, \"month\";q=900"),
    ] {
        let lambda = Lambda::answering(&verdict(&limits));
        let answer = Server::asking(&lambda).send(&format!("{REQUEST}\r\n"));
        let header = answer.lines().find_map(|line| line.strip_prefix("RateLimit-Policy: "));
        assert_eq!(header, Some(expected), "{answer}");
    }
}

/// A balancer sends the requests of many clients over one connection. A body that the server took for a request would get an answer,
/// and the balancer would hand it to the next client.
#[test]
fn a_body_is_never_taken_for_the_next_request() {
    let lambda = Lambda::answering(&verdict(&[]));
    let server = Server::asking(&lambda);
    let hidden = format!("{REQUEST}Connection: close\r\n\r\n");
    let length = hidden.len();
    let answer = server.send(&format!("{REQUEST}Connection: keep-alive\r\nContent-Length: {length}\r\n\r\n{hidden}"));
    assert_eq!((answer.matches("HTTP/1.").count(), answer.starts_with("HTTP/1.0 200")), (1, true), "{answer}");
    let asked = json!([{"value": "a-value", "operation": "SMS", "sourceIp": "127.0.0.1"}]);
    assert_eq!(json!(*lambda.questions.lock().unwrap()), asked, "one request is one question, and counts once");
}
