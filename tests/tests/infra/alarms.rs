//! Each alarm rings for what it is for, with much traffic and with little, and none on an ordinary day.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use api_keys::store::EventList;
use lambda_runtime::{Context, LambdaEvent};
use publish_events::{Bus, Deps};
use serde_json::json;
use tests::Again;
use tests::engine::{EVENTS, aws, metrics};

use crate::alarm::Alarm;
use crate::outcome::{Fault, Kind, Outcomes, outcomes};
use crate::stacks::{TOPIC, infra};
use crate::world::{World, time};

/// In seconds.
pub const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// How many points more than it needs an alarm may ask for.
const MORE: [usize; 3] = [0, 2, 5];
/// Set where the line of a modified event is to be written.
const WRITES_LINE: &str = "TESTS_WRITE_LINE";

pub fn alarms() -> Vec<Alarm> {
    infra("infra/alarms.yaml", &[]).iter().map(|(name, resource)| Alarm::of(name, resource)).collect()
}

/// Which of the alarms ring in these seconds, by any range that `CloudWatch` asks for: all that may, and those that do in any case.
pub fn ringing(alarms: &[Alarm], world: &World, seconds: std::ops::Range<u64>) -> [BTreeSet<String>; 2] {
    let minutes = seconds.start / 60..seconds.end / 60;
    let rings = |alarm: &&Alarm, more: usize| alarm.rings(&world.watch, minutes.clone(), more).is_some();
    let names = |is_in: &dyn Fn(&&Alarm) -> bool| alarms.iter().filter(is_in).map(|alarm| alarm.name.clone()).collect();
    [
        names(&|alarm| MORE.iter().any(|more| rings(alarm, *more))),
        names(&|alarm| MORE.iter().all(|more| rings(alarm, *more))),
    ]
}

/// Two ordinary hours, and then one with that fault.
fn hours(is_busy: bool, good: &Outcomes, bad: &Outcomes) -> World {
    let mut world = World::with(if is_busy { 8 } else { 1 });
    for (seconds, outcomes) in [(0..2 * HOUR, good), (2 * HOUR..3 * HOUR, bad)] {
        if is_busy { world.busy(seconds, 8, outcomes) } else { world.sparse(seconds, outcomes) }
    }
    world
}

/// What may be wrong with the checks, and the alarms that ring then.
const OF_CHECKS: [(Fault, &[&str]); 7] = [
    (Fault::TableGone, &["ServerErrors", "Unavailable"]),
    (Fault::TableThrottled, &["ServerErrors", "Unavailable"]),
    (Fault::TableSlow, &["SlowAuthorizer"]),
    (Fault::AuthorizerBroken, &["ServerErrors"]),
    (Fault::OutOfConcurrency, &["ServerErrors", "ThrottledAuthorizer", "ThrottledVerifyKey"]),
    (Fault::VerifyKeyOutOfConcurrency, &["ThrottledVerifyKey"]),
    (Fault::FunctionsFail, &["ServerErrors"]),
];

/// As a set.
pub fn names(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn each_alarm_rings_for_its_fault_and_for_no_other() {
    let alarms = alarms();
    let good = outcomes(Fault::None).await;
    let mut rung = BTreeSet::new();
    for (fault, expected) in OF_CHECKS {
        let bad = outcomes(fault).await;
        for is_busy in [true, false] {
            let world = hours(is_busy, &good, &bad);
            let what = format!("{fault:?}, busy: {is_busy}, {bad:?}");
            assert_eq!(ringing(&alarms, &world, 0..2 * HOUR)[0], names(&[]), "{what}: before");
            for ringing in ringing(&alarms, &world, 2 * HOUR..3 * HOUR) {
                assert_eq!(ringing, names(expected), "{what}");
            }
            rung.extend(names(expected));
            assert_broken_threshold_is_silent(&alarms, expected, &world, 2 * HOUR..3 * HOUR);
        }
    }
    rung.extend(names(&["LateEvents", "ModifiedEvents", "FailedNotices"]));
    assert_eq!(rung, alarms.iter().map(|alarm| alarm.name.clone()).collect(), "no alarm is without a fault");
}

/// What the test above would see of a threshold that is a thousand times too high.
pub fn assert_broken_threshold_is_silent(
    alarms: &[Alarm],
    expected: &[&str],
    world: &World,
    seconds: std::ops::Range<u64>,
) {
    for alarm in alarms.iter().filter(|alarm| expected.contains(&&*alarm.name)) {
        let broken = Alarm { threshold: alarm.threshold * 10_000.0, ..alarm.clone() };
        assert_eq!(ringing(&[broken], world, seconds.clone())[0], names(&[]), "{}", alarm.name);
    }
}

/// Of much traffic, what rings first rings soon, before customers call.
#[tokio::test]
async fn an_outage_of_the_table_rings_within_minutes() {
    let (good, bad) = (outcomes(Fault::None).await, outcomes(Fault::TableGone).await);
    let world = hours(true, &good, &bad);
    let alarms = alarms();
    for (name, most) in [("Unavailable", 5), ("ServerErrors", 12)] {
        let alarm = alarms.iter().find(|alarm| alarm.name == name).unwrap();
        for more in MORE {
            let minute = alarm.rings(&world.watch, 120..180, more).unwrap();
            assert!(minute <= 120 + most, "{name}: {minute}");
        }
    }
}

#[tokio::test]
async fn no_alarm_rings_on_a_day_with_little_traffic() {
    let good = outcomes(Fault::None).await;
    let mut world = World::with(1);
    let (bad, slow) = (outcomes(Fault::TableGone).await, outcomes(Fault::TableSlow).await);
    world.sparse(0..5 * HOUR, &good);
    // One request that failed, and one that was slow: any network has these.
    world.request(5 * HOUR, 0, Kind::Management, &bad);
    world.sparse(5 * HOUR + 60..15 * HOUR, &good);
    world.request(15 * HOUR, 0, Kind::Call, &slow);
    world.sparse(15 * HOUR + 60..DAY, &good);
    world.poll(6 * HOUR, 1);
    for hour in 0..24 {
        world.notify(hour * HOUR, &[false]);
    }
    assert_eq!(ringing(&alarms(), &world, 0..DAY + HOUR)[0], names(&[]));
}

#[tokio::test]
async fn no_alarm_rings_on_a_busy_day() {
    let good = outcomes(Fault::None).await;
    let (bad, slow) = (outcomes(Fault::TableGone).await, outcomes(Fault::TableSlow).await);
    let mut world = World::with(8);
    for hour in 0..24 {
        let at = |second: u64| hour * HOUR + second;
        // A developer has mistyped a key in a program; later there is a deployment.
        let mistyped = if hour == 10 { 90 } else { 8 };
        if hour == 18 {
            world.deploy(at(0));
        }
        world.busy(at(0)..at(2200), mistyped, &good);
        // Any network loses an answer now and then, and once more soon after.
        if hour % 3 == 0 {
            world.request(at(2200), 1, Kind::Management, &bad);
            world.request(at(2200), 2, Kind::Call, &slow);
        }
        world.busy(at(2200)..at(2500), mistyped, &good);
        if hour % 3 == 0 {
            world.request(at(2500), 3, Kind::Management, &bad);
        }
        world.busy(at(2500)..at(HOUR), mistyped, &good);
        // Of notices too: a repeat repairs it, or the next run.
        world.notify(
            at(60),
            match hour {
                6 => &[true, false],
                13 => &[true, true, true],
                _ => &[false],
            },
        );
    }
    // An event every minute, and a bus that was away for four.
    for minute in 0..24 * 60 {
        world.poll(minute * 60, if (720..724).contains(&minute) { (minute - 719) * 60 } else { 1 });
    }
    assert_eq!(ringing(&alarms(), &world, 0..DAY + HOUR)[0], names(&[]));
}

/// A bus that is away: the poller tries again, soon at first and then seldom.
#[test]
fn a_stream_that_is_behind_rings() {
    for tries in [(0..60).collect::<Vec<u64>>(), vec![0, 1, 3, 7, 15, 31]] {
        let mut world = World::with(1);
        for minute in &tries {
            world.poll(minute * 60, minute * 60 + 1);
        }
        for ringing in ringing(&alarms(), &world, 0..HOUR) {
            assert_eq!(ringing, names(&["LateEvents"]), "{tries:?}");
        }
        assert_broken_threshold_is_silent(&alarms(), &["LateEvents"], &world, 0..HOUR);
    }
}

/// The line that the function itself writes, in a process of its own.
#[tokio::test]
async fn a_modified_event_rings() {
    const NAME: &str = "alarms::a_modified_event_rings";
    if env::var_os(WRITES_LINE).is_some() {
        return write_line_of_modified_event().await;
    }
    let Again { log, lines, .. } = Again::run(NAME, WRITES_LINE);
    assert_eq!(lines.len(), 1, "{log}");
    let mut world = World::with(1);
    world.take_line(&lines[0], HOUR);
    for ringing in ringing(&alarms(), &world, 0..2 * HOUR) {
        assert_eq!(ringing, names(&["ModifiedEvents"]));
    }
    assert_eq!(ringing(&alarms(), &world, 0..HOUR)[0], names(&[]));
}

async fn write_line_of_modified_event() {
    // Nothing is read and nothing is sent for it.
    let nowhere = || aws("http://127.0.0.1:9".to_owned());
    let deps = Deps {
        bus: Bus::new(&nowhere(), "default".to_owned(), "api-keys.a-stack".to_owned()),
        events: EventList::new(&nowhere(), EVENTS.to_owned()),
        metrics: metrics(),
    };
    let record = json!({"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1", "NewImage": {}}});
    let payload = serde_json::value::to_raw_value(&json!({ "Records": [record] })).unwrap();
    publish_events::handle(LambdaEvent::new(payload, Context::default()), &deps, time(HOUR)).await.unwrap();
}

#[test]
fn every_alarm_sends_to_the_topic_when_it_rings_and_when_it_is_over() {
    let resources = infra("infra/alarms.yaml", &[]);
    assert_eq!(resources.len(), 8, "few, so that each is looked at");
    for (name, alarm) in resources {
        for action in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm["Properties"][action], json!([TOPIC]), "{name}");
        }
    }
}

/// A name that is mistyped in a template watches nothing, and stays silent.
#[tokio::test]
async fn every_alarm_watches_a_metric_that_there_is() {
    let good = outcomes(Fault::None).await;
    let mut bad = BTreeMap::new();
    for fault in [Fault::TableGone, Fault::OutOfConcurrency] {
        bad.insert(format!("{fault:?}"), outcomes(fault).await);
    }
    let mut world = World::with(1);
    world.sparse(0..HOUR, &good);
    for bad in bad.values() {
        world.sparse(HOUR..2 * HOUR, bad);
    }
    world.poll(0, 1);
    world.notify(0, &[false]);
    for alarm in alarms().iter().filter(|alarm| alarm.name != "ModifiedEvents") {
        assert!(world.watch.has(&alarm.metric), "{:?}", alarm.metric);
    }
}
