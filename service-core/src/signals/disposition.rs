//! [`Disposition`]: the action of a signal before the registry listened for it, restored afterwards.
//!
//! tokio installs its handler once and keeps it for the rest of the process, so a signal would have no effect after the
//! last listener is dropped. This module stores both actions and switches between them.
//!
//! # Safety
//! The calls are `sigaction(2)` with pointers to a `sigaction` on this stack, or null where the manual allows it, and
//! a signal number that tokio has accepted. Each installed action is one that `sigaction` returned earlier in this
//! process: the default, or tokio's handler, which is a function and therefore always valid. Switching is not atomic with
//! other code that changes the action of the same signal; it happens only if the previous action was the default.
#![expect(unsafe_code, reason = "std and tokio cannot restore a signal's action; the proof is above")]

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr;

use crate::base::Mutex;

/// tokio's action for each signal that a registry has listened for.
static LISTENING: Mutex<BTreeMap<i32, Action>> = Mutex::new(BTreeMap::new());

struct Action(libc::sigaction);

/// The action of a signal before the registry listened for it; restored on drop.
pub(crate) struct Disposition {
    signal: i32,
    before: Option<Action>,
}

impl Disposition {
    /// Stores the current action of the signal.
    pub(crate) fn of(signal: i32) -> Self {
        Self { signal, before: get(signal) }
    }

    /// Installs tokio's handler again, if an earlier restoration has replaced it.
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
        // tokio also calls a handler that was installed before its own, so only the default has to be restored.
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
    // SAFETY: with a null new action the call only reads; it writes the old one to `action`.
    let done = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: on success the call has written `action`.
    (done == 0).then(|| Action(unsafe { action.assume_init() }))
}

fn set(signal: i32, action: &Action) {
    // SAFETY: the action came from `get`; with a null old action nothing is returned.
    let done = unsafe { libc::sigaction(signal, &action.0, ptr::null_mut()) };
    debug_assert_eq!(done, 0, "sigaction accepts an action that it has returned");
}
