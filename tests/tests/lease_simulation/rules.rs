//! What holds for each lease, under any demand.

use std::collections::BTreeMap;
use std::time::Duration;

use api_keys::key::{Counters, Lease, Period, Step};
use fastrand::Rng;

use crate::world::{self, MINUTE, ask, at, claim, limits};

/// The counters of several periods are raised by one write: none admits more than its own limit.
#[test]
fn of_several_limits_each_holds() {
    let limits = limits("50/MINUTE,120/HOUR,170/MONTH");
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let mut table = Counters::default();
        let mut leases: Vec<_> = (0..7).map(|_| Lease::new(limits, at(0))).collect();
        let mut admitted = BTreeMap::new();
        // Two hours, in which each minute wants twice its limit.
        for second in 0..7200 {
            for _ in 0..2 {
                let lease = &mut leases[rng.usize(0..7)];
                if ask(lease, limits, &mut table, at(second * 1000 + rng.u64(0..50))).allowed {
                    for limit in limits.iter() {
                        *admitted.entry((limit.per.as_str(), lease.window(limit.per))).or_insert(0) += 1;
                    }
                }
            }
        }
        for ((period, window), count) in admitted {
            let limit = limits.of(Period::parse(period).unwrap()).unwrap();
            assert!(count <= limit, "seed {seed}: {count} in {period} {window}");
        }
        assert_eq!(used(table, Period::Month), 170);
    }
}

fn used(table: Counters, period: Period) -> u64 {
    table.of(period).unwrap() % 1_000_000_000
}

/// Other limits hold from the next request on: what was leased for the old ones is not spent.
#[test]
fn other_limits_hold_at_once_and_refill_nothing() {
    let of = |requests| limits(&format!("{requests}/MINUTE"));
    let (mut table, now) = (Counters::default(), at(0));
    let mut lease = Lease::new(of(1_000), now);
    for _ in 0..200 {
        assert!(ask(&mut lease, of(1_000), &mut table, now).allowed);
    }
    assert!(lease.left(Period::Minute) > 0);
    assert!(!ask(&mut lease, of(100), &mut table, now).allowed, "spent beyond the lower limit");
    let taken = used(table, Period::Minute);
    let more = (0..2_000).filter(|_| ask(&mut lease, of(1_000), &mut table, now).allowed).count();
    assert_eq!(u64::try_from(more).unwrap(), 1_000 - taken);
}

/// A claim for the old limits is answered when the new ones hold.
#[test]
fn what_is_granted_too_late_for_other_limits_is_not_spent() {
    let (old, new) = (limits("100/MINUTE,1000/DAY"), limits("50/MINUTE,1000/DAY"));
    let (mut table, now) = (Counters::default(), at(0));
    let mut lease = Lease::new(old, now);
    let Step::Ask(wanted) = lease.step(old, now) else { panic!("nothing was granted") };
    claim(&mut table, &wanted).unwrap();
    assert!(matches!(lease.step(new, now), Step::Ask(_)));
    lease.granted(&wanted, table, now);
    assert_eq!((lease.left(Period::Minute), lease.left(Period::Day)), (0, 1));
}

/// A claim for a minute is answered when another request has begun the next one.
#[test]
fn what_is_granted_too_late_for_a_minute_is_not_spent_in_the_next() {
    let limits = limits("1000/MINUTE,1000/DAY");
    let (mut table, before, after) = (Counters::default(), at(MINUTE - 1), at(MINUTE));
    let mut lease = Lease::new(limits, before);
    let Step::Ask(wanted) = lease.step(limits, before) else { panic!("nothing was granted") };
    claim(&mut table, &wanted).unwrap();
    assert!(matches!(lease.step(limits, after), Step::Ask(_)));
    lease.granted(&wanted, table, after);
    assert_eq!((lease.left(Period::Minute), lease.left(Period::Day)), (0, 1));
    let Step::Ask(next) = lease.step(limits, after) else { panic!("the day alone lets it through") };
    assert_eq!(
        next.parts.iter().map(|part| part.period).collect::<Vec<_>>(),
        [Period::Minute],
        "the day lacks nothing"
    );
}

/// In less than nine seconds: twice as large. In twenty or more: half as large.
#[test]
fn a_lease_is_as_large_as_the_time_that_the_one_before_lasted_lets_it_be() {
    let limits = limits("10000000/MONTH");
    let mut table = Counters::default();
    let mut lease = Lease::new(limits, at(0));
    let mut next_at = |millis: u64| {
        while lease.left(Period::Month) > 0 {
            assert_eq!(lease.step(limits, at(millis)), Step::Allow);
        }
        let Step::Ask(wanted) = lease.step(limits, at(millis)) else { panic!("nothing was left") };
        claim(&mut table, &wanted).unwrap();
        lease.granted(&wanted, table, at(millis));
        wanted.parts[0].requests
    };
    let sizes: Vec<_> = [0, 0, 0, 0, 8_999, 17_999, 37_998, 57_998].into_iter().map(&mut next_at).collect();
    assert_eq!(sizes, [1, 2, 4, 8, 16, 16, 16, 8]);
}

/// What an environment holds is left too, and answers count it.
#[test]
fn what_is_left_is_what_no_environment_took_and_what_this_one_holds() {
    let limits = limits("1000/MINUTE");
    let mut table = Counters::default();
    let (mut lease, mut other) = (Lease::new(limits, at(0)), Lease::new(limits, at(0)));
    for spent in 1..=200 {
        assert!(ask(&mut lease, limits, &mut table, at(0)).allowed);
        assert_eq!(lease.standing(Period::Minute, at(20_000)), Some((1_000 - spent, Duration::from_secs(40))));
    }
    assert!(lease.left(Period::Minute) > 0, "nothing is held");
    while ask(&mut other, limits, &mut table, at(0)).allowed {}
    assert_eq!(other.standing(Period::Minute, at(0)), Some((0, Duration::from_mins(1))));
    assert_eq!(lease.standing(Period::Day, at(0)), None, "there is no such limit");
}

#[test]
fn a_new_minute_and_another_limit_of_a_minute_cost_the_day_nothing() {
    let (mut table, mut admitted) = (Counters::default(), 0);
    let mut lease = Lease::new(limits("1000/MINUTE,20000/DAY"), at(0));
    for minute in 0..20 {
        let per_minute = if minute % 2 == 0 { "1000/MINUTE,20000/DAY" } else { "900/MINUTE,20000/DAY" };
        for _ in 0..34 {
            assert!(ask(&mut lease, limits(per_minute), &mut table, at(minute * MINUTE)).allowed);
            admitted += 1;
        }
        assert_eq!(used(table, Period::Day), admitted + u64::from(lease.left(Period::Day)));
    }
    assert!(lease.left(Period::Day) <= 34);
}

/// Whether a claim was written is unknown: it counts as written, and the next one is small.
#[test]
fn what_was_lost_is_never_spent() {
    let limits = limits("1000/MINUTE");
    let (mut table, now) = (Counters::default(), at(0));
    let mut lease = Lease::new(limits, now);
    let mut admitted = 0;
    let mut lost = 0;
    for round in 0..3_000 {
        match lease.step(limits, now) {
            Step::Allow => admitted += 1,
            Step::Refuse => break,
            // Every second answer is lost, whether or not it was written.
            Step::Ask(wanted) if round % 2 == 0 => {
                if round % 4 == 0 && claim(&mut table, &wanted).is_ok() {
                    lost += wanted.parts[0].requests;
                }
                lease.lost();
                let Step::Ask(next) = lease.step(limits, now) else { panic!("spent what was lost") };
                assert_eq!(next.parts[0].requests, 1);
            }
            Step::Ask(wanted) => match claim(&mut table, &wanted) {
                Ok(()) => lease.granted(&wanted, table, now),
                Err(()) => lease.refused(table, now),
            },
        }
    }
    assert!(admitted + lost <= 1_000 && admitted > 0 && lost > 0, "{admitted} and {lost}");
}

/// What one environment gives back, another one takes, after a minute at most and for one failed write.
#[test]
fn what_is_given_back_is_used_by_those_who_saw_the_limit_reached() {
    let limits = limits("1000/DAY");
    let mut table = Counters::default();
    let (mut ends, mut stays) = (Lease::new(limits, at(0)), Lease::new(limits, at(0)));
    for _ in 0..100 {
        assert!(ask(&mut ends, limits, &mut table, at(0)).allowed);
    }
    let held = ends.left(Period::Day) as usize;
    let taken = (0..2_000).filter(|_| ask(&mut stays, limits, &mut table, at(0)).allowed).count();
    assert!(held > 0 && taken + 100 + held == 1_000, "{held} {taken}");

    for second in [1, 59] {
        assert_eq!(ask(&mut stays, limits, &mut table, at(second * 1000)).writes, 0);
    }
    assert_eq!(ask(&mut stays, limits, &mut table, at(60_000)).writes, 1, "and it is still reached");
    let back = ends.give_back(at(61_000)).unwrap().to(table).unwrap();
    world::give_back(&mut table, &back).unwrap();
    assert_eq!(ends.give_back(at(61_000)), None, "nothing is given back twice");
    assert!(!ask(&mut stays, limits, &mut table, at(119_000)).allowed);
    let more = (0..200).filter(|_| ask(&mut stays, limits, &mut table, at(120_000)).allowed).count();
    assert_eq!(more, held);
    assert_eq!(used(table, Period::Day), 1_000);
}

#[test]
fn requests_that_end_soon_or_have_no_answer_are_not_given_back() {
    let limits = limits("1000/MINUTE,3000/HOUR,3000/DAY");
    // The hour ends 44 minutes after the start.
    for (minutes, periods) in [(38, &[Period::Hour, Period::Day][..]), (39, &[Period::Day])] {
        let (mut table, now) = (Counters::default(), at(minutes * MINUTE));
        let mut lease = Lease::new(limits, now);
        for _ in 0..40 {
            assert!(ask(&mut lease, limits, &mut table, now).allowed);
        }
        let back = lease.clone().give_back(now).unwrap();
        assert_eq!(back.parts.iter().map(|part| part.period).collect::<Vec<_>>(), periods);
        let left = lease.left(Period::Day);
        assert!(left > 0 && back.parts.iter().all(|part| part.requests == left));
        assert_eq!(lease.give_back(at(24 * 60 * MINUTE)), None, "the windows are over");
        assert_eq!(lease.left(Period::Day), 0);
    }
    let mut lease = Lease::new(limits, at(0));
    let Step::Ask(_) = lease.step(limits, at(0)) else { panic!("nothing was granted") };
    lease.lost();
    assert_eq!(lease.give_back(at(0)), None);
}
