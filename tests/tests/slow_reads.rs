//! The built authorizer on a table that stalls on the wire: how often it reads, and over how many connections. The exact times are in
//! the tests of `shared/src/aws/dynamodb.rs`, whose clock is virtual; here a slow machine changes no number.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use tests::built::{Function, cargo};
use tests::gateway::{STAGE, sample_event};
use tests::template::root;
use tests::wire::{Fault, Stop};
use tests::{Client, Gateway};
use tokio::time::sleep;

/// Longer than a read waits over a kept connection, and less than an attempt has.
const SLOW: Fault = Fault::Slow(Duration::from_millis(300));

/// The same for writes, which are held before the table has them.
const HELD: Duration = Duration::from_millis(300);

/// The authorizer of this code, once it is built.
static AUTHORIZER: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    // Of the whole workspace, as this test was built: for one package alone cargo would choose other features.
    let arguments = ["build", "--locked", "--quiet", "--workspace", "--bin=authorizer"];
    let built = cargo(&root()).args(arguments).env("CARGO_TARGET_DIR", target).status().unwrap();
    assert!(built.success());
    target.join("debug/authorizer")
});

/// An authorizer in a process of its own, and its table.
struct Authorizer {
    gateway: Gateway,
    admin: Client,
    function: Function,
}

impl Authorizer {
    async fn start() -> Self {
        let gateway = Gateway::start().await.in_true_time();
        let admin = gateway.create_account("Example").await;
        let function = Function::start(&AUTHORIZER, gateway.wire.url()).await;
        Self { gateway, admin, function }
    }

    /// Whether it lets a key through, to `GET /sms`.
    async fn lets_through(&mut self, value: &str) -> bool {
        let mut event = sample_event("authorizer");
        event["methodArn"] = json!(format!("{STAGE}/GET/sms"));
        event["resource"] = json!("/sms");
        event["multiValueHeaders"] = json!({"X-API-Key": [value]});
        self.function.invoke(&event).await.unwrap()["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    }

    /// How many reads and writes have come since this was asked, and how many connections were opened.
    fn counts(&self) -> [usize; 3] {
        let calls = self.gateway.wire.take_calls();
        let of = |operation| calls.iter().filter(|call| call.operation == operation).count();
        [of("GetItem"), of("UpdateItem"), self.gateway.wire.take_connections()]
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.function.id().to_string()]).status().unwrap().success());
    }
}

#[tokio::test]
async fn a_slow_read_is_sent_again_over_a_new_connection_as_often_as_there_is_one_to_spare_and_after_a_freeze() {
    let mut authorizer = Authorizer::start().await;
    let key = authorizer.admin.create_key(&["SMS"]).await;
    authorizer.counts();

    // One is slow. The write is that of the key's last use.
    authorizer.gateway.wire.break_times(1, SLOW);
    assert!(authorizer.lets_through(&key.value).await);
    assert_eq!(authorizer.counts(), [2, 1, 1]);

    // Every one is slow, the repeated ones too.
    authorizer.gateway.wire.break_with(SLOW);
    for _ in 0..20 {
        assert!(authorizer.lets_through(&key.value).await);
    }
    // Nine are left. The answers make one more, which the last one takes.
    assert_eq!(authorizer.counts(), [20 + 10, 0, 10]);

    // Nothing is to spare. A connection that may have died is not waited for all the same.
    authorizer.gateway.wire.mend();
    authorizer.signal("-STOP");
    sleep(Duration::from_secs(10)).await;
    authorizer.signal("-CONT");
    authorizer.gateway.wire.break_times(1, SLOW);
    assert!(authorizer.lets_through(&key.value).await);
    assert_eq!(authorizer.counts(), [2, 0, 1]);
}

#[tokio::test]
async fn a_claim_and_a_write_behind_an_answer_are_sent_once_however_slow_they_are() {
    let mut authorizer = Authorizer::start().await;
    let key = authorizer.admin.create_with(&json!({"limits": [{"requests": 1000, "per": "MONTH"}]})).await;
    authorizer.counts();
    let claim =
        Stop::before("UpdateItem").when(|body: &Value| body["Key"]["accountId"]["S"].as_str().unwrap().contains('#'));
    let last_use =
        Stop::before("UpdateItem").when(|body: &Value| body["UpdateExpression"].to_string().contains("lastUsedAt"));
    let [mut claim, mut last_use] = [claim, last_use].map(|stop| authorizer.gateway.wire.stop(stop));
    let held = async {
        claim.reached().await;
        sleep(HELD).await;
        claim.release();
        last_use.reached().await;
        sleep(HELD).await;
        last_use.release();
    };
    let (through, ()) = tokio::join!(authorizer.lets_through(&key.value), held);
    assert!(through);
    let [_, writes, _] = authorizer.counts();
    assert_eq!(writes, 2, "each of them once");
}
