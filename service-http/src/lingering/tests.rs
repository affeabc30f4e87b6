use std::net::TcpStream as Client;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;

/// How long the end of a connection takes whose client stays, and says nothing.
async fn end(turn: Arc<Turn>) -> io::Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let _client = Client::connect(listener.local_addr()?)?;
    let (stream, _) = listener.accept().await?;
    let began = Instant::now();
    Lingering::new(stream, turn).shutdown().await?;
    Ok(began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stays_is_left_in_the_end() -> io::Result<()> {
    let turn = Arc::<Turn>::default();
    turn.leave_unread();
    let lasted = end(turn).await?;
    assert!(lasted >= LINGER && lasted < LINGER + Duration::from_millis(10), "{lasted:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_client_of_whom_all_was_read_is_not_waited_for() -> io::Result<()> {
    assert_eq!(end(Arc::default()).await?, Duration::ZERO);
    Ok(())
}
