//! The stream of the table of events, and Lambda's poller, which brings its records to `publish-events`: late, some of them
//! twice, and again from the first that failed.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::gateway;
use crate::tables::EVENTS;
use crate::world::World;

/// The action in whose course events are published.
pub const ACTION: usize = 600;
const BATCH: usize = 25;
/// In milliseconds.
const LONGEST_WAIT: u64 = 10 * 60 * 1000;
/// So often nothing new and nothing done ends it.
const PATIENCE: u64 = 300;

/// Brings records until everything is published and nothing comes any more.
pub async fn bring(world: Rc<World>) {
    let mut rng = world.plan.rng(ACTION, 0);
    // How far each partition, which is a shard of its own, has come.
    let mut at = BTreeMap::<String, usize>::new();
    let mut shards = Shards::default();
    let (mut part, mut idle, mut wait) = (1, 0, 200);
    while idle < PATIENCE {
        let lag = world.faults_of(ACTION).lag;
        sleep(Duration::from_millis(if lag > 0 { wait + rng.u64(0..lag) } else { wait })).await;
        shards.read(&world);
        let behind = shards.records.iter().find(|(shard, all)| at.get(*shard).copied().unwrap_or(0) < all.len());
        let Some((shard, all)) = behind else {
            if world.is_over() {
                break;
            }
            // Months may pass in which nothing happens.
            wait = (wait * 2).min(LONGEST_WAIT);
            continue;
        };
        wait = 200;
        let from = at.entry(shard.clone()).or_default();
        let batch = &all[*from..all.len().min(*from + BATCH)];
        let twice = rng.u32(0..1000) < world.faults_of(ACTION).doubled;
        let mut published = publish(&world, part, batch).await;
        if twice {
            published = publish(&world, part + 1, batch).await;
        }
        part += 2;
        *from += published;
        idle = if published == 0 { idle + 1 } else { 0 };
    }
    if idle == PATIENCE {
        world.history.borrow_mut().fail("events are not published".to_owned());
    }
}

/// The records of each shard, in order, as far as they were read.
#[derive(Default)]
struct Shards {
    records: BTreeMap<String, Vec<Value>>,
    read: usize,
}

impl Shards {
    fn read(&mut self, world: &World) {
        let tables = world.tables.borrow();
        let new = tables.changes.iter().enumerate().skip(self.read);
        for (number, change) in new.filter(|(_, change)| change.place.table == EVENTS) {
            let name = if change.new.is_some() { "INSERT" } else { "REMOVE" };
            let image = change.new.as_ref().map_or(json!({}), |image| json!(image));
            let record =
                json!({"eventName": name, "dynamodb": {"SequenceNumber": number.to_string(), "NewImage": image}});
            self.records.entry(change.place.partition.clone()).or_default().push(record);
        }
        self.read = tables.changes.len();
    }
}

/// How many of the records are done with.
async fn publish(world: &Rc<World>, part: u64, batch: &[Value]) -> usize {
    let payload = json!({ "Records": batch });
    let invoked = gateway::invoke(world, ACTION, part, "publish-events", &payload).await;
    let Some(Ok(answer)) = invoked.answer else { return 0 };
    let failed = answer["batchItemFailures"].as_array().expect("a list").iter().map(|it| &it["itemIdentifier"]);
    let failed: Vec<_> = failed.collect();
    let is_failed = |record: &Value| failed.contains(&&record["dynamodb"]["SequenceNumber"]);
    batch.iter().position(is_failed).unwrap_or(batch.len())
}
