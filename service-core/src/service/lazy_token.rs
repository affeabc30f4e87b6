//! [`LazyToken`]: a cancellation token that is made for the first one who asks.

use tokio_util::sync::CancellationToken;

use crate::base::Mutex;

/// A cancellation token that is made for the first one who asks: most services never ask for one.
#[derive(Debug, Default)]
pub(super) struct LazyToken(Mutex<LazyState>);

#[derive(Debug, Default)]
struct LazyState {
    token: Option<CancellationToken>,
    is_cancelled: bool,
}

impl LazyToken {
    /// The token, which is made like this.
    pub(super) fn get(&self, make: impl FnOnce() -> CancellationToken) -> CancellationToken {
        let mut state = self.0.lock();
        let is_cancelled = state.is_cancelled;
        let token = state.token.get_or_insert_with(make).clone();
        drop(state);
        if is_cancelled {
            token.cancel();
        }
        token
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.lock().is_cancelled
    }

    pub(super) fn cancel(&self) {
        let mut state = self.0.lock();
        state.is_cancelled = true;
        let token = state.token.clone();
        // Before the token is cancelled: that wakes its waiters, and a waker is foreign code.
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_cancelled_before_or_after_it_is_made() {
        for early in [true, false] {
            let lazy = LazyToken::default();
            let token = early.then(|| lazy.get(CancellationToken::new));
            assert!(!lazy.is_cancelled() && !token.as_ref().is_some_and(CancellationToken::is_cancelled));
            lazy.cancel();
            assert!(lazy.is_cancelled());
            assert!(token.unwrap_or_else(|| lazy.get(CancellationToken::new)).is_cancelled());
        }
    }
}
