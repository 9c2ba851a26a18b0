//! What the template takes, the functions take: a deployment with any value that CloudFormation accepts serves requests.

use std::fs;
use std::process::Command;

use api_keys::key::{Limit, Period};
use api_keys::lambda::settings::{self, SettingError};
use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value};
use tests::template::{self, root, template};

/// So many values of each pattern are tried.
const SAMPLES: usize = 500;

#[test]
fn every_function_starts_with_every_value_that_the_template_takes() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    let defaults: Vec<_> = parameters.iter().map(|(name, it)| (&**name, text(&it["Default"]))).collect();
    let functions = functions(&template);
    let mut folders: Vec<_> = functions.iter().map(|function| &*function.folder).collect();
    folders.sort_unstable();
    assert_eq!(folders, template::functions().iter().map(|name| format!("functions/{name}/")).collect::<Vec<_>>());
    let mut varied = Vec::new();
    for (name, parameter) in parameters {
        let readers: Vec<_> =
            functions.iter().filter(|function| references(&Value::from(function.variables.clone()), name)).collect();
        if readers.is_empty() {
            continue;
        }
        varied.push(&**name);
        for value in samples(name, parameter) {
            let mut given = defaults.clone();
            given.push((name, value.clone()));
            for function in &readers {
                let started = function.start(&given);
                assert!(started.is_ok(), "{name}={value}: {}: {}", function.folder, started.unwrap_err());
            }
        }
    }
    let expected = [
        "AcceptImportedKeys",
        "Console",
        "EventBusName",
        "EventRetentionDays",
        "ExpiryNoticeDays",
        "GithubKeysUrl",
        "GithubTokenSecretArn",
        "KeyLimits",
        "KeyPrefix",
        "Leaks",
        "MaxKeyLifetimeDays",
        "MaxKeysPerAccount",
        "Operations",
        "TrafficTypes",
        "Usage",
    ];
    varied.sort_unstable();
    assert_eq!(varied, expected);
}

#[test]
fn a_setting_that_would_not_work_is_refused_at_the_deployment() {
    let secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";
    let (digits, name) = ("1".repeat(19), "a".repeat(513));
    let operations =
        ["AUTHENTICATION_READ", "SMS,AUTHENTICATION_READ", "AUTHENTICATION_READ,SMS", "A,AUTHENTICATION_READ,B"];
    let refused = [
        // Any manager may give it, so keys that a company gave another meaning would read all others.
        ("Operations", operations.map(str::to_owned).to_vec()),
        (
            "MaxKeyLifetimeDays",
            ["", "00", "01", "1.5", "-1", "3651", "3700", "9999", "36500"].map(str::to_owned).to_vec(),
        ),
        (
            "ExpiryNoticeDays",
            [",", "0", "01", "1,", ",1", "1, 7", "-1", "1.5", "3651", "a", "1,2,3,4,5,6,7,8,9,10,11"]
                .map(str::to_owned)
                .to_vec(),
        ),
        ("MaxKeysPerAccount", ["", "0", "01", "1.5", "-1", "1e3", &digits].map(str::to_owned).to_vec()),
        // IAM compares the whole name, which Secrets Manager ends with a hyphen and six characters.
        (
            "GithubTokenSecretArn",
            ["github", "AbCdEf", "-AbCdEf", "github-AbCdE", "github-AbCdE_", &format!("{name}-AbCdEf")]
                .map(|name| format!("{secret}{name}"))
                .to_vec(),
        ),
    ];
    let template = template();
    for (name, values) in refused {
        let pattern = Pattern::of(&template["Parameters"][name]);
        for value in values {
            assert!(!pattern.takes(&value), "{name}={value}");
        }
    }
}

#[test]
fn a_function_that_does_not_start_names_the_variable_and_its_rule() {
    for function in functions(&template()) {
        let bare = Function { variables: Map::new(), ..function };
        // Rust writes the `Debug` of what `main` returns into the log.
        let printed = format!("{:?}", bare.start(&[]).unwrap_err());
        assert!(printed.starts_with("the environment variable ") && printed.contains(" must be "), "{printed}");
    }
}

/// A function of the template.
struct Function {
    folder: String,
    variables: Map<String, Value>,
    /// What its `main` reads: names of functions of [`settings`].
    settings: Vec<String>,
}

fn functions(template: &Value) -> Vec<Function> {
    let resources = template["Resources"].as_object().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    functions
        .map(|function| {
            let of = |part: &Value| part["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
            let mut variables = of(&template["Globals"]["Function"]);
            variables.extend(of(&function["Properties"]));
            let folder = text(&function["Properties"]["CodeUri"]);
            let main = fs::read_to_string(root().join(&folder).join("src/main.rs")).unwrap();
            let read = main.split("settings::").skip(1).filter_map(|rest| rest.split("()").next());
            let settings: Vec<_> = read.map(str::to_owned).collect();
            assert!(!settings.is_empty(), "{folder}");
            Function { folder, variables, settings }
        })
        .collect()
}

impl Function {
    /// Reads what the function's `main` reads, in an environment that CloudFormation makes of these parameters. Of two with
    /// the same name the last one holds.
    fn start(&self, parameters: &[(&str, String)]) -> Result<(), SettingError> {
        let value = |value: &Value| match (&value["Ref"], &value["Fn::Sub"]) {
            (Value::String(name), _) if name == "AWS::StackName" => Some("api-keys".to_owned()),
            (Value::String(name), _) => {
                let given = parameters.iter().rev().find(|(parameter, _)| parameter == name);
                given.map(|(_, value)| value.clone()).or_else(|| name.ends_with("Table").then(|| name.clone()))
            }
            (_, Value::String(pattern)) => Some(pattern.replace("${AWS::StackName}", "api-keys")),
            _ => Some(text(value)),
        };
        let variables: Vec<_> = self.variables.iter().map(|(name, it)| (name, value(it))).collect();
        temp_env::with_vars(variables, || self.settings.iter().try_for_each(|name| read_setting(name)))
    }
}

fn read_setting(name: &str) -> Result<(), SettingError> {
    match name {
        "catalogue" => settings::catalogue().map(drop),
        "console" => settings::console().map(drop),
        "counted_usage" => settings::counted_usage().map(drop),
        "event_bus_name" => settings::event_bus_name().map(drop),
        "event_source" => settings::event_source().map(drop),
        "event_table" => settings::event_table().map(drop),
        "github_keys_url" => settings::github_keys_url().map(drop),
        "github_token_secret" => settings::github_token_secret().map(drop),
        "imported_keys" => settings::imported_keys().map(drop),
        "key_limits" => settings::key_limits().map(drop),
        "key_prefix" => settings::key_prefix().map(drop),
        "leaks" => settings::leaks().map(drop),
        "expiry_notice_days" => settings::expiry_notice_days().map(drop),
        "max_key_lifetime" => settings::max_key_lifetime().map(drop),
        "max_keys" => settings::max_keys().map(drop),
        "metrics" => settings::metrics().map(drop),
        "table_name" => settings::table_name().map(drop),
        "usage_table_name" => settings::usage_table_name().map(drop),
        other => panic!("this test does not know the setting {other}"),
    }
}

/// Values that CloudFormation takes for a parameter: all, or random ones and the longest and shortest.
fn samples(name: &str, parameter: &Value) -> Vec<String> {
    if let Some(values) = parameter["AllowedValues"].as_array() {
        return values.iter().map(text).collect();
    }
    if parameter["Type"] == "Number" {
        // CloudFormation asks of a number nothing but to be between the bounds.
        return [&parameter["MinValue"], &parameter["MaxValue"]]
            .into_iter()
            .filter(|bound| !bound.is_null())
            .flat_map(|bound| [text(bound), format!("{}.0", text(bound))])
            .chain(["1.5".to_owned(), "1e1".to_owned()])
            .collect();
    }
    let most = parameter["MaxLength"].as_u64().unwrap_or(u64::MAX);
    let pattern = Pattern::of(parameter);
    let fits = |value: &String| value.len() as u64 <= most && !pattern.forbids(value);
    let (strategy, mut runner) = (string_regex(pattern.whole).unwrap(), TestRunner::deterministic());
    let mut values: Vec<_> = edges(name);
    assert!(values.iter().all(|value| fits(value) && pattern.takes(value)), "{name}: {values:?}");
    let random = std::iter::from_fn(|| Some(strategy.new_tree(&mut runner).unwrap().current()));
    values.extend(random.filter(fits).take(SAMPLES));
    values
}

/// What a parameter's values must be.
struct Pattern<'a> {
    /// What no value begins with: each is what a `(?!…)` at the beginning has within.
    forbidden: Vec<&'a str>,
    /// What a whole value is.
    whole: &'a str,
}

impl<'a> Pattern<'a> {
    fn of(parameter: &'a Value) -> Self {
        let pattern = parameter["AllowedPattern"].as_str().unwrap();
        let mut whole = pattern.strip_prefix('^').and_then(|pattern| pattern.strip_suffix('$')).unwrap();
        let mut forbidden = Vec::new();
        while let Some(rest) = whole.strip_prefix("(?!") {
            let (mut open, mut end) = (1, 0);
            while open > 0 {
                open = match rest.as_bytes()[end] {
                    b'(' => open + 1,
                    b')' => open - 1,
                    _ => open,
                };
                end += 1;
            }
            forbidden.push(&rest[..end - 1]);
            whole = &rest[end..];
        }
        Self { forbidden, whole }
    }

    fn forbids(&self, value: &str) -> bool {
        self.forbidden.iter().any(|beginning| matches(value, &format!("^({beginning})")))
    }

    fn takes(&self, value: &str) -> bool {
        !self.forbids(value) && matches(value, &format!("^({})$", self.whole))
    }
}

/// Whether a value is of that pattern, by another reader of patterns than the one that makes values.
fn matches(value: &str, pattern: &str) -> bool {
    let mut bash = Command::new("bash");
    let bash = bash.args(["-c", "[[ $1 =~ $2 ]]", "bash", value, pattern]).env("LC_ALL", "C");
    bash.status().unwrap().success()
}

/// What chance seldom finds.
fn edges(name: &str) -> Vec<String> {
    let names = |count: usize, length: usize| {
        let name = |number: usize| format!("{:Z<length$}", format!("A{number}"));
        (0..count).map(name).collect::<Vec<_>>().join(",")
    };
    match name {
        "EventBusName" => vec!["/".to_owned(), "a".repeat(256)],
        "EventRetentionDays" => vec!["1".to_owned(), "9999".to_owned()],
        "ExpiryNoticeDays" => vec![String::new(), "1".to_owned(), "3650,1".to_owned(), ["3649"; 10].join(",")],
        "GithubTokenSecretArn" => ["", "arn:aws:secretsmanager:a:000000000000:secret:a-AbCdE1"]
            .map(str::to_owned)
            .into_iter()
            .chain(["aws-cn", "aws-us-gov"].map(|partition| {
                let (region, name) = ("a".repeat(32), "=".repeat(512));
                format!("arn:{partition}:secretsmanager:{region}:123456789012:secret:{name}-AbCdEf")
            }))
            .collect(),
        "GithubKeysUrl" => ["https://a/".to_owned(), "https://-:59999/".to_owned()]
            .into_iter()
            .chain([format!("https://{}/", "a".repeat(1015)), format!("https://a/{}", "~".repeat(1014))])
            .collect(),
        "KeyLimits" => {
            let every = Period::ALL.map(|period| format!("{}/{}", Limit::MAX_REQUESTS, period.as_str())).join(",");
            vec![String::new(), "1/MONTH".to_owned(), "899999999/DAY".to_owned(), every]
        }
        "KeyPrefix" => ["a".to_owned(), "a".repeat(24), format!("a{}b", "_1".repeat(11))].to_vec(),
        "MaxKeyLifetimeDays" => {
            ["0", "1", "9", "100", "999", "1000", "2999", "3599", "3650"].map(str::to_owned).to_vec()
        }
        "MaxKeysPerAccount" => vec!["1".to_owned(), "9999999999".to_owned(), "9".repeat(18)],
        "Operations" => vec![
            "A".to_owned(),
            "AUTHENTICATION_READS,MY_AUTHENTICATION_READ,AUTHENTICATION".to_owned(),
            names(39, 14),
            names(18, 32),
            vec!["A"; 39].join(","),
        ],
        "TrafficTypes" => vec!["A".to_owned(), names(31, 32), vec!["A"; 512].join(",")],
        other => panic!("{other} has a pattern and no edges"),
    }
}

fn references(part: &Value, name: &str) -> bool {
    match part {
        Value::Object(fields) => {
            fields.get("Ref").is_some_and(|it| it == name) || fields.values().any(|part| references(part, name))
        }
        _ => false,
    }
}

/// A value as CloudFormation hands it on: all of them are text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
