//! [`UndeclaredCalls`]: which services have called which others in their start without declaring that.

use crate::base::{Mutex, MutexGuard, sort_by};

/// Every undeclared call of one registry: caller and callee, by their index in the plan.
#[derive(Debug, Default)]
pub(crate) struct UndeclaredCalls {
    calls: Mutex<Vec<(usize, usize)>>,
}

impl UndeclaredCalls {
    fn lock(&self) -> MutexGuard<'_, Vec<(usize, usize)>> {
        self.calls.lock()
    }

    pub(crate) fn record(&self, caller: usize, callee: usize) {
        let mut calls = self.lock();
        if !calls.contains(&(caller, callee)) {
            calls.push((caller, callee));
        }
    }

    /// All of them, in the plan's order.
    pub(crate) fn all(&self) -> Vec<(usize, usize)> {
        let mut calls = self.lock().clone();
        sort_by(&mut calls, Ord::cmp);
        calls
    }
}
