//! Calls that are lost, late or doubled: never over.

use std::collections::BTreeMap;

use api_keys::key::{Claim, Counters, GiveBack, Lease, Step};
use fastrand::Rng;

use crate::world::{self, at, claim, index, limits};

/// A claim whose answer is still to come: in which environment, and what the table held when it was made; `None` when it was
/// refused.
struct Answer {
    environment: usize,
    claim: Claim,
    granted: bool,
    seen: Counters,
}

/// Limits, and those that hold from some moment on, as a manager changes them.
const LIMITS: [[&str; 2]; 5] = [
    ["7/MINUTE,40/HOUR,90/DAY", "7/MINUTE,35/HOUR,90/DAY"],
    ["300/MINUTE,1500/HOUR", "200/MINUTE,1500/HOUR"],
    ["300/DAY", "300/HOUR,300/DAY"],
    ["400/HOUR,900/MONTH", "900/MONTH"],
    ["1000/DAY", "1200/DAY"],
];
const STEPS: usize = 2_500;

#[test]
fn lost_late_and_doubled_calls_admit_not_one_request_too_many() {
    let (mut returned, mut refused_copies) = (0, 0);
    for (seed, [before, after]) in (0..).zip(LIMITS.into_iter().cycle().take(300)) {
        let mut rng = Rng::with_seed(seed);
        let change = rng.usize(0..2 * STEPS);
        // What is lost would hide what is let through twice, so nothing is lost in half of the runs.
        let (loses, is_slow) = (seed % 2 == 0, seed % 3 == 0);
        let mut table = Counters::default();
        let mut environments: Vec<_> = (0..5).map(|_| Lease::new(limits(before), at(0))).collect();
        let mut answers: Vec<Answer> = Vec::new();
        let mut on_their_way: Vec<GiveBack> = Vec::new();
        let mut admitted = BTreeMap::new();
        let mut time = 0;
        for step in 0..STEPS {
            time += match rng.u16(0..1000) {
                0 => rng.u64(0..3_600_000),
                1..=9 => rng.u64(0..300_000),
                _ => rng.u64(0..40),
            };
            let which = rng.usize(0..environments.len());
            let (now, limits) = (at(time + rng.u64(0..50)), limits(if step < change { before } else { after }));
            match rng.u8(0..100) {
                // An environment ends. What it gives back arrives as often as it likes, now or later, and it may serve on.
                0 => {
                    if let Some(back) = environments[which].give_back(now).and_then(|back| back.to(table)) {
                        on_their_way.extend(std::iter::repeat_n(back, rng.usize(0..4)));
                    }
                    if rng.bool() {
                        environments[which] = Lease::new(limits, now);
                    }
                }
                // It is killed.
                1 if loses => environments[which] = Lease::new(limits, now),
                2..=9 if !on_their_way.is_empty() && (!is_slow || rng.u8(0..10) == 0) => {
                    let back = on_their_way.swap_remove(rng.usize(0..on_their_way.len()));
                    match world::give_back(&mut table, &back) {
                        Ok(()) => returned += 1,
                        Err(()) => refused_copies += 1,
                    }
                }
                10..=25 if !answers.is_empty() => {
                    let answer = answers.swap_remove(rng.usize(0..answers.len()));
                    // Which environment has it makes no difference: it is spent once.
                    let lease = &mut environments[answer.environment];
                    match rng.u8(0..10) {
                        0 if loses => lease.lost(),
                        _ if answer.granted => lease.granted(&answer.claim, answer.seen, now),
                        _ => lease.refused(answer.seen, now),
                    }
                }
                _ => match environments[which].step(limits, now) {
                    Step::Refuse => {}
                    Step::Allow => {
                        for limit in limits.iter() {
                            let window = environments[which].window(limit.per);
                            let count = admitted.entry((index(limit.per), window)).or_insert(0);
                            *count += 1;
                            assert!(*count <= limit.requests, "seed {seed}: {count} of {limit:?} in {window}");
                        }
                    }
                    Step::Ask(wanted) => {
                        let granted = claim(&mut table, &wanted).is_ok();
                        let answer = Answer { environment: which, claim: wanted, granted, seen: table };
                        // Some are answered at once, some after others, and some never.
                        match rng.u8(0..20) {
                            0 if loses => environments[which].lost(),
                            1..=3 => answers.push(answer),
                            _ if granted => environments[which].granted(&answer.claim, table, now),
                            _ => environments[which].refused(table, now),
                        }
                    }
                },
            }
        }
        // Erasing is not undone.
        let mut erased = Counters::default();
        for back in on_their_way {
            assert!(world::give_back(&mut erased, &back).is_err());
        }
        assert_eq!(erased, Counters::default());
    }
    assert!(returned > 500 && refused_copies > 500, "{returned} {refused_copies}");
}
