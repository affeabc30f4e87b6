//! `EventTracker`: what it keeps, and for how long.
#![cfg(feature = "operation")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::future::pending;

use harness::ms;
use service_toolkit::{EventTracker, OperationOutcome};
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_tracked_scope_is_an_event_with_its_time_and_metadata() {
    let tracker = EventTracker::new(10);
    let began = Instant::now();
    let tracked = tracker.track("fetch").domain("orders").run(|event| async move {
        sleep(ms(20)).await;
        event.add_metadata("rows", 3);
        Ok::<_, String>(())
    });
    tracked.await.unwrap();
    let _ = timeout(ms(5), tracker.track("waits").run_infallible(|_| pending::<()>())).await;
    let _ = tracker.track("fails").run(|_| async { Err::<(), _>("no") }).await;
    let events = tracker.events();
    let names: Vec<_> = events.iter().map(|event| (&*event.name, event.elapsed)).collect();
    assert_eq!(names, [("fetch", ms(20)), ("waits", ms(5)), ("fails", ms(0))]);
    let [fetch, waits, fails] = &events[..] else { panic!("three events") };
    assert_eq!((fetch.metadata("rows"), &*fetch.domain, fetch.began), (Some("3"), "orders", began));
    assert_eq!((&fetch.outcome, &waits.outcome), (&OperationOutcome::Success, &OperationOutcome::Cancelled));
    let error = OperationOutcome::Error { error: "no".to_owned(), error_type: "&str" };
    assert_eq!(fails.outcome, error);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_bounded_and_what_it_loses_is_counted() {
    for (capacity, kept) in [(0, 1), (2, 2), (10, 5)] {
        let tracker = EventTracker::new(capacity);
        for number in 0..5 {
            tracker.track(number.to_string()).run_infallible(|_| async {}).await;
        }
        let names: Vec<_> = tracker.events().into_iter().map(|event| event.name.into_owned()).collect();
        assert_eq!(names, (5 - kept..5).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(tracker.evicted(), 5 - kept);
        assert_eq!((tracker.take().len() as u64, tracker.events().len()), (kept, 0));
    }
}
