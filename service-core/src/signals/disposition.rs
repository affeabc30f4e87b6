//! [`Disposition`]: what a signal did before we listened, so that it does that again afterwards.
//!
//! tokio installs its handler once and leaves it there for the life of the process, so a signal that nobody listens for
//! any more would be swallowed. This remembers both actions and switches between them.
//!
//! # Safety
//! The calls are `sigaction(2)` with pointers to a `sigaction` on this stack, or null where the manual allows it, and
//! a signal number that tokio has accepted. An action that is installed is one that `sigaction` returned earlier in this
//! process: the default, or tokio's handler, which is a function and so never goes away. Switching is not atomic with
//! other code that changes the same signal's action; we switch only when the action before us was the default.
#![expect(unsafe_code, reason = "std and tokio cannot restore a signal's action; the proof is above")]

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr;

use crate::base::Mutex;

/// tokio's action for each signal we have listened for.
static LISTENING: Mutex<BTreeMap<i32, Action>> = Mutex::new(BTreeMap::new());

struct Action(libc::sigaction);

/// What a signal did before we listened; restored when this is dropped.
pub(crate) struct Disposition {
    signal: i32,
    before: Option<Action>,
}

impl Disposition {
    /// Remembers what the signal does now.
    pub(crate) fn of(signal: i32) -> Self {
        Self { signal, before: get(signal) }
    }

    /// Puts tokio's handler back, where an earlier restoration has taken it away.
    pub(crate) fn listen_again(&self) {
        let mut listening = LISTENING.lock();
        match (listening.get(&self.signal), get(self.signal)) {
            (Some(handler), Some(now)) if now.is_default() => set(self.signal, handler),
            (None, Some(now)) => {
                listening.insert(self.signal, now);
            }
            _ => {}
        }
    }
}

impl Drop for Disposition {
    fn drop(&mut self) {
        // Somebody else's handler was there before us: tokio calls it too, so nothing is swallowed.
        if let Some(before) = self.before.as_ref().filter(|before| before.is_default()) {
            set(self.signal, before);
        }
    }
}

impl Action {
    fn is_default(&self) -> bool {
        self.0.sa_sigaction == libc::SIG_DFL
    }
}

fn get(signal: i32) -> Option<Action> {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null new action only asks; the old one is written to where we say.
    let done = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: on success it has been written.
    (done == 0).then(|| Action(unsafe { action.assume_init() }))
}

fn set(signal: i32, action: &Action) {
    // SAFETY: the action came from `get`; a null old action asks for nothing.
    let done = unsafe { libc::sigaction(signal, &action.0, ptr::null_mut()) };
    debug_assert_eq!(done, 0, "an action that sigaction returned is one that it takes");
}
