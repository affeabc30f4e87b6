//! [`Signals`]: listens for SIGTERM and ctrl-c until it is dropped. [`shut_down_on`]: what a process does on them.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::base::{ShutdownReason, stderr};

pub(crate) use platform::Signals;

/// A signal within this time of the first is a duplicate: timeout(1), for example, signals the process and its group.
const ECHO: Duration = Duration::from_millis(50);

/// Passes the first signal to `shut_down`, and exits the process on the second.
pub(crate) async fn shut_down_on(signals: Signals, shut_down: impl FnOnce(ShutdownReason)) {
    let mut received = Received { signals, first: None };
    let (name, _) = received.signals.next().await;
    let first = Instant::now();
    received.first = Some(first);
    shut_down(ShutdownReason::Signal(name));
    let (name, number) = loop {
        let signal = received.signals.next().await;
        if first.elapsed() >= ECHO {
            break signal;
        }
    };
    stderr::print_line(format_args!("{name} received during the shutdown: exiting immediately"));
    std::process::exit(128 + number);
}

/// Signals, and when the first one was received.
struct Received {
    signals: Signals,
    first: Option<Instant>,
}

impl Drop for Received {
    fn drop(&mut self) {
        // After a very short shutdown the duplicate may still arrive, and must not kill the process before it exits in
        // order. This blocks the thread once, when nothing else is left to run.
        if let Some(first) = self.first {
            thread::sleep(ECHO.saturating_sub(first.elapsed()));
        }
    }
}

#[cfg(unix)]
mod platform {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::io;
    use crate::signals::disposition::Disposition;

    /// Listens for SIGTERM and SIGINT until it is dropped.
    pub(crate) struct Signals {
        terminate: Signal,
        interrupt: Signal,
        _restored: [Disposition; 2],
    }

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
            let before = [Disposition::of(terminate.as_raw_value()), Disposition::of(interrupt.as_raw_value())];
            let listening = Self { terminate: signal(terminate)?, interrupt: signal(interrupt)?, _restored: before };
            listening._restored.iter().for_each(Disposition::listen_again);
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
mod platform {
    use super::io;

    /// Listens for ctrl-c while `next` is awaited.
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
