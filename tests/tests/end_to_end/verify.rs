//! `verify-key`, as a container asks it: by a server in Python, with the rights that the guide gives.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tests::Answer;
use tests::template::root;

use crate::stack::{Client, Stack};

/// The server in a process of its own, which ends with it.
struct Server<'a> {
    stack: &'a Stack,
    process: Child,
    url: String,
}

impl<'a> Server<'a> {
    /// Starts one that asks by the function's URL, or invokes the function.
    fn start(stack: &'a Stack, access: &Value, by_url: bool) -> Self {
        let mut command: Command = stack.with_access(root().join(".local/tools/sam/bin/python"));
        let text = |name: &str| access[name].as_str().unwrap();
        command
            .arg(root().join("tests/container/server.py"))
            .envs([("AWS_ACCESS_KEY_ID", text("id")), ("AWS_SECRET_ACCESS_KEY", text("secret"))])
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("VERIFY_FUNCTION", &stack.verify_function)
            .env("VERIFY_URL", if by_url { &stack.verify_url } else { "" })
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { stack, process, url: format!("http://127.0.0.1:{}/orders", port.trim()) }
    }

    fn ask(&self, keys: &[&str]) -> Answer {
        self.stack.send("GET", &self.url, keys, None)
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn a_server_without_a_gateway_protects_itself_by_either_way(stack: &Stack) {
    let admin = stack.create_account("Example");
    let access = stack.command(&json!({"do": "allow-to-verify", "user": "container"}));
    let limits = json!({"limits": [{"requests": 4, "per": "MONTH"}]});
    let limited = admin.create_key_with(&["SMS"], &limits);
    let servers = [false, true].map(|by_url| Server::start(stack, &access, by_url));
    for server in &servers {
        let [sms, rcs] = [admin.create_key(&["SMS"]), admin.create_key(&["RCS"])];
        let elsewhere = admin.create_key_with(&["SMS"], &json!({"allowedIps": ["192.0.2.0/24"]}));
        let answer = server.ask(&[&sms.value]);
        assert_eq!((answer.status, &answer.body["for"]["keyId"]), (200, &json!(sms.id)), "{answer:?}");
        assert!(!answer.headers.contains_key("ratelimit"), "it has no limits");
        assert_eq!(server.ask(&[&rcs.value]).status, 403);
        assert_eq!(server.ask(&[&elsewhere.value]).status, 403);
        for keys in [&[][..], &["garbage"], &[&sms.value, &sms.value], &[&sms.value, ""]] {
            let refused = server.ask(keys);
            assert_eq!((refused.status, &refused.headers["www-authenticate"]), (401, &"ApiKey".parse().unwrap()));
        }
        assert_eq!(admin.delete(&sms.id).status, 204);
        assert_eq!(server.ask(&[&sms.value]).status, 401, "on the very next request");

        is_let_through(&server.ask(&[&limited.value]));
    }
    // The gateway and both ways together have what the key has.
    assert_eq!(limited.sample("GET", "/sms").status, 200);
    is_let_through(&servers[0].ask(&[&limited.value]));
    for refused in servers.iter().map(|server| server.ask(&[&limited.value])) {
        assert_eq!(refused.status, 429, "{refused:?}");
        let header = |name: &str| refused.headers[name].to_str().unwrap().to_owned();
        let seconds: u64 = header("retry-after").parse().unwrap();
        assert!(header("ratelimit").starts_with("\"month\";r=0;t=") && seconds > 0, "{refused:?}");
    }
    assert_eq!(limited.sample("GET", "/sms").status, 403);

    refuses_what_is_no_question(stack, &limited);
    let stranger = stack.command(&json!({"do": "allow-to-verify", "user": "stranger", "rights": false}));
    for by_url in [false, true] {
        let answer = Server::start(stack, &stranger, by_url).ask(&[&admin.value]);
        assert_eq!(answer.status, 503, "whom IAM does not let in learns nothing of a key: {answer:?}");
    }
}

fn is_let_through(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["ratelimit-policy"], "\"month\";q=4");
    assert!(answer.headers["ratelimit"].to_str().unwrap().starts_with("\"month\";r="), "{answer:?}");
}

fn refuses_what_is_no_question(stack: &Stack, key: &Client<'_>) {
    let wrong = json!({"value": key.value, "ip": "203.0.113.7"});
    let error = stack.invoke("verify-key", &wrong);
    assert_eq!(error["payload"]["errorType"], "InvalidRequest");
    assert!(error["functionError"].is_string() && !error.to_string().contains(&key.value));
    let unsigned = stack.send("POST", &stack.verify_url, &[], Some(&wrong.to_string()));
    assert_eq!(unsigned.status, 403, "IAM's");
}
