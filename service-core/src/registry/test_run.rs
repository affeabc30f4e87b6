//! [`Trial`]: runs one test in its own isolated registry. `#[service_core::test]` expands to it.

use std::future::Future;

use super::builder::Builder;
use super::fakes::Fakes;
use super::registry::Registry;
use crate::base::Result;
use crate::base::caught_payload;

/// Runs one test in its own isolated registry.
#[derive(Debug, Default)]
pub struct Trial {
    #[cfg(feature = "test-util")]
    start_paused: bool,
    #[cfg(feature = "multi-thread")]
    worker_threads: Option<usize>,
}

/// What says whether the clock of a test is paused: a `bool`, if the feature is on. A trait, because its error names the solution.
#[diagnostic::on_unimplemented(
    message = "`start_paused` needs the feature `test-util` of service-core",
    label = "without it, a test cannot pause its clock",
    note = "in Cargo.toml, add `features = [\"test-util\"]` to service-core under `[dev-dependencies]`"
)]
pub trait PausesClock: Into<bool> {}

#[cfg(feature = "test-util")]
impl PausesClock for bool {}

impl Trial {
    /// A test on one thread.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the clock is paused: it advances to the next timer when no task can run.
    #[must_use]
    #[cfg_attr(not(feature = "test-util"), allow(unused_mut))]
    pub fn start_paused(mut self, paused: impl PausesClock) -> Self {
        #[cfg(feature = "test-util")]
        {
            self.start_paused = paused.into();
        }
        #[cfg(not(feature = "test-util"))]
        let _ = paused;
        self
    }

    /// A test on this many threads.
    #[cfg(feature = "multi-thread")]
    #[must_use]
    pub fn worker_threads(mut self, threads: usize) -> Self {
        self.worker_threads = Some(threads);
        self
    }

    /// Boots what `prepare` puts together, runs `body` in its scope, and shuts it down, even if `body` panics.
    ///
    /// # Panics
    /// If `body` does, or if the boot or the shutdown fails.
    pub fn run<P, B, T>(self, prepare: P, body: B) -> T::Output
    where
        P: AsyncFnOnce(Builder, &mut Fakes) -> Result<Builder>,
        B: FnOnce(Registry, Fakes) -> T,
        T: Future,
    {
        self.runtime().block_on(async {
            let mut fakes = Fakes::default();
            let builder = match prepare(Registry::builder().isolated(), &mut fakes).await {
                Ok(builder) => builder,
                Err(error) => panic!("the test could not be prepared: {error}"),
            };
            let registry = match builder.isolated().boot().await {
                Ok(registry) => registry,
                Err(error) => panic!("{error}"),
            };
            let outcome = caught_payload(registry.scope(body(registry.clone(), fakes))).await;
            let shutdown = registry.shutdown().await;
            match outcome {
                // The panic of the test is reported rather than an unclean shutdown that follows from it.
                Err(payload) => std::panic::resume_unwind(payload),
                Ok(output) => match shutdown {
                    Ok(_) => output,
                    Err(error) => panic!("{error}"),
                },
            }
        })
    }

    fn runtime(&self) -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        #[cfg(feature = "multi-thread")]
        if let Some(threads) = self.worker_threads {
            builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads);
        }
        builder.enable_all();
        #[cfg(feature = "test-util")]
        builder.start_paused(self.start_paused);
        match builder.build() {
            Ok(runtime) => runtime,
            Err(error) => panic!("the test's runtime could not be built: {error}"),
        }
    }
}
