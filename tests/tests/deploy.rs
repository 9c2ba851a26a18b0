//! `make deploy` on a fake of SAM CLI and of CloudFormation, and the pinned cargo-lambda on a fake of another machine.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;
use tests::template::root;

/// Builds one function, for the processor that it was given unless `BUILDS_FOR` names another, and notes each call. The stack
/// has what was deployed, unless `DECLINED` is set.
const SAM: &str = r#"#!/bin/bash
echo "$*" >> calls
if [[ $1 == build ]]; then
    mkdir -p .aws-sam/build/AuthorizerFunction
    sed 's#functions/authorizer/#AuthorizerFunction#' template.yaml > .aws-sam/build/template.yaml
    if [[ ${BUILDS_FOR:-$3} == *arm64 ]]; then machine='\xb7'; else machine='\x3e'; fi
    printf "\x7fELF\x02\x01\x01$(printf '\\0%.0s' {1..9})\x03\x00$machine\x00" > .aws-sam/build/AuthorizerFunction/bootstrap
elif [[ -z $DECLINED ]]; then
    while [[ $1 != --parameter-overrides ]]; do shift; done
    for parameter in "${@:2}"; do
        value=${parameter#*=\"}
        echo "<member><ParameterKey>${parameter%%=*}</ParameterKey><ParameterValue>${value%\"}</ParameterValue></member>"
    done > deployed
fi
"#;

const TEMPLATE: &str = "
Parameters:
  Architecture: {Type: String, Default: x86_64, AllowedValues: [x86_64, arm64]}
  Console: {Type: String, Default: disabled}
  KeyLimits: {Type: String, Default: ''}
Resources:
  AuthorizerFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda}
    Properties: {CodeUri: functions/authorizer/, Architectures: [!Ref Architecture]}
";

const UPDATE: &str = "deploy --stack-name api-keys --region eu-central-1 --no-fail-on-empty-changeset --config-env default --parameter-overrides";

/// A folder to deploy from, and CloudFormation's answers on the stack there.
struct Deployment {
    folder: PathBuf,
    endpoint: String,
    environment: Vec<(&'static str, &'static str)>,
}

/// What was done.
#[derive(Debug)]
struct Done {
    succeeded: bool,
    errors: String,
    /// How SAM CLI was called.
    calls: Vec<String>,
}

impl Deployment {
    /// Of a stack in that status, with that processor.
    fn of_stack(name: &str, status: &'static str, architecture: &'static str) -> Self {
        let parameter = format!(
            "<member><ParameterKey>Architecture</ParameterKey><ParameterValue>{architecture}</ParameterValue></member>"
        );
        Self::answered(
            name,
            200,
            format!(
                "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
                 <DescribeStacksResult><Stacks><member><StackName>api-keys</StackName><StackStatus>{status}</StackStatus>\
                 <CreationTime>2026-11-26T00:00:00Z</CreationTime><Parameters>{parameter}DEPLOYED</Parameters></member></Stacks>\
                 </DescribeStacksResult></DescribeStacksResponse>"
            ),
        )
    }

    /// Of a stack that is not there.
    fn first(name: &str) -> Self {
        let message = "Stack with id api-keys does not exist";
        let error =
            format!("<Error><Type>Sender</Type><Code>ValidationError</Code><Message>{message}</Message></Error>");
        Self::answered(name, 400, format!("<ErrorResponse>{error}</ErrorResponse>"))
    }

    fn answered(name: &str, status: u16, body: String) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("deploy").join(name);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("template.yaml"), TEMPLATE).unwrap();
        fs::copy(root().join("samconfig.yaml"), folder.join("samconfig.yaml")).unwrap();
        executable(&folder.join("sam"), SAM);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let deployed = folder.join("deployed");
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = Vec::new();
                let mut part = [0; 4096];
                // The form with the name of the stack ends the request.
                while !String::from_utf8_lossy(&request).contains("StackName=") {
                    let read = connection.read(&mut part).unwrap();
                    request.extend_from_slice(&part[..read]);
                }
                let body = body.replace("DEPLOYED", &fs::read_to_string(&deployed).unwrap_or_default());
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                connection.write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        });
        Self { folder, endpoint, environment: Vec::new() }
    }

    /// What an earlier guided deployment left.
    fn with_saved(self, parameters: &str) -> Self {
        let saved = format!(
            "version = 0.1\n[default.deploy.parameters]\nstack_name = \"api-keys\"\nparameter_overrides = \"{parameters}\"\n"
        );
        fs::write(self.folder.join("samconfig.toml"), saved).unwrap();
        self
    }

    fn deploy(&self, arguments: &[&str]) -> Done {
        let python = root().join(".local/tools/sam/bin/python");
        assert!(python.exists(), "the tools are missing: run `make tools` first");
        let output = Command::new(python)
            .arg(root().join("infra/deploy.py"))
            .arg("--sam")
            .arg(self.folder.join("sam"))
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs([("AWS_ENDPOINT_URL", self.endpoint.as_str()), ("AWS_DEFAULT_REGION", "eu-central-1")])
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("NO_PROXY", "127.0.0.1")])
            .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")])
            .envs(self.environment.iter().copied())
            .output()
            .unwrap();
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        Done {
            succeeded: output.status.success(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            calls: calls.lines().map(str::to_owned).collect(),
        }
    }

    /// What a plain `sam deploy` would send.
    fn saved(&self) -> String {
        let file = fs::read_to_string(self.folder.join("samconfig.toml")).unwrap();
        let (_, saved) = file.split_once("parameter_overrides = ").unwrap();
        saved.lines().next().unwrap().to_owned()
    }

    /// The parameter as the deployed template has it.
    fn deployed_parameter(&self) -> Value {
        let text = fs::read_to_string(self.folder.join(".aws-sam/build/template.yaml")).unwrap();
        let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
        serde_json::to_value(&template["Parameters"]["Architecture"]).unwrap()
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_stack_on_arm64_is_upgraded_on_arm64() {
    for architecture in ["arm64", "x86_64"] {
        let deployment = Deployment::of_stack(&format!("upgrade-{architecture}"), "UPDATE_COMPLETE", architecture);
        let done = deployment.deploy(&[]);
        assert!(done.succeeded, "{done:?}");
        let build = format!("build --parameter-overrides Architecture={architecture}");
        // All others stay as the stack has them.
        assert_eq!(done.calls, [build, format!("{UPDATE} Architecture=\"{architecture}\"")]);
        let parameter = deployment.deployed_parameter();
        assert_eq!(parameter["AllowedValues"], serde_json::json!([architecture]), "nothing else can be deployed");
    }
}

#[test]
fn a_first_deployment_asks_and_takes_one_processor_for_build_and_stack() {
    let deployment = Deployment::first("first");
    let done = deployment.deploy(&["Architecture=arm64", "KeyLimits="]);
    assert!(done.succeeded, "{done:?}");
    assert_eq!(done.calls[0], "build --parameter-overrides Architecture=arm64");
    assert_eq!(
        done.calls[1],
        "deploy --stack-name api-keys --region eu-central-1 --guided --config-env default --parameter-overrides Architecture=\"arm64\" KeyLimits=\"\""
    );
    assert_eq!(deployment.deployed_parameter()["Default"], "arm64", "what the prompt proposes");

    let done = Deployment::first("first-by-default").deploy(&[]);
    assert_eq!(done.calls[0], "build --parameter-overrides Architecture=x86_64");
}

#[test]
fn a_stack_that_is_named_has_answers_of_its_own() {
    let deployment = Deployment::first("named").with_saved("Architecture=\\\"arm64\\\"");
    let done = deployment.deploy(&["--stack", "staging"]);
    assert!(done.succeeded, "{done:?}");
    let asked = "deploy --stack-name staging --region eu-central-1 --guided --config-env staging";
    assert_eq!(done.calls[1], format!("{asked} --parameter-overrides Architecture=\"x86_64\""));

    let deployment = Deployment::of_stack("named-again", "UPDATE_COMPLETE", "arm64").with_saved("");
    let saved = "[staging.deploy.parameters]\nstack_name = \"staging\"\nregion = \"eu-west-1\"\n";
    let file = deployment.folder.join("samconfig.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + saved).unwrap();
    let done = deployment.deploy(&["--stack", "staging"]);
    assert!(done.calls[1].starts_with("deploy --stack-name staging --region eu-west-1 "), "{done:?}");
    assert!(done.calls[1].contains("--config-env staging"), "{done:?}");
}

#[test]
fn what_is_given_changes_and_all_else_stays_as_the_stack_has_it() {
    let saved = "Console=\\\"enabled\\\" Architecture=\\\"x86_64\\\"";
    let deployment = Deployment::of_stack("given", "UPDATE_COMPLETE", "arm64").with_saved(saved);
    let done = deployment.deploy(&["Console=disabled"]);
    assert!(done.succeeded, "{done:?}");
    assert_eq!(done.calls[0], "build --parameter-overrides Architecture=arm64");
    assert_eq!(done.calls[1], format!("{UPDATE} Console=\"disabled\" Architecture=\"arm64\""));
    assert!(done.errors.contains("Architecture stays 'arm64', though samconfig.toml has 'x86_64'"), "{}", done.errors);
    let done = deployment.deploy(&["Architecture=x86_64"]);
    assert_eq!(
        done.calls[2..],
        ["build --parameter-overrides Architecture=x86_64", &format!("{UPDATE} Architecture=\"x86_64\"")]
    );
    assert!(!done.errors.contains("stays"), "{}", done.errors);
}

#[test]
fn what_is_given_is_what_a_plain_sam_deploy_sends_from_then_on() {
    let saved = r#"Console=\"disabled\" KeyLimits=\"\" Architecture=\"x86_64\""#;
    let mut deployment = Deployment::of_stack("kept", "UPDATE_COMPLETE", "x86_64").with_saved(saved);
    let file = deployment.folder.join("samconfig.toml");
    let comment = "# Mine.\n[default.global.parameters]\nregion = \"eu-central-1\"\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + comment).unwrap();
    let done = deployment.deploy(&["Console=enabled", "KeyLimits="]);
    assert!(done.succeeded, "{done:?}");
    assert!(done.errors.contains("samconfig.toml has the stack's Console now."), "{}", done.errors);
    let changed = saved.replace("disabled", "enabled");
    assert!([format!("'{}'", changed.replace('\\', "")), format!("\"{changed}\"")].contains(&deployment.saved()));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(comment) && text.matches("region").count() == 1, "all else stays: {text}");

    deployment.environment = vec![("DECLINED", "1")];
    let done = deployment.deploy(&["Console=disabled"]);
    assert!(done.succeeded, "{done:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "the stack has it not");
}

#[test]
fn parameters_that_are_saved_in_another_form_are_named() {
    let deployment = Deployment::of_stack("list", "UPDATE_COMPLETE", "x86_64").with_saved("");
    let file = deployment.folder.join("samconfig.toml");
    let list = fs::read_to_string(&file).unwrap().replace("\"\"", "[\"Console=disabled\"]");
    fs::write(&file, &list).unwrap();
    let done = deployment.deploy(&["Console=enabled"]);
    assert!(done.succeeded, "{done:?}");
    assert!(done.errors.contains("samconfig.toml has another Console than the stack"), "{}", done.errors);
    assert_eq!(fs::read_to_string(&file).unwrap(), list);
}

#[test]
fn the_saved_profile_deploys_too() {
    let mut deployment = Deployment::first("profile").with_saved("");
    let file = deployment.folder.join("samconfig.toml");
    fs::write(&file, fs::read_to_string(&file).unwrap() + "profile = \"staff\"\n").unwrap();
    fs::write(
        deployment.folder.join("aws"),
        "[profile staff]\naws_access_key_id = test\naws_secret_access_key = test\n",
    )
    .unwrap();
    deployment.environment = vec![("AWS_CONFIG_FILE", "aws")];
    for arguments in [&[][..], &["--stack", "staging"]] {
        let done = deployment.deploy(arguments);
        assert!(done.succeeded, "{done:?}");
        assert!(done.calls.last().unwrap().contains("--profile staff "), "{done:?}");
    }
}

#[test]
fn after_stacks_with_names_of_their_own_the_default_one_is_deployed() {
    let staging = "version = 0.1\n[staging.deploy.parameters]\nstack_name = \"staging\"\n";
    let deployment = Deployment::of_stack("default-later", "UPDATE_COMPLETE", "x86_64");
    fs::write(deployment.folder.join("samconfig.toml"), staging).unwrap();
    for (arguments, stack) in [(&[][..], "api-keys"), (&["--stack", "third"], "third")] {
        let done = deployment.deploy(arguments);
        assert!(done.succeeded, "{done:?}");
        let deploy = done.calls.last().unwrap();
        assert!(deploy.starts_with(&format!("deploy --stack-name {stack} ")), "{deploy}");
        // Else SAM CLI would have no rights to make roles, and no bucket.
        let defaults = deployment.folder.join("samconfig.yaml");
        assert!(deploy.contains(&format!("--config-file {} --config-env default", defaults.display())), "{deploy}");
    }
    let deployment = Deployment::of_stack("default-unnamed", "UPDATE_COMPLETE", "x86_64");
    let unnamed = "version = 0.1\n[default.deploy.parameters]\nregion = \"eu-west-1\"\n";
    fs::write(deployment.folder.join("samconfig.toml"), unnamed).unwrap();
    let done = deployment.deploy(&[]);
    assert!(done.calls[1].starts_with("deploy --stack-name api-keys --region eu-west-1 "), "{done:?}");

    let deployment = Deployment::of_stack("default-kept", "UPDATE_COMPLETE", "x86_64");
    fs::write(deployment.folder.join("samconfig.toml"), staging).unwrap();
    let defaults = deployment.folder.join("samconfig.yaml");
    let own = "      parameter_overrides: Console=disabled\n";
    fs::write(&defaults, fs::read_to_string(&defaults).unwrap() + own).unwrap();
    let done = deployment.deploy(&["Console=enabled"]);
    assert!(done.errors.contains("samconfig.yaml has the stack's Console now."), "{done:?}");
    assert!(fs::read_to_string(defaults).unwrap().contains("parameter_overrides: Console=\"enabled\""));

    let deployment = Deployment::first("default-first");
    fs::write(deployment.folder.join("samconfig.toml"), staging).unwrap();
    let done = deployment.deploy(&[]);
    let asked = "deploy --stack-name api-keys --region eu-central-1 --guided --config-env default ";
    assert!(done.succeeded && done.calls[1].starts_with(asked), "the answers are for samconfig.toml: {done:?}");
}

#[test]
fn the_region_is_that_of_the_environment_as_other_tools_read_it() {
    let mut deployment = Deployment::of_stack("region", "UPDATE_COMPLETE", "x86_64");
    deployment.environment = vec![("AWS_REGION", "eu-west-2")];
    let done = deployment.deploy(&[]);
    assert!(done.calls[1].starts_with("deploy --stack-name api-keys --region eu-west-2 "), "{done:?}");
}

#[test]
fn what_was_built_for_another_processor_is_not_deployed() {
    let mut deployment = Deployment::of_stack("other-build", "UPDATE_COMPLETE", "arm64");
    deployment.environment = vec![("BUILDS_FOR", "x86_64")];
    let done = deployment.deploy(&[]);
    assert!(!done.succeeded && done.calls.len() == 1, "{done:?}");
    assert!(done.errors.contains("AuthorizerFunction/bootstrap is not built for arm64"), "{}", done.errors);
}

#[test]
fn a_failed_first_deployment_is_reported_before_anything_is_built() {
    let deployment = Deployment::of_stack("failed", "ROLLBACK_COMPLETE", "x86_64");
    let done = deployment.deploy(&[]);
    assert!(!done.succeeded && done.calls.is_empty(), "{done:?}");
    assert!(done.errors.contains("What a failed deployment leaves"), "{}", done.errors);
    let document = fs::read_to_string(root().join("docs/guides/remove.md")).unwrap();
    assert!(document.contains("\n## What a failed deployment leaves\n"), "the message names it");
}

#[test]
fn a_stack_that_cannot_be_asked_is_not_taken_for_a_new_one() {
    let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error>";
    let deployment = Deployment::answered("denied", 403, format!("<ErrorResponse>{error}</ErrorResponse>"));
    let done = deployment.deploy(&[]);
    assert!(!done.succeeded && done.calls.is_empty() && done.errors.contains("not authorized"), "{done:?}");
}

/// What cargo-lambda asks the compiler is the machine that it runs on.
const RUSTC: &str = "#!/bin/bash
cat <<'END'
rustc 1.95.0 (59807616e 2026-04-14)
binary: rustc
commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860
commit-date: 2026-04-14
host: aarch64-unknown-linux-gnu
release: 1.95.0
LLVM version: 22.1.2
END
";

/// How the pinned cargo-lambda calls cargo in this workspace, on a machine of arm64.
fn built_on_arm64(name: &str, options: &[&str]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("deploy").join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    let tools = root().join(".local/tools/cargo-lambda/bin");
    assert!(tools.join("cargo-lambda").exists(), "the tools are missing: run `make tools` first");
    let log = folder.join("calls");
    let cargo = format!(
        "#!/bin/bash\nif [[ $1 == metadata ]]; then exec {} \"$@\"; fi\necho \"$*\" >> {}\n",
        env!("CARGO"),
        log.display()
    );
    executable(&folder.join("cargo"), &cargo);
    executable(&folder.join("rustc"), RUSTC);
    executable(
        &folder.join("rustup"),
        "#!/bin/bash\nprintf 'x86_64-unknown-linux-gnu\\naarch64-unknown-linux-gnu\\n'\n",
    );
    let output: Output = Command::new(tools.join("cargo-lambda"))
        .args(["lambda", "build", "--release"])
        .args(options)
        .current_dir(root().join("functions/authorizer"))
        .env("PATH", format!("{}:{}:{}", folder.display(), tools.display(), std::env::var("PATH").unwrap()))
        .envs([("CARGO", folder.join("cargo")), ("RUSTC", folder.join("rustc")), ("RUSTUP", folder.join("rustup"))])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output()
        .unwrap();
    fs::read_to_string(log).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// SAM CLI gives cargo-lambda no option for `x86_64`, and `--arm64` for the other.
#[test]
fn on_every_machine_the_option_of_sam_cli_decides_for_which_processor_is_built() {
    let build = built_on_arm64("for-x86-64", &[]);
    assert!(build.contains("--target x86_64-unknown-linux-gnu "), "{build}");
    let build = built_on_arm64("for-arm64", &["--arm64"]);
    assert!(build.contains("--target aarch64-unknown-linux-gnu "), "{build}");
}

#[test]
fn what_sam_cli_leaves_in_the_source_is_not_in_git() {
    for left in ["samconfig.toml", "functions/authorizer/target/lambda", ".aws-sam/build", "target/debug", ".local/env"]
    {
        let status = Command::new("git").args(["check-ignore", "--quiet", left]).current_dir(root()).status().unwrap();
        assert!(status.success(), "{left}");
    }
}
