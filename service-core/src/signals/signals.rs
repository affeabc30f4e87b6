//! [`Signals`]: a thread that listens for SIGTERM and ctrl-c, and what the process does on them.
//!
//! It is a thread with a small runtime of its own, so that signals have their effect although user code blocks every thread
//! of the user's runtime.

use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;

use self::platform::Listener;
use crate::base::{ShutdownReason, race, stderr};

/// A signal within this time of the first is a duplicate: timeout(1), for example, signals the process and its group.
const ECHO: Duration = Duration::from_millis(50);

/// Listens for SIGTERM and ctrl-c until it is dropped.
pub(crate) struct Signals {
    thread: SignalThread,
    reaction: mpsc::Sender<Reaction>,
}

/// What happens on a signal.
struct Reaction {
    shut_down: Box<dyn FnOnce(ShutdownReason) + Send>,
    /// Whether the second signal exits the process.
    second_exits: bool,
}

/// The thread that listens. It ends when this is dropped.
pub(crate) struct SignalThread {
    end: oneshot::Sender<()>,
    /// Closed when the thread has ended.
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// If the handlers cannot be installed, or the thread cannot be started.
    pub(crate) fn listen() -> io::Result<Self> {
        let (listening, has_begun) = mpsc::channel();
        let (reaction, to_do) = mpsc::channel();
        let (end, is_over) = oneshot::channel();
        let (running, ended) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("service-core signals".to_owned()).spawn(move || {
            let _running = running;
            listen(&listening, &to_do, is_over);
        })?;
        // The thread sends one result, unless it panics.
        has_begun.recv().unwrap_or_else(|_| Err(io::Error::other("the thread for signals has ended")))?;
        Ok(Self { thread: SignalThread { end, ended, thread }, reaction })
    }

    /// Passes the first signal to `shut_down`, also if it has arrived by now. A second one exits the process, or has no effect.
    pub(crate) fn react(
        self,
        shut_down: impl FnOnce(ShutdownReason) + Send + 'static,
        second_exits: bool,
    ) -> SignalThread {
        // The thread lives at least as long as its handle.
        let _ = self.reaction.send(Reaction { shut_down: Box::new(shut_down), second_exits });
        self.thread
    }
}

impl SignalThread {
    /// Ends the thread and waits for its end. Signals have their previous effect again.
    pub(crate) async fn end(self) {
        let Self { end, ended, thread } = self;
        drop(end);
        // An error is the end of the thread.
        let _ = ended.await;
        // The thread has returned, or has panicked and printed that.
        let _ = thread.join();
    }
}

fn listen(
    listening: &mpsc::Sender<io::Result<()>>,
    reaction: &mpsc::Receiver<Reaction>,
    mut is_over: oneshot::Receiver<()>,
) {
    // The receiver waits for one result.
    let begun = |result| drop(listening.send(result));
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return begun(Err(error)),
    };
    runtime.block_on(async {
        let mut listener = match Listener::listen() {
            Ok(listener) => listener,
            Err(error) => return begun(Err(error)),
        };
        begun(Ok(()));
        let Some((name, _)) = next(&mut listener, &mut is_over).await else { return };
        let first = Instant::now();
        // Blocks until the registry is made. If it is not, nothing has to shut down.
        let Ok(Reaction { shut_down, second_exits }) = reaction.recv() else { return };
        shut_down(ShutdownReason::Signal(name));
        while let Some((name, number)) = next(&mut listener, &mut is_over).await {
            if second_exits && first.elapsed() >= ECHO {
                stderr::print_line(format_args!("{name} received during the shutdown: exiting immediately"));
                std::process::exit(128 + number);
            }
        }
        // After a very short shutdown the duplicate may still arrive, and must not kill the process before it exits in order.
        sleep(ECHO.saturating_sub(first.elapsed())).await;
    });
}

/// The next signal; `None` if nobody is interested any more.
async fn next(listener: &mut Listener, is_over: &mut oneshot::Receiver<()>) -> Option<(&'static str, i32)> {
    let over = async {
        let _ = is_over.await;
        None
    };
    race(over, async { Some(listener.next().await) }).await
}

#[cfg(unix)]
mod platform {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::io;
    use crate::signals::disposition::Disposition;

    /// Listens for SIGTERM and SIGINT until it is dropped.
    pub(super) struct Listener {
        terminate: Signal,
        interrupt: Signal,
        _restored: [Disposition; 2],
    }

    impl Listener {
        pub(super) fn listen() -> io::Result<Self> {
            let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
            let before = [Disposition::of(terminate.as_raw_value()), Disposition::of(interrupt.as_raw_value())];
            let listening = Self { terminate: signal(terminate)?, interrupt: signal(interrupt)?, _restored: before };
            listening._restored.iter().for_each(Disposition::listen_again);
            Ok(listening)
        }

        /// The next signal's name and number.
        pub(super) async fn next(&mut self) -> (&'static str, i32) {
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

#[cfg(windows)]
mod platform {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::windows::{CtrlC, CtrlClose, CtrlShutdown, ctrl_c, ctrl_close, ctrl_shutdown};

    use super::io;

    /// Listens for the events of the console that end a process, until it is dropped. After `ctrl-close` and `ctrl-shutdown`,
    /// Windows ends the process itself, a few seconds later.
    pub(super) struct Listener {
        interrupt: CtrlC,
        close: CtrlClose,
        shutdown: CtrlShutdown,
    }

    impl Listener {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self { interrupt: ctrl_c()?, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
        }

        /// The next event's name, and the number of the signal that it resembles.
        pub(super) async fn next(&mut self) -> (&'static str, i32) {
            poll_fn(|cx| {
                if self.close.poll_recv(cx).is_ready() {
                    return Poll::Ready(("ctrl-close", 1));
                }
                if self.shutdown.poll_recv(cx).is_ready() {
                    return Poll::Ready(("ctrl-shutdown", 15));
                }
                self.interrupt.poll_recv(cx).map(|_| ("ctrl-c", 2))
            })
            .await
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    use super::io;

    /// Listens for ctrl-c while `next` is awaited.
    pub(super) struct Listener;

    impl Listener {
        pub(super) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        /// The next signal's name and number.
        pub(super) async fn next(&mut self) -> (&'static str, i32) {
            match tokio::signal::ctrl_c().await {
                Ok(()) => ("ctrl-c", 2),
                Err(_) => std::future::pending().await,
            }
        }
    }
}
