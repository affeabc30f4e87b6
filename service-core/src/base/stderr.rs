//! Writes lines to stderr.

use std::fmt::Display;
use std::io::{Write, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// How long a reader of stderr or of the logs is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Logs that go to stderr in a format: lines that are not in that format would break it.
pub(crate) struct Logs {
    /// Logs a line as a record, if lines must have the format of the logs.
    pub print: Option<fn(&str)>,
    /// Waits until everything is written, but not longer than this.
    pub flush: fn(Duration) -> bool,
}

static LOGS: OnceLock<Logs> = OnceLock::new();

/// Whether a line could not be written in time, and is not written yet.
static IS_STALLED: AtomicBool = AtomicBool::new(false);

/// From now on, the logs of this process are written by these functions.
#[cfg(feature = "telemetry")]
pub(crate) fn set_logs(logs: Logs) {
    // The process has one subscriber, so this is the first call.
    let _ = LOGS.set(logs);
}

/// Writes a line to stderr. If stderr is closed, nothing happens: `eprintln!` would panic and change the exit code. If nobody
/// reads stderr, this waits for a second once, and then gives up lines until somebody does.
pub(crate) fn print_line(words: impl Display) {
    match LOGS.get().and_then(|logs| logs.print) {
        Some(print) => print(&words.to_string()),
        None => write_within(PATIENCE, format!("{words}\n")),
    }
}

/// Waits until the logs are written, for a second at most.
pub(crate) fn flush_logs() {
    if let Some(logs) = LOGS.get() {
        (logs.flush)(PATIENCE);
    }
}

/// Whether there are logs to be flushed.
pub(crate) fn has_logs() -> bool {
    LOGS.get().is_some()
}

fn write_within(time: Duration, line: String) {
    if IS_STALLED.load(Ordering::Acquire) {
        return;
    }
    let (ended, has_ended) = channel::<()>();
    let bytes: std::sync::Arc<[u8]> = line.into_bytes().into();
    let of_thread = bytes.clone();
    let write = move || {
        let _ = stderr().write_all(&of_thread);
        IS_STALLED.store(false, Ordering::Release);
        drop(ended);
    };
    if thread::Builder::new().name("service-core stderr".to_owned()).spawn(write).is_err() {
        let _ = stderr().write_all(&bytes);
        return;
    }
    if has_ended.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
        IS_STALLED.store(true, Ordering::Release);
    }
}
