//! [`install`]: logs panics as records, with the spans in which they occur.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::thread;

use crate::events;

thread_local! {
    /// A panic while a panic is logged is printed by the hook that was there before.
    static IS_LOGGING: Cell<bool> = const { Cell::new(false) };
}

/// From now on, each panic of this process is a record of the level error, and no text on stderr.
pub(super) fn install() {
    let former = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if IS_LOGGING.replace(true) {
            return former(panic);
        }
        log(panic);
        IS_LOGGING.set(false);
    }));
}

fn log(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a payload that is not text");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    events::log_panic(message, &location, thread.name().unwrap_or("unnamed"), backtrace.as_deref());
}
