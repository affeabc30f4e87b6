//! [`begin`]: ends a process whose runtime waits for a blocked thread.

use std::future::pending;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::base::stderr;

/// How long the runtime may take to shut down.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to look whether the runtime still runs tasks.
const LOOK: Duration = Duration::from_millis(500);

/// Dropped with the runtime.
struct Sentinel {
    _closed: Sender<()>,
}

/// Exits the process with this code, one second after the runtime has begun to shut down. As long as the runtime runs, this
/// has no effect.
///
/// A runtime shuts down in two steps: it drops its tasks, then it waits for its threads, without a limit. A task shows the
/// first step. If no worker is free to drop it, a refused blocking task does.
pub(super) fn begin(code: u8) {
    // Without one, nothing was booted.
    let Ok(runtime) = Handle::try_current() else { return };
    let (closed, is_closed) = channel();
    let sentinel = Sentinel { _closed: closed };
    // Not `spawn_blocking`: the runtime would wait for this thread, too.
    let watch = move || {
        until_closed(&runtime, &is_closed);
        thread::sleep(PATIENCE);
        stderr::print_line(format_args!(
            "a thread still blocks the end of the process, in spawn_blocking, in a read of tokio::io::stdin, or in a task or hook that never yields: exiting with code {code}; let that code end when its service stops"
        ));
        std::process::exit(code.into());
    };
    if thread::Builder::new().name("service-core exit".to_owned()).spawn(watch).is_ok() {
        tokio::spawn(async move {
            pending::<()>().await;
            drop(sentinel);
        });
    }
}

fn until_closed(runtime: &Handle, is_closed: &Receiver<()>) {
    while is_closed.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        if !runs_tasks(runtime) && refuses_blocking(runtime) {
            return;
        }
    }
}

/// Whether a worker of the runtime is free.
fn runs_tasks(runtime: &Handle) -> bool {
    let (ran, has_run) = channel();
    runtime.spawn(async move { ran.send(()) });
    has_run.recv_timeout(LOOK).is_ok()
}

/// Whether the runtime drops a blocking task instead of running it, because it shuts down.
fn refuses_blocking(runtime: &Handle) -> bool {
    let (ran, has_run) = channel();
    runtime.spawn_blocking(move || ran.send(()));
    has_run.recv_timeout(LOOK) == Err(RecvTimeoutError::Disconnected)
}
