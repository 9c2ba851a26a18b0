//! A function as a built program, started as Lambda starts it.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hyper::body::Bytes;
use serde_json::Value;

use crate::engine::{EVENTS, STACK, TABLE, USAGE};
use crate::runtime_api::RuntimeApi;

/// Cargo for that workspace, without what another cargo has set for the test that calls it.
#[must_use]
pub fn cargo(workspace: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("CARGO_") && name != "CARGO_HOME") {
        cargo.env_remove(name);
    }
    cargo.current_dir(workspace);
    cargo
}

/// A running function. It is gone when dropped.
pub struct Function {
    runtime: RuntimeApi,
    process: Child,
}

impl Function {
    /// Starts that program on the tables at that URL.
    pub async fn start(program: &Path, url: String) -> Self {
        let mut runtime = RuntimeApi::start().await;
        let process = Command::new(program)
            .env_clear()
            .envs([
                ("ACCEPT_IMPORTED_KEYS", "true"),
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("EVENT_RETENTION_DAYS", "400"),
                ("EVENT_TABLE_NAME", EVENTS),
                ("GITHUB_KEYS_URL", "http://127.0.0.1:9/"),
                ("KEY_LIMITS", ""),
                ("KEY_PREFIX", "ak_live"),
                ("MAX_KEYS_PER_ACCOUNT", "1000"),
                ("OPERATIONS", "SMS,RCS,WHATSAPP"),
                ("STACK_NAME", STACK),
                ("TABLE_NAME", TABLE),
                ("TRAFFIC_TYPES", "TRANSACTIONAL,PROMOTIONAL,OTP"),
                ("USAGE", "enabled"),
                ("USAGE_TABLE_NAME", USAGE),
            ])
            .env("AWS_ENDPOINT_URL_DYNAMODB", url)
            .env("AWS_LAMBDA_FUNCTION_NAME", program.file_name().unwrap())
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        runtime.initialized().await;
        Self { runtime, process }
    }

    /// Its answer to an event; an error is `{"errorType","errorMessage"}`.
    ///
    /// # Errors
    /// What it answers as its error.
    pub async fn invoke(&mut self, event: &Value) -> Result<Value, Value> {
        let (_, answer) = self.runtime.invoke(&Bytes::from(event.to_string())).await;
        let json = |bytes: Bytes| serde_json::from_slice(&bytes).unwrap();
        answer.map(json).map_err(json)
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
