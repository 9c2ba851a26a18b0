//! The template, deployed once to an emulated AWS that enforces IAM, and driven as a client would: each promise is a test.

mod access;
mod console;
mod contract;
mod control;
mod documents;
mod events;
mod leases;
mod lifecycle;
mod limits;
mod notices;
mod operating;
mod reach;
mod requests;
mod stack;
mod usage;
mod verify;
mod whole;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};

use crate::stack::{Shared, Stack};

/// More than there are processors: most of them wait most of the time.
const AT_ONCE: usize = 4;

type Promise = (&'static str, fn(&Stack));

macro_rules! promises {
    ($($room:ident::$promise:ident),+ $(,)?) => {
        [$((concat!(stringify!($room), "::", stringify!($promise)), $room::$promise)),+]
    };
}

/// At the same time, each with accounts of its own. The longest come first.
const TOGETHER: [Promise; 28] = promises![
    contract::any_request_gets_an_answer_of_the_document,
    console::the_console_does_in_a_browser_what_it_shows,
    operating::an_operator_runs_an_account_from_its_creation_to_its_end,
    documents::the_commands_in_the_documents_print_what_the_documents_show,
    limits::a_limit_holds_in_other_apis_with_either_answer,
    limits::a_limit_of_an_account_holds_for_all_of_its_keys_together,
    access::a_key_works_on_the_next_request_and_fails_on_the_next_after_its_deletion,
    access::two_accounts_know_nothing_of_each_other,
    access::an_operation_opens_its_own_routes_in_other_apis_too,
    reach::every_kind_of_api_gets_the_same_verdicts,
    verify::a_server_without_a_gateway_protects_itself_by_either_way,
    access::no_key_gives_what_it_lacks,
    access::a_reader_sees_everything_and_changes_nothing,
    access::what_is_no_key_is_a_401,
    requests::every_wrong_field_is_named_and_every_unknown_route_is_a_404,
    requests::pages_hold_each_key_once,
    requests::create_account_refuses_a_wrong_payload,
    lifecycle::a_key_works_until_its_expiry,
    lifecycle::a_patch_holds_on_the_next_request_and_touches_nothing_else,
    lifecycle::a_rotated_key_has_its_old_value_for_the_grace_period,
    lifecycle::a_reported_value_fails_on_the_next_request,
    lifecycle::under_load_rotating_and_disabling_hold_to_the_request,
    lifecycle::no_key_changes_or_rotates_what_it_could_not_create,
    lifecycle::a_key_shows_when_it_was_last_used,
    lifecycle::a_key_works_from_its_addresses_alone,
    lifecycle::keys_of_another_system_move_in,
    events::each_write_has_its_event_in_its_own_account_alone,
    events::an_event_gets_onto_the_bus_and_a_rule_delivers_it,
];

/// Each when all before it have ended: the first writes to keys of all accounts, the second keeps the emulated table from answering
/// others in time, the next two need all processors, the fifth breaks the table for everybody, the last looks through what all others
/// left.
const ONE_BY_ONE: [Promise; 6] = promises![
    notices::a_key_that_ends_soon_has_one_notice_however_often_the_schedule_comes,
    lifecycle::an_account_has_as_many_keys_as_it_may,
    usage::usage_is_exact_when_lambda_ends_environments_and_never_too_much,
    leases::what_an_environment_holds_of_a_limit_outlives_its_end,
    whole::without_the_table_there_is_a_500_and_nothing_else,
    whole::no_value_and_no_hash_is_in_any_log_answer_or_table,
];

/// How long each trial took.
type Times = Arc<Mutex<Vec<(Duration, &'static str)>>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let (stack, times) = (Arc::<Shared>::default(), Times::default());

    let (mut ends, waits): (Vec<_>, Vec<_>) = ONE_BY_ONE.iter().map(|_| mpsc::channel()).unzip();
    let trial = |promise, earlier, ends: &[_]| trial(promise, earlier, ends.to_vec(), &stack, &times);
    let mut trials: Vec<_> = TOGETHER.into_iter().map(|promise| trial(promise, None, &ends)).collect();
    for (promise, earlier) in ONE_BY_ONE.into_iter().zip(waits) {
        ends.remove(0);
        trials.push(trial(promise, Some(earlier), &ends));
    }

    let conclusion = libtest_mimic::run(&arguments, trials);
    // The last owner: it takes the stack down.
    drop(stack);
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable();
    for (time, name) in times.iter().rev() {
        println!("{:6.1} s  {name}", time.as_secs_f64());
    }
    conclusion.exit_code()
}

/// A trial that begins when no trial holds the other end of `earlier` any more, and holds `ends` until it has ended or was left out.
fn trial(
    (name, prove): Promise,
    earlier: Option<Receiver<Infallible>>,
    ends: Vec<Sender<Infallible>>,
    stack: &Arc<Shared>,
    times: &Times,
) -> Trial {
    let (stack, times) = (Arc::clone(stack), Arc::clone(times));
    Trial::test(name, move || {
        let _ends = ends;
        if let Some(earlier) = earlier {
            // Nothing is ever sent: it ends with the last of the senders.
            let Err(RecvError) = earlier.recv();
        }
        let stack = stack.started();
        let start = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| prove(stack))) {
            println!("{}", stack.errors());
            resume_unwind(panic);
        }
        times.lock().unwrap_or_else(PoisonError::into_inner).push((start.elapsed(), name));
        Ok(())
    })
}
