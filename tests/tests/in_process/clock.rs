//! A function whose clock is wrong: DynamoDB refuses what is signed at another time than its own, and answers with its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use api_keys::key::{AccountId, KeyId, Locator, Timestamp};
use api_keys::request::{KeyQuery, Origin};
use api_keys::store::{KeyList, KeyReader, Keys, LastUse};
use aws_smithy_async::time::TimeSource;
use tests::engine::{TABLE, aws_with_clock, tables};
use tests::wire::Fault;
use tests::{Client, Gateway};

/// What DynamoDB bears with is 15 minutes at most; in the tests it is less than the clock is wrong.
const TOLERANCE: Fault = Fault::CheckTime(Duration::from_mins(5));

/// A clock that is so many seconds ahead.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn set(&self, seconds_ahead: i64) {
        self.0.store(seconds_ahead, Ordering::Relaxed);
    }
}

impl TimeSource for Clock {
    #[allow(clippy::disallowed_methods, reason = "what the clock should show")]
    fn now(&self) -> SystemTime {
        let ahead = self.0.load(Ordering::Relaxed);
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
    }
}

/// Reads the client's own key, and counts the calls.
async fn calls_of_a_read(gateway: &Gateway, reader: &KeyReader, client: &Client) -> usize {
    drop(gateway.wire.take_calls());
    let (account_id, id) = (AccountId::parse(&client.account_id).unwrap(), KeyId::parse(&client.id).unwrap());
    assert!(reader.get(account_id, id).await.unwrap().is_some());
    gateway.wire.take_calls().len()
}

#[tokio::test]
async fn a_clock_ten_minutes_off_costs_one_call_more_and_only_once() {
    for ahead in [-600, 600] {
        let (gateway, admin) = Gateway::with_manager().await;
        let clock = Clock::default();
        clock.set(ahead);
        let aws = aws_with_clock(gateway.wire.url(), clock.clone());
        let reader = KeyReader::new(&aws, TABLE.to_owned()).await.unwrap();
        gateway.wire.break_with(TOLERANCE);

        assert_eq!(calls_of_a_read(&gateway, &reader, &admin).await, 2, "refused, then signed at DynamoDB's time");
        assert_eq!(calls_of_a_read(&gateway, &reader, &admin).await, 1, "which is kept in mind");
        // Also for what is sent only once.
        let last_use = LastUse::new(&reader);
        let id = KeyId::parse(&admin.id).unwrap();
        let record = reader.get(AccountId::parse(&admin.account_id).unwrap(), id).await.unwrap().unwrap();
        last_use.note(&record, Timestamp::from(gateway.now()));
        assert!(last_use.write().await.is_none());

        clock.set(0);
        assert_eq!(calls_of_a_read(&gateway, &reader, &admin).await, 2, "the clock was put right");
        assert_eq!(calls_of_a_read(&gateway, &reader, &admin).await, 1);

        clock.set(ahead);
        let keys = KeyList::new(&aws, TABLE.to_owned());
        let page = keys.page(record.account_id, &KeyQuery::newest(10), gateway.now().into()).await.unwrap();
        assert_eq!(page.keys.len(), 1, "the SDK does the same");
    }
}

/// The SDK repeats no transaction by itself.
#[tokio::test]
async fn a_transaction_is_signed_again_too() {
    let (gateway, admin) = Gateway::with_manager().await;
    let id = KeyId::parse(&admin.create_key(&["SMS"]).await.id).unwrap();
    let place = Locator { account_id: AccountId::parse(&admin.account_id).unwrap(), id };
    let (clock, origin) = (Clock::default(), Origin::operator(None, "request"));
    clock.set(600);
    let keys = Keys::new(&tables(&aws_with_clock(gateway.wire.url(), clock)));
    gateway.wire.throttle_every(0);
    gateway.wire.break_with(TOLERANCE);

    assert!(keys.delete(place, &origin, gateway.now().into()).await.unwrap());
}

#[tokio::test]
async fn a_signature_that_is_refused_at_the_right_time_is_not_tried_again() {
    let (gateway, admin) = Gateway::with_manager().await;
    drop(gateway.wire.take_calls());
    gateway.wire.break_with(Fault::CheckTime(Duration::ZERO));

    let verdict = admin.authorize().await;

    assert_eq!(verdict.err(), Some(authorizer::Refusal::Unavailable));
    assert_eq!(gateway.wire.take_calls().len(), 1);
}
