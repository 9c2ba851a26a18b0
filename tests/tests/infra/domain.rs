//! A domain of one's own, and a web ACL.

use std::process::Command;

use serde_json::{Value, json};
use tests::template::read;

use crate::stacks::{MAIN, infra};

const DOMAIN: &str = "infra/domain.yaml";
const WEB_ACL: &str = "infra/web-acl.yaml";

#[test]
fn the_domain_leads_to_the_stage_of_the_api() {
    let resources = infra(DOMAIN, &[]);
    let mapping = &resources["Mapping"]["Properties"];
    let stage =
        MAIN["Resources"].as_object().unwrap().values().find(|it| it["Type"] == "AWS::ApiGateway::Stage").unwrap();
    assert_eq!(
        *mapping,
        json!({"DomainName": "Domain", "RestApiId": "Api", "Stage": stage["Properties"]["StageName"]})
    );
    assert_eq!(MAIN["Resources"]["Api"]["Type"], "AWS::ApiGateway::RestApi");
    let domain = &resources["Domain"]["Properties"];
    assert_eq!(domain["SecurityPolicy"], "TLS_1_2");
    // An API that is regional needs a domain that is.
    assert_eq!(domain["EndpointConfiguration"], MAIN["Resources"]["Api"]["Properties"]["EndpointConfiguration"]);
    assert!(!resources.contains_key("Record"));

    let resources = infra(DOMAIN, &[("BasePath", "v1"), ("HostedZoneId", "Z1")]);
    assert_eq!(resources["Mapping"]["Properties"]["BasePath"], "v1");
    let record = &resources["Record"]["Properties"];
    assert_eq!((&record["Name"], &record["Type"]), (&json!("keys.example.com"), &json!("A")));
    let target = json!({"DNSName": "Domain.RegionalDomainName", "HostedZoneId": "Domain.RegionalHostedZoneId"});
    assert_eq!(record["AliasTarget"], target);
}

/// CloudFormation takes a value that matches as a whole, as `re.fullmatch` does.
#[test]
fn a_domain_has_the_letters_that_a_certificate_takes() {
    let pattern = read(DOMAIN)["Parameters"]["DomainName"]["AllowedPattern"].as_str().unwrap().to_owned();
    let takes = |name: &str| {
        let script = "import re, sys; sys.exit(not re.fullmatch(sys.argv[1], sys.argv[2]))";
        Command::new("python3").args(["-c", script, &pattern, name]).status().unwrap().success()
    };
    let label = "a".repeat(63);
    for name in ["keys.example.com", "xn--mnchen-3ya.example", "keys.xn--e1aybc.xn--p1ai", &format!("{label}.io")] {
        assert!(takes(name), "{name}");
    }
    let long = format!("a{label}.io");
    for name in [
        "example",
        "my_keys.example.com",
        "Keys.example.com",
        "-a.io",
        "a-.io",
        "a..io",
        "a.i1",
        "a.xn--",
        "*.example.com",
        &long,
    ] {
        assert!(!takes(name), "{name}");
    }
}

#[test]
fn the_web_acl_stands_before_the_stage_of_the_api() {
    let stage = "arn:aws:apigateway:eu-central-1::/restapis/Api/stages/v1";
    let resources = infra(WEB_ACL, &[]);
    assert_eq!(resources["Association"]["Properties"], json!({"ResourceArn": stage, "WebACLArn": "WebAcl.Arn"}));
    let own = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/ours/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f";
    let resources = infra(WEB_ACL, &[("WebAclArn", own)]);
    assert_eq!(resources["Association"]["Properties"], json!({"ResourceArn": stage, "WebACLArn": own}));
    assert_eq!(resources.len(), 1, "the one that is there already is left alone");
}

/// AWS WAF's samples show the headers of requests.
#[test]
fn no_sample_of_the_web_acl_shows_a_key() {
    fn visibilities(part: &Value) -> Vec<&Value> {
        match part {
            Value::Object(fields) => {
                let own = fields.get("VisibilityConfig").into_iter();
                own.chain(fields.values().flat_map(visibilities)).collect()
            }
            Value::Array(parts) => parts.iter().flat_map(visibilities).collect(),
            _ => Vec::new(),
        }
    }
    let template = read(WEB_ACL);
    let found = visibilities(&template);
    assert_eq!(found.len(), 2);
    for visibility in found {
        assert_eq!(visibility["SampledRequestsEnabled"], false);
    }
}
