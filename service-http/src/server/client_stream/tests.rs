use std::net::TcpStream as Client;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::*;

/// How long the shutdown of a connection takes while its client sends nothing and stays connected.
async fn shutdown_time(exchange: Arc<ExchangeState>) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let _client = Client::connect(listener.local_addr()?)?;
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.expect("it is open");
    let place = Place::new(permit, Arc::default());
    let (stream, _) = listener.accept().await?;
    let started = Instant::now();
    ClientStream::new(stream, place, exchange).shutdown().await?;
    Ok(started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_close_is_disconnected_after_the_linger_timeout() -> io::Result<()> {
    let exchange = Arc::new(ExchangeState::new());
    exchange.leave_input_unread();
    let elapsed = shutdown_time(exchange).await?;
    assert!(elapsed >= LINGER_TIMEOUT && elapsed < LINGER_TIMEOUT + Duration::from_millis(10), "{elapsed:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_requests_were_read_closes_immediately() -> io::Result<()> {
    assert_eq!(shutdown_time(Arc::new(ExchangeState::new())).await?, Duration::ZERO);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_sent_half_a_head_can_read_the_answer_to_it() -> io::Result<()> {
    let exchange = Arc::new(ExchangeState::new());
    exchange.received();
    assert!(shutdown_time(exchange).await? >= LINGER_TIMEOUT);
    Ok(())
}
