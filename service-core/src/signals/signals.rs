//! SIGTERM and ctrl-c: listened for only when asked, and given back afterwards.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::base::ShutdownReason;
use crate::base::stderr;

pub(crate) use listening::Signals;

/// What comes so soon after the first signal is the same one, sent to the process and to its group, as timeout(1) does.
const ECHO: Duration = Duration::from_millis(50);

/// Hands the first signal to `shut_down`; a second one leaves the process at once.
pub(crate) async fn obey(signals: Signals, shut_down: impl FnOnce(ShutdownReason)) {
    let mut heard = Heard { signals, first: None };
    let (name, _) = heard.signals.next().await;
    let first = Instant::now();
    heard.first = Some(first);
    shut_down(ShutdownReason::Signal(name));
    let (name, number) = loop {
        let signal = heard.signals.next().await;
        if first.elapsed() >= ECHO {
            break signal;
        }
    };
    stderr::tell(format_args!("{name} received on the way down: leaving at once"));
    std::process::exit(128 + number);
}

/// Signals, and when the first one came.
struct Heard {
    signals: Signals,
    first: Option<Instant>,
}

impl Drop for Heard {
    fn drop(&mut self) {
        // Everything is down so soon that the echo may be still to come: it must not kill what has gone down in order. This
        // blocks the thread, once, when there is nothing left to do.
        if let Some(first) = self.first {
            thread::sleep(ECHO.saturating_sub(first.elapsed()));
        }
    }
}

#[cfg(unix)]
mod listening {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::io;
    use crate::signals::disposition::Disposition;

    /// Listens from the moment it is made until it is dropped.
    pub(crate) struct Signals {
        terminate: Signal,
        interrupt: Signal,
        _given_back: [Disposition; 2],
    }

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
            let before = [Disposition::of(terminate.as_raw_value()), Disposition::of(interrupt.as_raw_value())];
            let listening = Self { terminate: signal(terminate)?, interrupt: signal(interrupt)?, _given_back: before };
            listening._given_back.iter().for_each(Disposition::listen_again);
            Ok(listening)
        }

        /// The next signal's name and number.
        pub(crate) async fn next(&mut self) -> (&'static str, i32) {
            poll_fn(|cx| {
                if self.terminate.poll_recv(cx).is_ready() {
                    return Poll::Ready(("SIGTERM", 15));
                }
                self.interrupt.poll_recv(cx).map(|_| ("SIGINT", 2))
            })
            .await
        }
    }
}

#[cfg(not(unix))]
mod listening {
    use super::io;

    /// Listens for ctrl-c while somebody awaits `next`.
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// The next signal's name and number.
        pub(crate) async fn next(&mut self) -> (&'static str, i32) {
            match tokio::signal::ctrl_c().await {
                Ok(()) => ("ctrl-c", 2),
                Err(_) => std::future::pending().await,
            }
        }
    }
}
