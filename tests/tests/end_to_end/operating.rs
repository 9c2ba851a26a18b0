//! `api-keys`, the operators' program, as an operator uses it.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tests::template::root;
use tests::values::{sha256_hex, without_values};

use crate::stack::{Client, Stack};

const KEYS: usize = 1000;

struct Operator<'a> {
    stack: &'a Stack,
    folder: PathBuf,
}

impl Operator<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        // The tests may run where signals are ignored.
        let mut command = self.stack.with_access("env");
        command.arg("--default-signal=INT").arg(&self.stack.program).args(arguments).args([
            "--yes",
            "--operator",
            "grace@example.com",
        ]);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        printed(self.command(arguments).output().unwrap())
    }

    /// The JSON that it prints when it succeeds.
    fn json(&self, arguments: &[&str]) -> Value {
        let (code, stdout, stderr) = self.run(&[arguments, &["--json"]].concat());
        assert_eq!((code, &*stderr), (0, ""), "{arguments:?}");
        serde_json::from_str(&stdout).unwrap()
    }

    /// Whose a value is.
    fn find(&self, value: &str) -> Value {
        let mut child = self.command(&["keys", "find", "--json"]).stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), value.as_bytes()).unwrap();
        let (code, stdout, stderr) = printed(child.wait_with_output().unwrap());
        assert_eq!((code, &*stderr), (0, ""));
        serde_json::from_str::<Value>(&stdout).unwrap()["found"][0].take()
    }

    /// Has a key issued into a file, and becomes its holder.
    fn issue(&self, arguments: &[&str], file: &str) -> Client<'_> {
        let user = ["--user-id", "user-1", "--username", "Ada", "--value-to", file];
        let mut issued = self.json(&[arguments, &user].concat());
        assert_eq!(issued["value"], Value::Null);
        let file = self.folder.join(file);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        issued["value"] = json!(fs::read_to_string(file).unwrap().trim_end());
        self.stack.client(&issued)
    }
}

fn printed(output: Output) -> (i32, String, String) {
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(
        (without_values(&stdout), without_values(&stderr)),
        (stdout.clone(), stderr.clone()),
        "no value is shown"
    );
    (output.status.code().unwrap(), stdout, stderr)
}

fn old_value(number: usize) -> String {
    format!("sk_of_customer_{number:06}")
}

pub fn an_operator_runs_an_account_from_its_creation_to_its_end(stack: &Stack) {
    let folder = root().join(".local/end-to-end/operating");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let operator = Operator { stack, folder };

    let admin = operator.issue(&["accounts", "create", "--company", "Operated"], "value");
    let account = &*admin.account_id;
    assert_eq!(admin.status(), 200);
    assert!(operator.run(&["accounts", "list"]).1.contains(account));
    // There will be room for all keys but one.
    let changed =
        operator.json(&["accounts", "update", account, "--max-keys", &KEYS.to_string(), "--company", "Renamed"]);
    assert_eq!(
        (&changed["effectiveMaxKeys"], admin.get("/authentication/self").body["company"].as_str()),
        (&json!(KEYS), Some("Renamed"))
    );

    imports(&operator, account);
    let status = |value: &str| stack.send("GET", &format!("{}/authentication/self", stack.api), &[value], None).status;
    let imported = [0, 500, KEYS - 1].map(old_value);
    let all = |expected: u16| {
        assert!(imported.iter().all(|value| status(value) == expected));
        assert_eq!(admin.status(), expected);
    };
    all(200);

    assert_eq!(operator.json(&["accounts", "suspend", account])["status"], "SUSPENDED");
    all(401);
    assert_eq!(operator.json(&["accounts", "resume", account])["status"], "ACTIVE");
    all(200);

    let recovered = operator.issue(&["accounts", "recover", account], "recovered");
    assert_eq!(recovered.status(), 200);
    let of_user = operator.json(&["keys", "list", "--account", account, "--user-id", "user-500"]);
    let revoked = of_user["apiKeys"][0]["id"].as_str().unwrap();
    assert_eq!(operator.json(&["keys", "revoke", revoked, "--account", account])["revoked"], json!([revoked]));
    assert_eq!((status(&imported[1]), status(&imported[0])), (401, 200));
    let (code, _, stderr) = operator.run(&["keys", "revoke", revoked, "--account", account]);
    assert_eq!((code, &*stderr), (4, "error: 1 key not revoked\n"));

    let events = operator.json(&["events", "--account", account, "--limit", "2000"]);
    let events = events["events"].as_array().unwrap();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let expected = ["key.deleted", "account.recovered", "account.resumed", "account.suspended", "key.imported"];
    assert_eq!(types[..5], expected);
    assert_eq!(types.iter().filter(|kind| **kind == "key.imported").count(), KEYS);
    assert!(events.iter().all(|event| event["actor"]["claimed"] == "grace@example.com"));
    let republish =
        ["events", "republish", "--account", account, "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
    assert_eq!(operator.json(&republish), json!({"published": events.len(), "failed": 0}));

    assert_eq!(operator.find(&admin.value)["keyId"], json!(admin.id));
    let found = operator.find(&imported[0]);
    let expected = (&json!(account), &json!("Renamed"), &json!("ACTIVE"));
    assert_eq!((&found["accountId"], &found["company"], &found["key"]["status"]), expected);
    let key = found["keyId"].as_str().unwrap();
    assert_eq!(operator.json(&["keys", "disable", key, "--account", account])["disabled"], json!([key]));
    assert_eq!(operator.json(&["keys", "show", key, "--account", account])["status"], "DISABLED");
    assert_eq!(status(&imported[0]), 401);

    let (code, _, stderr) = operator.run(&["accounts", "erase", account]);
    assert_eq!((code, &*stderr), (5, "error: the account is not suspended: suspend it first\n"));
    operator.json(&["accounts", "suspend", account]);
    operator.json(&["accounts", "erase", account]);
    all(401);
    assert_eq!(operator.run(&["accounts", "show", account]).2, "error: there is no such account\n");
    assert!(!operator.run(&["accounts", "list"]).1.contains(account));
    let left = operator.json(&["events", "--account", account]);
    let left: Vec<_> = left["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(left, ["account.erased"]);
    operator.json(&["accounts", "upgrade"]);
    fs::remove_dir_all(&operator.folder).unwrap();
}

/// Stopped once, run again, and what had no room once more.
fn imports(operator: &Operator<'_>, account: &str) {
    let mut file = "sha256,userId,username,operations\n".to_owned();
    for number in 0..KEYS {
        writeln!(file, "{},user-{number},Linus,SMS", sha256_hex(&old_value(number))).unwrap();
    }
    fs::write(operator.folder.join("keys.csv"), file).unwrap();
    let import = ["keys", "import", "keys.csv", "--account", account];

    let first = operator.command(&import).spawn().unwrap();
    let progress = operator.folder.join("keys.csv.progress");
    while !fs::read_to_string(&progress).is_ok_and(|text| text.contains("\"done\"")) {
        sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &first.id().to_string()]).status().unwrap().success());
    let (code, _, stderr) = printed(first.wait_with_output().unwrap());
    let expected = "error: stopped: run the same command again, which goes on from there\n";
    assert_eq!((code, &*stderr), (130, expected));

    let (code, stdout, stderr) = operator.run(&import);
    assert_eq!((code, &*stderr), (6, "error: 1 key failed: see keys.failed.csv\n"));
    // What was on its way when it was stopped is there already.
    let counts: Vec<usize> =
        stdout.split(|letter: char| !letter.is_ascii_digit()).filter_map(|it| it.parse().ok()).collect();
    assert_eq!(counts[0] + counts.get(2).unwrap_or(&0), 999, "{stdout}");
    assert!(!progress.exists());
    operator.json(&["accounts", "update", account, "--max-keys", "2000"]);
    let rest = operator.json(&["keys", "import", "keys.failed.csv", "--account", account]);
    assert_eq!(rest["imported"], 1);
    let keys = operator.json(&["keys", "list", "--account", account]);
    assert_eq!(keys["apiKeys"].as_array().unwrap().len(), KEYS + 1);
    assert_eq!(operator.json(&["accounts", "show", account])["keyCount"], KEYS + 1);
}
