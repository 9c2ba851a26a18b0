//! `GET /console`, `GET /console/{file}` and `GET /openapi.json`.

use std::collections::BTreeSet;
use std::fs;

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use serve_console::{Assets, Deps};
use tests::gateway::sample_event;
use tests::template::root;

/// A request as the gateway hands it on: its route, its path with the stage, and the file that it names.
fn get(assets: Option<&Assets>, route: &str, path: &str, file: Option<&str>) -> Response<Body> {
    let mut event = sample_event("serve-console");
    event["resource"] = json!(route);
    event["requestContext"]["resourcePath"] = json!(route);
    event["requestContext"]["path"] = json!(path);
    event["pathParameters"] = file.map_or(Value::Null, |file| json!({ "file": file }));
    serve_console::handle(&lambda_http::request::from_str(&event.to_string()).unwrap(), &Deps { assets })
}

fn page(assets: Option<&Assets>) -> Response<Body> {
    get(assets, "/console", "/v1/console", None)
}

fn file(assets: Option<&Assets>, name: &str) -> Response<Body> {
    get(assets, "/console/{file}", &format!("/v1/console/{name}"), Some(name))
}

fn text(response: &Response<Body>) -> &str {
    match response.body() {
        Body::Text(text) => text,
        _ => panic!("no text"),
    }
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

/// What a text names between a prefix and a suffix.
fn named<'a>(text: &'a str, prefix: &'a str, suffix: char) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).map(move |(at, _)| text[at + prefix.len()..].split(suffix).next().unwrap())
}

#[test]
fn the_page_and_all_that_it_names_are_there() {
    let assets = Assets::new();
    let page = page(Some(&assets));
    assert_eq!((page.status().as_u16(), header(&page, "content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(header(&page, "cache-control"), "no-store");

    let mut wanted: Vec<String> = named(text(&page), "\"console/", '"').map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let answer = file(Some(&assets), &name);
        assert_eq!(answer.status(), 200, "{name}");
        let expected = match name.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(header(&answer, "content-type"), expected, "{name}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
        let imported = named(text(&answer), "'./", '\'').map(str::to_owned);
        wanted.extend(imported.filter(|name| !seen.contains(name)));
        seen.insert(name);
    }

    let plain = |name: &str| {
        let parts: Vec<_> = name.split('.').collect();
        assert!(parts.len() == 3 && parts[1].len() == 8, "{name} has a checksum");
        format!("{}.{}", parts[0], parts[2])
    };
    let served: BTreeSet<_> = seen.iter().map(|name| plain(name)).chain(["index.html".to_owned()]).collect();
    let folder = root().join("functions/serve-console/assets");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let kept: BTreeSet<_> = files.map(|file| file.file_name().into_string().unwrap()).collect();
    assert_eq!(served, kept);
}

#[test]
fn the_page_asks_for_every_module_at_once() {
    let assets = Assets::new();
    let page = page(Some(&assets));
    let modules = named(text(&page), "rel=\"modulepreload\" href=\"console/", '"').count();
    assert!(modules > 10 && modules == text(&page).matches(".js\"").count() - 1, "{modules}, and the script itself");
}

#[test]
fn the_console_is_small() {
    let files = fs::read_dir(root().join("functions/serve-console/assets")).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= 80_000, "{bytes} bytes");
}

#[test]
fn the_headers_let_a_browser_run_and_load_nothing_else() {
    let assets = Assets::new();
    let module = named(text(&page(Some(&assets))), "src=\"console/", '"').next().unwrap().to_owned();
    for answer in [page(Some(&assets)), file(Some(&assets), &module)] {
        let policy: BTreeSet<_> = header(&answer, "content-security-policy").split("; ").collect();
        let expected = [
            "base-uri 'none'",
            "connect-src 'self'",
            "default-src 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "img-src 'self'",
            "require-trusted-types-for 'script'",
            "script-src 'self'",
            "style-src 'self'",
            "trusted-types 'none'",
        ];
        assert_eq!(policy, expected.into());
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin");
    }
}

#[test]
fn no_other_file_and_no_other_release_is_there() {
    let assets = Assets::new();
    for name in ["", "api.js", "api.00000000.js", "index.html", "..", "../console", "%2e%2e"] {
        let answer = file(Some(&assets), name);
        assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (404, "no-store"), "{name}");
    }
}

/// Behind a slash the page's relative addresses would lead nowhere.
#[test]
fn a_slash_too_many_leads_to_the_page() {
    let answer = get(Some(&Assets::new()), "/console", "/v1/console/", None);
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (308, "../console"));
}

#[test]
fn without_a_console_there_is_still_the_document() {
    let name = named(text(&page(Some(&Assets::new()))), "src=\"console/", '"').next().unwrap().to_owned();
    for answer in [page(None), file(None, &name), get(None, "/console", "/v1/console/", None)] {
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (404, "application/problem+json"));
        let problem: Value = serde_json::from_str(text(&answer)).unwrap();
        assert_eq!(problem["detail"], "There is no such route.");
    }

    for assets in [None, Some(&Assets::new())] {
        let answer = get(assets, "/openapi.json", "/v1/openapi.json", None);
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, "application/json"));
        assert_eq!(header(&answer, "cache-control"), "public, max-age=3600");
        let served: Value = serde_json::from_str(text(&answer)).unwrap();
        let yaml = fs::read_to_string(root().join("infra/openapi.yaml")).unwrap();
        assert_eq!(served, serde_yaml_ng::from_str::<Value>(&yaml).unwrap());
    }
}
