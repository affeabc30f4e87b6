//! [`Closing`]: the end of a pool, and of the objects that are too old.

use std::future::pending;
use std::sync::Arc;

use service_core::{CancellationToken, Context, record};
use tokio::time::{Instant, sleep_until};

use super::pool_builder::Config;
use super::store::{Entry, Phase, Store};

impl<T: Send + 'static> Store<T> {
    /// Starts the task that closes old objects, and registers the end of the pool.
    pub(super) fn close_with_service<S: 'static>(self: &Arc<Self>, cx: &Context<S>) {
        let Config { name, max_lifetime, max_idle_time, .. } = &self.config;
        if max_lifetime.is_some() || max_idle_time.is_some() {
            let (sweeps, stopping) = (self.clone(), cx.stopping());
            cx.spawn(format!("{name} sweep"), async move { sweeps.sweep(stopping).await });
        }
        // If the service has stopped already, it drops the cleanup, which closes the pool.
        let (closing, progress) = (Closing(self.clone()), cx.clone());
        cx.defer(async move { closing.close(&progress).await });
    }

    /// Closes each object that has become too old, until the service stops.
    async fn sweep(&self, stopping: CancellationToken) {
        while !stopping.is_cancelled() {
            let (old, next) = {
                let mut state = self.state();
                let now = Instant::now();
                let is_old = |entry: &mut Entry<T>| self.expiry(entry).is_some_and(|expiry| expiry <= now);
                let old: Vec<_> = state.idle.extract_if(.., is_old).collect();
                for entry in old {
                    self.retire(&mut state, entry);
                }
                state.next_sweep = state.idle.iter().filter_map(|entry| self.expiry(entry)).min();
                (std::mem::take(&mut state.retired), state.next_sweep)
            };
            for error in self.close_all(old).await {
                let pool = &*self.config.name;
                record!(domain: "object_pool", action: "close", status: warning, pool, error, "an old object could not be closed");
            }
            let at_next = async {
                match next {
                    Some(next) => sleep_until(next).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.changed.notified() => {}
                () = at_next => {}
            }
        }
    }
}

/// Closes a pool. When it is dropped, nothing closes objects any more.
struct Closing<T>(Arc<Store<T>>);

impl<T: Send + 'static> Closing<T> {
    async fn close<S>(self, cx: &Context<S>) -> Result<(), String> {
        let (store, name) = (&self.0, &self.0.config.name);
        store.state().phase = Phase::Closing;
        store.closed.cancel();
        let (mut closed, mut errors) = (0, Vec::new());
        loop {
            let (retired, in_use) = {
                let mut state = store.state();
                for entry in std::mem::take(&mut state.idle) {
                    store.retire(&mut state, entry);
                }
                (std::mem::take(&mut state.retired), state.metrics.in_use)
            };
            match retired.len() {
                0 if in_use == 0 => break,
                0 => {
                    cx.progress(format!("the pool {name} waits for {in_use} objects that are in use"));
                    store.changed.notified().await;
                }
                number => {
                    closed += number;
                    errors.extend(store.close_all(retired).await);
                }
            }
        }
        match errors.first() {
            Some(first) => {
                Err(format!("{} of {closed} objects of the pool {name} could not be closed: {first}", errors.len()))
            }
            None => Ok(()),
        }
    }
}

impl<T> Drop for Closing<T> {
    fn drop(&mut self) {
        self.0.closed.cancel();
        let dropped = {
            let mut state = self.0.state();
            state.phase = Phase::Closed;
            (std::mem::take(&mut state.idle), std::mem::take(&mut state.retired))
        };
        // It is code of the user.
        drop(dropped);
    }
}
