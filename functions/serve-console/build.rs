//! Turns `infra/openapi.yaml` into the JSON that the function serves, so that it carries no YAML parser.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../infra/openapi.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&fs::read_to_string(source)?)?;
    let target = Path::new(&env::var("OUT_DIR")?).join("openapi.json");
    fs::write(target, serde_json::to_string(&document)?)?;
    Ok(())
}
