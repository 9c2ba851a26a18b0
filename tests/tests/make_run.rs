//! What `make run` writes and prints, without starting it.

use std::process::Command;

use tests::template::root;

const ADDRESSES: &str = "{'API_URL': 'http://a', 'SAMPLE_URL': 'http://s', 'REST_API_URL': 'http://r', \
    'HTTP_API_URL': 'http://h', 'ROUTES_API_URL': 'http://p', 'VERIFY_FUNCTION': 'v', 'VERIFY_URL': 'http://u/'}";

/// What an expression in `infra/local/stack.py` gives.
fn evaluated(expression: &str) -> String {
    let python = root().join(".local/tools/sam/bin/python");
    assert!(python.exists(), "the tools are missing: run `make tools` first");
    let script = format!("import stack; print({expression})");
    let output = Command::new(python).args(["-B", "-c", &script]).current_dir(root().join("infra/local")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn its_settings_are_enough_for_sam_cli_and_every_aws_cli_and_name_each_url() {
    let settings = evaluated(&format!("stack._settings('http://e', {ADDRESSES}, 'k')"));
    let variables = "$API_URL $SAMPLE_URL $REST_API_URL $VERIFY_FUNCTION $VERIFY_URL $API_KEY $AWS_ENDPOINT_URL $AWS_REGION,${AWS_PROFILE-}";
    let shell =
        format!("{settings}\necho {variables}; python3 -c 'import os; print(os.environ[\"AWS_DEFAULT_REGION\"])'");
    let output = Command::new("bash").args(["-c", &shell]).env("AWS_PROFILE", "mine").output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "http://a http://s http://r v http://u/ k http://e us-east-1,\nus-east-1\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_it_prints_can_be_typed_as_it_is() {
    let printed = evaluated(&format!("stack._introduction({ADDRESSES}, 'k')"));
    assert!(!printed.contains('$'), "{printed}");
    for url in
        ["http://a/authentication", "http://s/sms", "http://r/sms", "http://h/sms", "http://p/v1/orders", "http://u/"]
    {
        assert!(printed.contains(url), "{printed}");
    }
}
