//! Runs of `notify-expiry`: the alarm rings where they go on failing, and stays silent where a repeat or the next run repairs it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tests::engine::TABLE;
use tests::{Client, Gateway, new_key_with, wire};

use crate::alarms::{HOUR, alarms, assert_broken_threshold_is_silent, names, ringing};
use crate::stacks::main_stack;
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

/// How many attempts Lambda makes of one run of the schedule.
fn attempts() -> usize {
    let stack = main_stack();
    let settings = stack.values().find(|it| {
        it["Type"] == "AWS::Lambda::EventInvokeConfig" && it["Properties"]["FunctionName"] == "NotifyExpiryFunction"
    });
    1 + usize::try_from(settings.unwrap()["Properties"]["MaximumRetryAttempts"].as_u64().unwrap()).unwrap()
}

/// What becomes of a run that the function itself answers: how each attempt ended, until one is no failure or Lambda gives it up.
async fn run(gateway: &Gateway) -> Vec<bool> {
    let mut failed = Vec::new();
    while failed.len() < attempts() && failed.last() != Some(&false) {
        failed.push(gateway.invoke_notify_expiry().await.is_err());
    }
    failed
}

/// The function where a key ends soon.
async fn with_key_that_ends() -> (Gateway, Client) {
    let (gateway, admin) = Gateway::with_manager().await;
    let key = admin.create(&new_key_with(&json!({"expiresAt": gateway.time_in(DAY / 2)}))).await;
    (gateway, key)
}

/// The same, where this key cannot be read.
async fn with_key_that_cannot_be_read() -> Gateway {
    let (gateway, key) = with_key_that_ends().await;
    let mut item = gateway.engine.keys().into_iter().find(|item| item["id"]["S"] == *key.id).unwrap();
    item.as_object_mut().unwrap().remove("keyHash");
    gateway.engine.put(&item);
    gateway
}

/// So many hours, each with one run of the schedule, which comes a little sooner or later.
fn hours(world: &mut World, hours: std::ops::Range<u64>, failed: &[bool]) {
    for hour in hours {
        world.notify(hour * HOUR + 600 + hour * 7 % 20, failed);
    }
}

#[tokio::test]
async fn notices_that_go_on_failing_ring_within_hours() {
    let good = run(&with_key_that_ends().await.0).await;
    assert_eq!(good, [false]);
    let (gone, _) = with_key_that_ends().await;
    gone.engine.drop_table(TABLE);
    for (what, gateway) in [("the table is gone", gone), ("a key cannot be read", with_key_that_cannot_be_read().await)]
    {
        let bad = run(&gateway).await;
        let mut world = World::with(1);
        hours(&mut world, 0..8, &good);
        hours(&mut world, 8..24, &bad);
        hours(&mut world, 24..36, &good);
        assert_eq!(ringing(&alarms(), &world, 0..9 * HOUR)[0], names(&[]), "{what}: one run may fail");
        for hours in [10..11, 23..24] {
            for ringing in ringing(&alarms(), &world, hours.start * HOUR..hours.end * HOUR) {
                assert_eq!(ringing, names(&["FailedNotices"]), "{what}");
            }
        }
        assert_eq!(ringing(&alarms(), &world, 30 * HOUR..36 * HOUR)[0], names(&[]), "{what}: it is over");
        assert_broken_threshold_is_silent(&alarms(), &["FailedNotices"], &world, 10 * HOUR..11 * HOUR);
    }
}

/// Larger stacks come to a key that cannot be read in some attempts alone, since a run ends after four minutes.
#[tokio::test]
async fn one_failure_in_an_hour_rings_if_it_goes_on() {
    let mut world = World::with(1);
    hours(&mut world, 0..24, &[true, false]);
    assert_eq!(ringing(&alarms(), &world, 0..3 * HOUR)[0], names(&[]));
    // From then on without a pause.
    for minute in (6 * HOUR..24 * HOUR).step_by(60) {
        for ringing in ringing(&alarms(), &world, minute..minute + 60) {
            assert_eq!(ringing, names(&["FailedNotices"]), "{minute}");
        }
    }
}

/// A run that fails in all its attempts loses nothing if the next one works.
#[tokio::test]
async fn one_run_that_lambda_gives_up_does_not_ring() {
    let (gateway, _) = with_key_that_ends().await;
    gateway.wire.break_with(wire::Fault::Throttle);
    let given_up = run(&gateway).await;
    assert_eq!(given_up, vec![true; attempts()]);
    gateway.wire.mend();
    let good = run(&gateway).await;
    assert_eq!(good, [false]);
    let mut world = World::with(1);
    hours(&mut world, 0..8, &good);
    hours(&mut world, 8..9, &given_up);
    hours(&mut world, 9..30, &good);
    assert_eq!(ringing(&alarms(), &world, 0..30 * HOUR)[0], names(&[]));
}

/// Without days the schedule is off, and nothing is measured.
#[test]
fn a_schedule_that_is_off_does_not_ring() {
    assert_eq!(ringing(&alarms(), &World::with(1), 0..24 * HOUR), [BTreeSet::new(), BTreeSet::new()]);
}
