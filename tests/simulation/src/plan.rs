//! What a seed decides before anything happens: the world's settings, how much goes wrong, and what each client does.
//!
//! A later decision draws from the number of its own action, so that an action that is left out changes nothing of the
//! others. That is what makes a failing run small.

use api_keys::key::Lifetime;
use fastrand::Rng;

use crate::clients::{self, Client, Kind};

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub settings: Settings,
    pub faults: Faults,
    pub clients: Vec<Client>,
    /// By their numbers, which stay when others are left out.
    pub actions: Vec<Action>,
    /// Whether everything is brought to its end when faults have ended.
    pub ends: bool,
}

/// How the service is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    pub accounts: usize,
    pub max_keys: u64,
    /// How long values of keys may live.
    pub lifetime: Option<Lifetime>,
    /// When it begins: Unix milliseconds.
    pub start: u64,
}

/// How often something goes wrong, in a thousand, and by how much.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// A call is lost before it is carried out, or its answer after.
    pub lost: u32,
    /// A call, or an item of a transaction, has no capacity.
    pub throttled: u32,
    /// DynamoDB fails, before or after the call is carried out.
    pub failed: u32,
    /// A call or its answer takes up to some seconds.
    pub slow: u32,
    /// An invocation ends in its midst, with its environment.
    pub killed: u32,
    /// An environment stands still in the midst of an invocation.
    pub frozen: u32,
    /// An invocation is made twice.
    pub doubled: u32,
    /// A page of a query ends early.
    pub cut: u32,
    /// The connection ends in the midst of an answer.
    pub torn: u32,
    /// An answer over a connection that was kept takes up to a second.
    pub stalled: u32,
    /// Up to so many milliseconds from the first to the last write of a transaction that shows.
    pub spread: u64,
    /// So many milliseconds the index lags at most.
    pub lag: u64,
    /// So many milliseconds old is what a read may find that asks for no consistency.
    pub stale: u64,
    /// So many milliseconds a clock is wrong at most.
    pub skew: u64,
}

/// By how many milliseconds clocks are wrong: not at all, as a healthy machine's, as a sick one's, or so much that DynamoDB
/// refuses the time of a signature.
const SKEWS: [u64; 6] = [0, 0, 100, 2_000, 120_000, 1_200_000];

/// Clocks that are more wrong do not jump: after a jump that DynamoDB takes for a wrong time the SDK fails a call.
pub const MOST_JUMP: u64 = 120_000;

impl Faults {
    /// Nothing goes wrong, and nothing is late.
    pub const NONE: Self = Self {
        lost: 0,
        throttled: 0,
        failed: 0,
        slow: 0,
        killed: 0,
        frozen: 0,
        doubled: 0,
        cut: 0,
        torn: 0,
        stalled: 0,
        spread: 0,
        lag: 0,
        stale: 0,
        skew: 0,
    };

    fn of(rng: &mut Rng) -> Self {
        // Some runs have none of a kind, and few have much of it: what is always there hides what it stands before.
        let mut some = |much: u32| [0, 0, much / 10, much / 3, much][rng.usize(0..5)];
        let [lost, throttled, failed, slow] = [some(100), some(150), some(60), some(150)];
        let [killed, frozen, doubled, cut, torn] = [some(100), some(60), some(200), some(400), some(80)];
        let mut long = |most: u64| [0, most / 20, most][rng.usize(0..3)];
        let [spread, lag, stale] = [long(900), long(20_000), long(5_000)];
        let skew = SKEWS[rng.usize(0..SKEWS.len())];
        // Drawn behind all else: see `Plan::of`.
        let stalled = 0;
        Self { lost, throttled, failed, slow, killed, frozen, doubled, cut, torn, stalled, spread, lag, stale, skew }
    }

    /// The same without each kind of fault in turn.
    pub fn without_each(self) -> [Self; 14] {
        [
            Self { lost: 0, ..self },
            Self { throttled: 0, ..self },
            Self { failed: 0, ..self },
            Self { slow: 0, ..self },
            Self { killed: 0, ..self },
            Self { frozen: 0, ..self },
            Self { doubled: 0, ..self },
            Self { cut: 0, ..self },
            Self { torn: 0, ..self },
            Self { stalled: 0, ..self },
            Self { spread: 0, ..self },
            Self { lag: 0, ..self },
            Self { stale: 0, ..self },
            Self { skew: 0, ..self },
        ]
    }
}

/// Something that a client does.
#[derive(Debug, Clone)]
pub struct Action {
    pub number: usize,
    pub client: usize,
    pub what: &'static str,
    /// How long the client waits before it.
    pub pause: u64,
    /// Whether faults may strike it.
    pub spared: bool,
}

impl Plan {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x5eed);
        let mut faults = Faults::of(&mut rng);
        // Somewhere near the end of a minute, an hour, a day or a month.
        let boundary = [1_795_428_960_000, 1_795_431_600_000, 1_795_478_400_000, 1_796_083_200_000][rng.usize(0..4)];
        let days = if rng.u32(0..4) == 0 { rng.u64(1..=40) } else { 0 };
        let settings = Settings {
            accounts: rng.usize(1..=3),
            max_keys: rng.u64(4..=12),
            lifetime: Lifetime::of_days(days),
            start: boundary - rng.u64(0..40_000),
        };
        let mut clients = clients::of(&settings, &mut rng);
        let busy = rng.u64(1..=4);
        let mut actions = Vec::new();
        for (client, it) in clients.iter().enumerate() {
            for _ in 0..rng.usize(4..=14) {
                let what = it.kind.choose(&mut rng);
                let pause = if rng.u32(0..40) == 0 { rng.u64(10_000..200_000) } else { rng.u64(0..1_000) / busy };
                actions.push(Action { number: 0, client, what, pause, spared: false });
            }
        }
        for (number, action) in actions.iter_mut().enumerate() {
            // Numbers below are the set-up's.
            action.number = number + SETUP;
        }
        // Drawn last, so that it changes nothing else of a seed.
        faults.stalled = [0, 0, 10, 100][rng.usize(0..4)];
        // Likewise the schedule, which goes on for some days in some runs.
        let longest = [1_000, 60_000, 3 * 86_400_000][rng.usize(0..3)];
        for _ in 0..rng.usize(2..=8) {
            let (number, client, pause) = (SETUP + actions.len(), clients.len(), rng.u64(0..longest));
            let what = Kind::Schedule.choose(&mut rng);
            actions.push(Action { number, client, what, pause, spared: false });
        }
        clients.push(Client { kind: Kind::Schedule, account: 0 });
        // Likewise two operators who import the same new value at once.
        for _ in 0..rng.usize(0..=3) {
            let (number, client, pause) = (SETUP + actions.len(), clients.len(), rng.u64(0..2_000));
            let what = Kind::Importers.choose(&mut rng);
            actions.push(Action { number, client, what, pause, spared: false });
        }
        clients.push(Client { kind: Kind::Importers, account: rng.usize(0..settings.accounts) });
        // Likewise an operator who sees to single keys.
        for _ in 0..rng.usize(0..=6) {
            let (number, client, pause) = (SETUP + actions.len(), clients.len(), rng.u64(0..2_000));
            let what = Kind::Support.choose(&mut rng);
            actions.push(Action { number, client, what, pause, spared: false });
        }
        clients.push(Client { kind: Kind::Support, account: rng.usize(0..settings.accounts) });
        Self { seed, settings, faults, clients, actions, ends: true }
    }

    /// The numbers that a part of a run draws from.
    pub fn rng(&self, action: usize, part: u64) -> Rng {
        Rng::with_seed(mix(mix(self.seed, action as u64), part))
    }
}

/// Actions with a smaller number are the set-up and what follows the clients.
pub const SETUP: usize = 1000;

/// A number that looks unlike both.
pub fn mix(one: u64, other: u64) -> u64 {
    let mut mixed = one.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ other.wrapping_add(0x2545_f491_4f6c_dd1d);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
