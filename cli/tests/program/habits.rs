//! How the program signs in, names accounts, serves programs, and shows what went on.

use std::process::Command;

use serde_json::{Value, json};

use crate::shown;
use crate::world::{ACCOUNT, KEY, REQUEST, Reply, VALUE, World, done};

const SHOW: [&str; 3] = ["accounts", "show", ACCOUNT];

fn showing(name: &str) -> World {
    World::new(name, |_, _| Reply::Json(shown()))
}

/// The program with a file of profiles.
fn with_profiles(world: &World, arguments: &[&str]) -> Command {
    let profiles = "[profile work]\nregion = eu-west-3\naws_access_key_id = AKIDOFWORK\naws_secret_access_key = x\n\
        [profile signed-out]\nsso_session = company\nsso_account_id = 123456789012\nsso_role_name = Operator\n\
        region = eu-west-3\n[sso-session company]\nsso_start_url = https://company.awsapps.com/start\n\
        sso_region = eu-west-3\nsso_registration_scopes = sso:account:access\n\
        [profile by-process]\nregion = eu-west-3\ncredential_process = sh credentials.sh\n";
    world.write("profiles", profiles);
    world.write("credentials.sh", r#"echo '{"Version": 1, "AccessKeyId": "AKIDOFPROCESS", "SecretAccessKey": "x"}'"#);
    let mut command = world.command(arguments);
    command.env("AWS_CONFIG_FILE", world.folder.join("profiles")).env("HOME", &world.folder);
    command.env_remove("AWS_REGION");
    command
}

#[test]
fn a_profile_on_the_command_line_comes_before_the_shells_variables() {
    let world = showing("profile");
    for (more, signed) in [
        (&["--profile", "work"][..], "Credential=AKIDOFWORK/"),
        (&["--profile", "by-process"], "Credential=AKIDOFPROCESS/"),
        (&["--region", "eu-west-3"], "Credential=test/"),
    ] {
        let done = done(with_profiles(&world, &[&SHOW[..], more].concat()).output().unwrap());
        assert_eq!(done.code, 0, "{done:?}");
        let signature = world.signatures().pop().unwrap();
        assert!(signature.contains(signed) && signature.contains("/eu-west-3/lambda/"), "{signature}");
    }
    let both = [&SHOW[..], &["--profile", "work", "--region", "us-west-2"]].concat();
    assert_eq!(done(with_profiles(&world, &both).output().unwrap()).code, 0);
    assert!(world.signatures().pop().unwrap().contains("/us-west-2/lambda/"));
}

#[test]
fn a_profile_of_single_sign_on_is_used_and_its_error_shows_how_to_sign_in() {
    let world = showing("sso");
    let done = done(with_profiles(&world, &[&SHOW[..], &["--profile", "signed-out"]].concat()).output().unwrap());
    assert!(done.stderr.ends_with("; sign in with `aws sso login --profile signed-out`\n"), "{done:?}");
    assert_eq!((done.code, done.stderr.lines().count()), (3, 1));
    for more in [&["--profile", "absent"][..], &["--profile", "absent", "--region", "eu-west-3"]] {
        let done = crate::world::done(with_profiles(&world, &[&SHOW[..], more].concat()).output().unwrap());
        let expected = "error: the AWS configuration has no profile absent: see `aws configure list-profiles`\n";
        assert_eq!((done.code, &*done.stderr), (3, expected));
    }
    let done = crate::world::done(world.command(&[&SHOW[..], &["--profile", "absent"]].concat()).output().unwrap());
    let expected = "error: no AWS credentials: the profile absent has none, or is not there: see `aws configure list-profiles`, \
        or sign in with `aws sso login --profile absent`\n";
    assert_eq!((done.code, &*done.stderr), (3, expected), "there is no profile at all");
    // Where nothing is configured, the credentials of a machine on AWS are looked for.
    let mut command = world.command(&SHOW);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_EC2_METADATA_DISABLED");
    let done = crate::world::done(command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &world.endpoint).output().unwrap());
    let expected = "error: no AWS credentials: sign in with `aws sso login`, set AWS_PROFILE, or give --profile\n";
    assert_eq!((done.code, &*done.stderr), (3, expected));
    let mut command = with_profiles(&world, &SHOW);
    command.env_remove("AWS_ACCESS_KEY_ID").env("AWS_PROFILE", "absent");
    let done = crate::world::done(command.output().unwrap());
    assert!(done.code == 3 && done.stderr.contains("has no profile absent: "), "{done:?}");
    assert!(world.invoked().is_empty());
}

#[test]
fn a_stack_that_aws_cannot_describe_now_is_no_missing_right() {
    let world = showing("throttled");
    for (stack, code) in [("throttled", 1), ("missing", 3)] {
        let done = world.run(&[&SHOW[..], &["--stack", stack]].concat());
        assert!(done.code == code && done.stderr.contains("cannot be read in us-east-1: "), "{done:?}");
    }
}

#[test]
fn credentials_that_aws_refuses_come_with_what_to_do() {
    let world = showing("refused-credentials");
    for (more, hint) in [
        (&["--stack", "expired"][..], "; sign in again with `aws sso login`\n"),
        (&["--stack", "expired", "--profile", "work"], "; sign in again with `aws sso login --profile work`\n"),
        (&["--stack", "skewed"], "; the clock of this machine is wrong: set it\n"),
    ] {
        let done =
            done(with_profiles(&world, &[&SHOW[..], more, &["--region", "eu-west-3"]].concat()).output().unwrap());
        assert!(done.code == 3 && done.stderr.ends_with(hint), "{done:?}");
        assert_eq!(done.stderr.lines().count(), 1);
    }
}

#[test]
fn the_operator_is_the_user_of_the_shell_or_of_the_process() {
    let world = showing("operator-of-the-shell");
    let id = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(id.stdout).unwrap().trim().to_owned();
    for (variables, expected) in [
        (&[("USER", "ada"), ("LOGNAME", "grace")][..], "ada@"),
        (&[("LOGNAME", "grace")], "grace@"),
        (&[("USER", ""), ("LOGNAME", "")], &*format!("{user}@")),
        (&[], &format!("{user}@")),
    ] {
        let mut command = world.command(&SHOW);
        command.env_remove("USER").env_remove("LOGNAME").envs(variables.iter().copied());
        assert_eq!(done(command.output().unwrap()).code, 0);
        let (_, operator) = world.invoked().pop().unwrap();
        assert!(operator.as_str().unwrap().starts_with(expected), "{operator}");
    }
}

#[test]
fn errors_are_json_where_the_answer_would_be() {
    let world = World::new("errors-json", |_, _| Reply::Error("NotFound", "there is no such account"));
    let done = world.run(&[&SHOW[..], &["--json"]].concat());
    let error =
        json!({"code": "NOT_FOUND", "exitCode": 4, "message": "there is no such account", "requestId": REQUEST});
    assert_eq!((done.code, &*done.stdout, done.error()), (4, "", error));
    assert_eq!(done.stderr.lines().count(), 1, "{done:?}");

    for wrong in [&["accounts", "show", "nonsense", "--json"][..], &["accounts", "--json", "frobnicate"]] {
        let done = world.run(wrong);
        assert_eq!((done.code, &done.error()["code"]), (2, &json!("INPUT")), "{done:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
    let with_value = world.run(&["accounts", "show", VALUE, "--json"]);
    assert!(with_value.error()["code"] == "INPUT" && !format!("{with_value:?}").contains(VALUE));
    let warned = World::new("warning-json", |_, payload| match payload["action"].as_str() {
        Some("list") => Reply::Json(json!({"accounts": [shown()], "nextCursor": null})),
        _ => Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE})),
    });
    let create =
        ["accounts", "create", "--company", "C", "--user-id", "u", "--username", "n", "--value-to", "v", "--json"];
    let warning: Value = serde_json::from_str(&warned.run(&create).stderr).unwrap();
    assert!(warning["warning"].as_str().unwrap().starts_with("there is already Example"), "{warning}");
}

#[test]
fn debug_prints_of_each_request_its_id_and_nothing_that_it_carries() {
    let world = World::new("debug", |_, _| {
        Reply::Json(json!({"accountId": ACCOUNT, "id": KEY, "operations": ["SMS"], "value": VALUE}))
    });
    let rotate = ["keys", "rotate", KEY, "--account", ACCOUNT, "--value-to", "value", "--debug", "--yes"];
    let done = world.run(&rotate);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let lines: Vec<_> = done.stderr.lines().collect();
    let post = format!("debug: POST {}/", world.endpoint.strip_prefix("http://").unwrap());
    assert!(lines.len() == 3 && lines.iter().all(|line| line.starts_with(&post)), "{lines:?}");
    assert!(lines[0].starts_with(&format!("{post} DescribeStacks: 200 in ")), "{lines:?}");
    let invocation = format!("{post}2015-03-31/functions/ManageAccountFunctionName/invocations show-key: 200 in ");
    assert!(lines[1].starts_with(&invocation) && lines[2].contains("/invocations rotate-key: 200 in "), "{lines:?}");
    assert!(lines[1].ends_with(&format!(" ms, request {REQUEST}")), "{lines:?}");
    assert!(!done.stderr.contains(VALUE) && !done.stderr.contains("Credential"));
    let debug = world.run(&[&SHOW[..], &["--debug", "--json"]].concat()).stderr;
    let last: Value = serde_json::from_str(debug.lines().last().unwrap()).unwrap();
    assert_eq!((&last["debug"]["status"], &last["debug"]["requestId"]), (&json!(200), &json!(REQUEST)));
}

#[test]
fn completions_know_every_command() {
    let world = showing("completions");
    for shell in ["bash", "zsh", "fish"] {
        let mut command = world.command(&["completions", shell]);
        let done = done(command.env_remove("AWS_REGION").output().unwrap());
        assert!(done.code == 0 && done.stderr.is_empty(), "{}", done.stderr);
        for word in ["accounts", "republish", "doctor", "value-to"] {
            assert!(done.stdout.contains(word), "{shell} {word}");
        }
    }
    let script = "source <($0 completions bash); complete -p api-keys";
    let shell = world.in_shell("bash", &["-c", script, env!("CARGO_BIN_EXE_api-keys")]).output().unwrap();
    let loaded = done(shell);
    assert!(loaded.code == 0 && loaded.stdout.contains("api-keys"), "{loaded:?}");
}

#[test]
fn bash_completes_each_word() {
    let world = showing("completions-bash");
    // As bash calls the function of a completion: the command, the word to complete, and the one before it.
    let script = "source <($0 completions bash)\n\
        name=$(complete -p api-keys | sed -E 's/.* -F ([^ ]+) .*/\\1/')\n\
        COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))\n\
        \"$name\" api-keys \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"\n\
        echo \"${COMPREPLY[@]}\"";
    for (words, expected) in [
        (&["acc"][..], "accounts"),
        (&["accounts", "upd"], "update"),
        (&["keys", "li"], "list"),
        (&["keys", "list", "--exp"], "--expires-before"),
        (&["keys", "list", "--status", ""], "ACTIVE DISABLED EXPIRED EXPOSED SUSPENDED"),
        (&["events", "rep"], "republish"),
        (&["help", "keys", "rot"], "rotate"),
    ] {
        let line = [&["-c", script, env!("CARGO_BIN_EXE_api-keys"), "api-keys"], words].concat();
        let done = done(world.in_shell("bash", &line).output().unwrap());
        assert_eq!((&*done.stdout, &*done.stderr), (&*format!("{expected}\n"), ""), "{words:?}");
    }
}

/// Of three accounts the first two have the same id in other books.
fn with_external_ids(name: &str) -> World {
    World::new(name, |_, payload| match payload["action"].as_str() {
        Some("list") => {
            let account = |id: &str, external_id: Value| {
                let mut account = shown();
                let fields = account.as_object_mut().unwrap();
                fields.insert("accountId".to_owned(), json!(id));
                fields.insert("externalId".to_owned(), external_id);
                account
            };
            let accounts = [
                account("AAAAAAAAAAAAAAAAAAAAAA", json!("crm-1")),
                account("BBBBBBBBBBBBBBBBBBBBBB", json!("crm-1")),
                account(ACCOUNT, json!("crm-7")),
                account("CCCCCCCCCCCCCCCCCCCCCC", Value::Null),
            ];
            Reply::Json(json!({"accounts": accounts, "nextCursor": null}))
        }
        Some("list-keys") => Reply::Json(json!({"apiKeys": [], "nextCursor": null})),
        _ => Reply::Json(shown()),
    })
}

#[test]
fn an_account_is_named_by_its_id_in_the_operators_books() {
    let world = with_external_ids("external-name");
    for arguments in [
        &["accounts", "show", "external:crm-7"][..],
        &["keys", "list", "--account", "external:crm-7"],
        &["keys", "show", KEY, "--account", "external:crm-7"],
    ] {
        assert_eq!(world.run(arguments).code, 0, "{arguments:?}");
        assert_eq!(world.payloads().pop().unwrap()["accountId"], ACCOUNT, "{arguments:?}");
    }
    let unknown = world.run(&["accounts", "show", "external:crm-9"]);
    assert_eq!((unknown.code, &*unknown.stderr), (4, "error: no account has the external id crm-9\n"));
    let several = world.run(&["accounts", "erase", "external:crm-1", "--yes"]);
    let expected = "error: 2 accounts have the external id crm-1: AAAAAAAAAAAAAAAAAAAAAA, BBBBBBBBBBBBBBBBBBBBBB\n";
    assert_eq!((several.code, &*several.stderr), (2, expected));
    assert!(world.payloads().iter().all(|payload| payload["confirm"].is_null()), "nothing was erased");

    let listed = world.json(&["accounts", "list", "--external-id", "crm-1", "--company", "Example"]);
    assert_eq!(listed["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(world.payloads().pop().unwrap()["company"], "Example");
}

#[test]
fn a_place_where_no_value_can_be_written_is_named() {
    let world = showing("value-to-nowhere");
    world.write("there", "");
    let user = ["--user-id", "u", "--username", "n", "--company", "C"];
    for (file, why) in [
        ("there", "the file there exists already, and a value overwrites nothing: name a new file"),
        ("no/folder", "the folder of no/folder does not exist"),
    ] {
        let done = world.run(&[&["accounts", "create", "--value-to", file], &user[..]].concat());
        assert_eq!((done.code, done.stderr), (2, format!("error: {why}\n")));
    }
    assert_eq!(world.read("there"), "");
}
