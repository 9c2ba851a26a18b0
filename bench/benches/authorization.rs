//! The authorizer's own work, step by step: event, parse, hash, policy.

#![allow(missing_docs, reason = "criterion's macros document nothing")]

use std::hint::black_box;

use api_keys::key::{ImportedKeys, KeyValue, Limits};
use authorizer::AuthorizerEvent;
use criterion::{Criterion, criterion_group, criterion_main};
use lambda_runtime::{Context, LambdaEvent};
use tests::engine::put_sample_key;
use tests::gateway::{self, Gateway};

fn benchmarks(criterion: &mut Criterion) {
    let event = gateway::sample_event("authorizer");
    let text = event.to_string();
    let value = event["headers"]["X-API-Key"].as_str().unwrap();
    let mistyped = value.replace("Sample", "sample");
    let key = KeyValue::parse(value, ImportedKeys::Refused).unwrap();
    let verdict = verdict(&text);

    criterion.bench_function("event", |bencher| {
        bencher.iter(|| serde_json::from_str::<AuthorizerEvent>(black_box(&text)).unwrap());
    });
    criterion.bench_function("parse", |bencher| {
        bencher.iter(|| KeyValue::parse(black_box(value), ImportedKeys::Refused).unwrap());
    });
    criterion.bench_function("parse, mistyped", |bencher| {
        bencher.iter(|| KeyValue::parse(black_box(&mistyped), ImportedKeys::Refused).is_none());
    });
    criterion.bench_function("hash", |bencher| bencher.iter(|| black_box(&key).hash()));
    criterion.bench_function("policy", |bencher| bencher.iter(|| serde_json::to_vec(black_box(&verdict)).unwrap()));
}

/// What the authorizer answers to the sample event, from a real table.
fn verdict(event: &str) -> api_keys::lambda::Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let gateway = Gateway::start().await;
        put_sample_key(&gateway.functions.tables).await;
        let event = LambdaEvent::new(serde_json::from_str(event).unwrap(), Context::default());
        let settings = api_keys::check::Settings { imported: ImportedKeys::Refused, ceiling: Limits::NONE };
        authorizer::handle(event, &gateway.functions.kept, settings, gateway.now()).await.unwrap()
    })
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
