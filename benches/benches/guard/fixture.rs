//! [`Fixture`]: the service that is called, and what its calls are compared with.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, RwLock};

use service_core::{NotReady, Registry, Result, guarded, service};
use tokio::runtime::{self, Runtime};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// A service whose methods do almost nothing, so that the call itself dominates.
#[service(autowire)]
pub(crate) struct Ledger {
    #[service(default = 7)]
    base: u64,
}

// Not inlined, so that the instructions of the call can be counted and shown.
impl Ledger {
    #[inline(never)]
    pub(crate) fn plain(&self, number: u64) -> Result<u64, NotReady> {
        Ok(number + self.base)
    }

    #[guarded]
    #[inline(never)]
    pub(crate) fn guarded(&self, number: u64) -> Result<u64, NotReady> {
        Ok(number + self.base)
    }

    pub(crate) async fn plain_async(&self, number: u64) -> Result<u64, NotReady> {
        Ok(number + self.base)
    }

    #[guarded]
    pub(crate) async fn guarded_async(&self, number: u64) -> Result<u64, NotReady> {
        Ok(number + self.base)
    }

    #[guarded]
    #[inline(never)]
    pub(crate) fn guarded_anywhere(number: u64) -> Result<u64, NotReady> {
        Ok(number + 7)
    }
}

/// A running registry, and everything that its calls are compared with.
pub(crate) struct Fixture {
    pub(crate) runtime: Runtime,
    registry: Registry,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) once: OnceLock<Arc<Ledger>>,
    pub(crate) lock: RwLock<Arc<Ledger>>,
    pub(crate) counter: AtomicU64,
    pub(crate) tracker: TaskTracker,
    pub(crate) semaphore: Semaphore,
}

impl Fixture {
    pub(crate) fn boot() -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let registry = runtime.block_on(Registry::boot())?;
        let ledger = registry.get::<Ledger>()?;
        Ok(Self {
            once: OnceLock::from(ledger.clone()),
            lock: RwLock::new(ledger.clone()),
            counter: AtomicU64::new(0),
            tracker: TaskTracker::new(),
            semaphore: Semaphore::new(1024),
            runtime,
            registry,
            ledger,
        })
    }

    pub(crate) fn shutdown(self) -> Result<()> {
        self.runtime.block_on(self.registry.shutdown())?;
        Ok(())
    }
}
