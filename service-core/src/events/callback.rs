//! [`Callback`]: a function of the user, or of this crate, that is called with events.

use crate::base::caught;
use crate::report::Event;

/// A function that is called with events.
pub(crate) type Callback = Box<dyn Fn(&Event) + Send + Sync>;

/// Calls each function with the event, and drops the event. The caller must not hold a lock.
pub(super) fn call_each(callbacks: &[Callback], event: Event) {
    for callback in callbacks {
        // The panic hook has already printed the message, and the other functions still get the event.
        let _ = caught::caught_now(|| callback(&event));
    }
    release(event);
}

/// Drops an event. It may hold the last reference to an error of the user, whose `drop` may panic.
pub(super) fn release(event: Event) {
    let _ = caught::caught_now(|| drop(event));
}
