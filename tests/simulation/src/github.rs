//! GitHub: the public keys that it shows, and the reports that its secret scanning signs with them.

use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use aws_smithy_types::base64;
use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::{Request, Response};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use tokio::io::DuplexStream;
use tokio::time::sleep;

use crate::connection::{self, HEAD};
use crate::world::{Context, World};

/// Where it shows its keys.
pub const GITHUB: &str = "github.sim";

/// From then on it has a second key: the virtual milliseconds since the start.
const SECOND_KEY: u64 = 2_000;

/// `ring` makes no key and no signature from a seed; what happens does not depend on which they are.
#[allow(clippy::disallowed_methods, reason = "see above")]
static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);

/// GitHub's two keys, and one of a stranger.
static PAIRS: LazyLock<[EcdsaKeyPair; 3]> = LazyLock::new(|| {
    [(); 3].map(|()| {
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &*RANDOM).expect("randomness");
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, secret.as_ref(), &*RANDOM).expect("a pair")
    })
});

/// Who signs a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signer {
    /// GitHub, with the latest of its keys.
    Github,
    /// An attacker in GitHub's name.
    Forger,
    /// A reporter with another key.
    Stranger,
}

/// The two headers of a report that is signed by then.
pub fn sign(signer: Signer, body: &str, elapsed: u64) -> Vec<(&'static str, String)> {
    let latest = usize::from(elapsed >= SECOND_KEY);
    let (name, pair) = match signer {
        Signer::Github => (latest, latest),
        Signer::Forger => (latest, 2),
        Signer::Stranger => (2, 2),
    };
    let signature = PAIRS[pair].sign(&*RANDOM, body.as_bytes()).expect("a signature");
    vec![
        ("Github-Public-Key-Identifier", format!("key-{name}")),
        ("Github-Public-Key-Signature", base64::encode(signature)),
    ]
}

/// Serves a connection until one side ends it.
pub async fn serve(world: Rc<World>, context: Rc<Context>, stream: DuplexStream) {
    connection::serve(stream, |request: Request<Incoming>, connection| {
        let (world, context) = (Rc::clone(&world), Rc::clone(&context));
        async move {
            let (action, nth) = context.next_call();
            let (mut rng, faults) = (world.plan.rng(action, nth), world.faults_of(action));
            let mut strikes = |often: u32| often > 0 && rng.u32(0..1000) < often;
            let [lost, slow, limited, failed] =
                [faults.lost, faults.slow, faults.throttled, faults.failed].map(&mut strikes);
            let torn = strikes(faults.torn);
            sleep(Duration::from_millis(if slow { rng.u64(0..6_000) } else { rng.u64(5..30) })).await;
            let names = 1 + usize::from(world.elapsed() >= SECOND_KEY);
            let etag = format!("\"{names}\"");
            let is_known = request.headers().get("if-none-match").is_some_and(|known| known == etag.as_str());
            let status = if limited {
                403
            } else if failed {
                502
            } else if is_known {
                304
            } else {
                200
            };
            world.step();
            world.trace(action, || format!("GitHub answers {}", if lost { 0 } else { status }));
            let answer = Response::builder().status(status).header("etag", etag);
            let answer = if limited { answer.header("retry-after", "30") } else { answer };
            let body = if status == 200 { keys(names) } else { String::new() };
            let answer = answer.body(Full::new(Bytes::from(body))).expect("an answer");
            if torn {
                connection.tear_after(rng.u64(0..answer.body().size_hint().lower() + HEAD));
            }
            (!lost).then_some(answer)
        }
    })
    .await;
}

/// So many of its keys, as it lists them.
fn keys(names: usize) -> String {
    /// How every P-256 key in DER begins; the point follows (RFC 5480).
    const P256: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let key = |(name, pair): (usize, &EcdsaKeyPair)| {
        let der = base64::encode([&P256[..], pair.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
        json!({"key_identifier": format!("key-{name}"), "key": pem, "is_current": true})
    };
    json!({"public_keys": PAIRS.iter().take(names).enumerate().map(key).collect::<Vec<_>>()}).to_string()
}
