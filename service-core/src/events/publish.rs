//! [`publish`]: changes the value of a watch channel.

use std::mem;

use tokio::sync::watch;

/// Replaces the value by what follows from it. Wakes the receivers only if there are any: the channel spreads them over eight
/// lists, and would look through all of these.
///
/// A receiver that subscribes meanwhile does not miss the value: it reads the value under the lock that this holds while it
/// counts the receivers.
pub(crate) fn publish<T>(channel: &watch::Sender<T>, change: impl FnOnce(&T) -> T) {
    // The former value may hold an error of the user, so it is dropped after the lock is released.
    let mut former = None;
    channel.send_if_modified(|current| {
        let changed = change(current);
        former = Some(mem::replace(current, changed));
        channel.receiver_count() > 0
    });
    drop(former);
}
