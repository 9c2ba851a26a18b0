//! `make aws-check` before it deploys anything, on a fake of AWS that notes each call. `make nightly` does the whole check on the emulator.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tests::template::root;

/// AWS with some stacks, and one bucket or none, without the tag of a check.
struct Aws {
    endpoint: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    fn with(stacks: &'static [&'static str]) -> Self {
        Self::with_bucket(stacks, None)
    }

    fn with_bucket(stacks: &'static [&'static str], bucket: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&calls);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = BufReader::new(connection.unwrap());
                let (mut length, mut line) = (0, String::new());
                connection.read_line(&mut line).unwrap();
                let request = line.trim_end_matches(" HTTP/1.1\r\n").to_owned();
                line.clear();
                while connection.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut form = vec![0; length];
                connection.read_exact(&mut form).unwrap();
                let form: Vec<_> = form_urlencoded::parse(&form).into_owned().collect();
                let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
                let action = field("Action").unwrap_or_default();
                let (action, (status, body)) = if action.is_empty() {
                    let answer = of_bucket(&request, bucket);
                    (request, answer)
                } else {
                    let answer = answer(&action, &field("StackName").unwrap_or_default(), stacks);
                    (action, answer)
                };
                let length = body.len();
                noted.lock().unwrap().push(action);
                let head = format!("HTTP/1.1 {status} OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                connection.get_mut().write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { endpoint, calls }
    }

    fn check(&self, arguments: &[&str], typed: &str) -> Output {
        let python = root().join(".local/tools/sam/bin/python");
        assert!(python.exists(), "the tools are missing: run `make tools` first");
        let mut process = Command::new(python)
            .arg(root().join("infra/aws_check/check.py"))
            .args(arguments)
            .envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_DEFAULT_REGION", "eu-central-1"),
            ])
            .envs([("AWS_ENDPOINT_URL", &*self.endpoint), ("NO_PROXY", "127.0.0.1")])
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_REGION")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        process.wait_with_output().unwrap()
    }

    fn only_looked(&self) -> bool {
        let calls = self.calls.lock().unwrap();
        let looks = |call: &String| {
            ["GetCallerIdentity", "DescribeStacks"].contains(&&**call)
                || call.starts_with("HEAD ")
                || call.ends_with("?tagging")
        };
        calls.len() > 1 && calls.iter().all(looks)
    }
}

fn answer(action: &str, stack: &str, stacks: &[&str]) -> (u16, String) {
    if action == "GetCallerIdentity" {
        let identity = "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>A</UserId>";
        return (200, format!("<R><GetCallerIdentityResult>{identity}</GetCallerIdentityResult></R>"));
    }
    if stacks.contains(&stack) {
        let described = format!(
            "<member><StackName>{stack}</StackName><StackId>{stack}</StackId><StackStatus>CREATE_COMPLETE</StackStatus></member>"
        );
        return (200, format!("<R><DescribeStacksResult><Stacks>{described}</Stacks></DescribeStacksResult></R>"));
    }
    let error = format!("<Code>ValidationError</Code><Message>Stack with id {stack} does not exist</Message>");
    (400, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

/// A bucket with one object, or none at all.
fn of_bucket(request: &str, bucket: Option<&str>) -> (u16, String) {
    let error = |code: &str| (404, format!("<Error><Code>{code}</Code></Error>"));
    let is_there = bucket.is_some_and(|bucket| request.contains(&format!("/{bucket}")));
    match request.split_once(' ') {
        Some(("HEAD", _)) => (if is_there { 200 } else { 404 }, String::new()),
        _ if !is_there => error("NoSuchBucket"),
        Some(("PUT", _)) => (409, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>".to_owned()),
        Some(("GET", path)) if path.ends_with("?tagging") => error("NoSuchTagSet"),
        Some(("GET", _)) => {
            let object = "<Contents><Key>precious</Key><Size>1</Size></Contents>";
            (200, format!("<ListBucketResult><IsTruncated>false</IsTruncated>{object}</ListBucketResult>"))
        }
        _ => (204, String::new()),
    }
}

/// What it printed, to both.
fn printed(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

#[test]
fn it_deploys_nothing_unless_the_region_is_typed() {
    for typed in ["", "\n", "yes\n", "us-east-1\n"] {
        let aws = Aws::with(&[]);
        let output = aws.check(&[], typed);
        let printed = printed(&output);
        assert!(!output.status.success() && printed.contains("Nothing was deployed."), "{printed}");
        for part in ["123456789012", "eu-central-1", "user/ada", "api-keys-check-probe", "less than a dollar"] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
        assert!(aws.only_looked(), "{:?}", aws.calls.lock().unwrap());
    }
}

#[test]
fn it_stops_where_a_stack_of_one_of_its_names_is_there() {
    for there in [&["api-keys-check"], &["api-keys-check-probe"], &["api-keys-check-alarms"]] {
        let aws = Aws::with(there);
        let output = aws.check(&["--yes"], "");
        assert!(!output.status.success() && printed(&output).contains(&format!("there is a stack {};", there[0])));
        assert!(aws.only_looked(), "{:?}", aws.calls.lock().unwrap());
    }
}

#[test]
fn it_removes_no_stack_that_no_check_made() {
    let aws = Aws::with(&["api-keys"]);
    let output = aws.check(&["--remove", "api-keys"], "");
    let printed = printed(&output);
    assert!(!output.status.success() && printed.contains("was made by no check, and is left alone"), "{printed}");
    assert!(aws.only_looked(), "{:?}", aws.calls.lock().unwrap());
}

#[test]
fn it_empties_no_bucket_that_no_check_made() {
    const BUCKET: &str = "logs-123456789012-eu-central-1";
    for (arguments, why) in [
        (["--name", "logs", "--yes", "--template", "/dev/null"].as_slice(), "there is a bucket"),
        (&["--remove", "logs"], "was made by no check, and is left alone"),
    ] {
        let aws = Aws::with_bucket(&[], Some(BUCKET));
        let output = aws.check(arguments, "");
        let printed = printed(&output);
        assert!(!output.status.success() && printed.contains(BUCKET) && printed.contains(why), "{printed}");
        assert!(aws.only_looked(), "{:?}", aws.calls.lock().unwrap());
    }
}

#[test]
fn the_document_has_each_question_and_no_other() {
    let output = Aws::with(&[]).check(&["--list"], "");
    let mut asked: BTreeSet<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(asked.len() > 30, "{asked:?}");
    // It is asked when all is removed.
    asked.insert("How many log groups did late lines bring back after the removal?".to_owned());
    let document = fs::read_to_string(root().join("docs/developing/aws-check.md")).unwrap();
    let (_, table) = document.split_once("## The questions").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let documented: BTreeSet<_> = rows.map(|(question, _)| question.to_owned()).filter(|it| it != "question").collect();
    assert_eq!(asked, documented);
}
