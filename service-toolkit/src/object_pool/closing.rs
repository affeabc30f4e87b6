//! [`Closing`]: the end of a pool, and of the objects that are too old.

use std::future::pending;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use service_core::{CancellationToken, Context, record};
use tokio::time::{Instant, sleep_until};

use super::pool_builder::Config;
use super::store::{Entry, Phase, Store};
use crate::gather::gather;

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

    /// Closes each object that has become too old, until the service stops. It waits for no close before the next one.
    async fn sweep(&self, stopping: CancellationToken) {
        let mut closes = FuturesUnordered::new();
        while !stopping.is_cancelled() {
            let (old, next) = {
                let mut state = self.state();
                let now = Instant::now();
                let is_old = |entry: &mut Entry<T>| entry.expiry.is_some_and(|expiry| expiry <= now);
                let old: Vec<_> = state.idle.extract_if(.., is_old).collect();
                for entry in old {
                    self.retire(&mut state, entry);
                }
                state.next_sweep = state.idle.iter().filter_map(|entry| entry.expiry).min();
                (std::mem::take(&mut state.retired), state.next_sweep)
            };
            closes.extend(old.into_iter().map(|object| self.close(object)));
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
                Some(error) = closes.next(), if !closes.is_empty() => self.log(error),
            }
        }
        while let Some(error) = closes.next().await {
            self.log(error);
        }
    }

    fn log(&self, error: Option<String>) {
        if let Some(error) = error {
            let pool = &*self.config.name;
            record!(domain: "object_pool", action: "close", status: warning, pool, error, "an old object could not be closed");
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
                    let closes = gather(retired.into_iter().map(|object| store.close(object)));
                    errors.extend(closes.await.into_iter().flatten());
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
        let (idle, retired) = {
            let mut state = self.0.state();
            state.phase = Phase::Closed;
            state.metrics.closing -= state.retired.len();
            (std::mem::take(&mut state.idle), std::mem::take(&mut state.retired))
        };
        self.0.discard(idle.into_iter().map(|entry| entry.object).chain(retired));
    }
}
