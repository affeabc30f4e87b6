use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// How long the client has, and the limit that ends the time.
fn rest(exchange: &ExchangeState) -> Option<(Duration, Limit)> {
    exchange.deadline(&Limits::default()).map(|(at, limit)| (at.saturating_duration_since(Instant::now()), limit))
}

fn start(exchange: &ExchangeState) {
    exchange.start(&Method::GET, &Uri::from_static("/"), false);
}

#[tokio::test(start_paused = true)]
async fn the_limits_follow_one_another_through_an_exchange() {
    let limits = Limits::default();
    let exchange = ExchangeState::new();
    advance(SECOND).await;
    assert_eq!(rest(&exchange), Some((limits.idle - SECOND, Limit::Idle)));
    exchange.received();
    advance(SECOND).await;
    exchange.received();
    assert_eq!(rest(&exchange), Some((limits.head - SECOND, Limit::Head)), "from the first byte on");
    start(&exchange);
    assert_eq!(rest(&exchange), None, "the handler has its time");
    assert!(exchange.half_closed());
    assert_eq!(rest(&exchange), Some((limits.half_closed, Limit::HalfClosed)));
    exchange.finish();
    assert_eq!(rest(&exchange), Some((limits.idle, Limit::Idle)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_still_reads_a_finished_response_is_not_idle() {
    let limits = Limits::default();
    let exchange = ExchangeState::new();
    start(&exchange);
    exchange.finish();
    for _ in 0..10 {
        exchange.blocked(true);
        advance(limits.write - SECOND).await;
        assert_eq!(rest(&exchange), Some((SECOND, Limit::Write)));
        exchange.blocked(false);
    }
    assert_eq!(rest(&exchange), Some((limits.idle, Limit::Idle)));
}

#[tokio::test(start_paused = true)]
async fn an_end_of_input_is_half_closed_only_after_a_whole_request() {
    let exchange = ExchangeState::new();
    assert!(!exchange.half_closed(), "no request");
    exchange.start(&Method::POST, &Uri::from_static("/"), true);
    assert!(!exchange.half_closed(), "the body is missing");
    exchange.complete_request();
    assert!(exchange.half_closed());
    exchange.finish();
    assert!(!exchange.half_closed(), "the response is complete");
}
