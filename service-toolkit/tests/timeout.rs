//! Named timeouts.
#![cfg(feature = "timeout")]

mod harness;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use harness::ms;
use service_toolkit::timeout;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn the_error_names_the_operation_and_the_limit() {
    let error = timeout("fetching the price list", ms(250), pending::<()>()).await.unwrap_err();
    assert_eq!(error.to_string(), "fetching the price list took longer than 250ms and was cancelled");
    assert_eq!((error.operation.as_ref(), error.limit), ("fetching the price list", ms(250)));
}

#[tokio::test(start_paused = true)]
async fn the_future_is_cancelled_at_the_limit() {
    let (began, held) = (Instant::now(), Arc::new(()));
    let inside = held.clone();
    let result = timeout(String::from("waiting"), ms(30), async move {
        let _inside = inside;
        pending::<()>().await;
    });
    assert!(result.await.is_err());
    assert_eq!(began.elapsed(), ms(30));
    assert_eq!(Arc::strong_count(&held), 1, "the future is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_future_in_time_gives_its_output_for_any_limit() {
    assert_eq!(timeout("now", Duration::ZERO, async { 1 }).await, Ok(1));
    assert_eq!(timeout("later", Duration::MAX, tokio::time::sleep(ms(5))).await, Ok(()));
}
