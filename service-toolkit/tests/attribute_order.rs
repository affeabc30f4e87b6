//! Which attribute is outside of which, and where `#[guarded]` is.
#![cfg(all(feature = "boundary", feature = "cache", feature = "operation", feature = "retry"))]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::fmt::Display;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use harness::{Events, settle};
use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use service_toolkit::{Cache, OperationScope, cached, error_boundary, operation, retry};
use tokio::time::Instant;

fn counted(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

#[service(lazy)]
struct Pages {
    cx: Context<Pages>,
    calls: AtomicU32,
    pages: Cache<u32, String>,
}

impl Lifecycle for Pages {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { cx: cx.clone(), calls: AtomicU32::new(0), pages: Cache::new(10) })
    }
}

/// The error of a page.
#[derive(Debug)]
enum PageError {
    NotReady(NotReady),
    Missing(u32),
}

impl From<NotReady> for PageError {
    fn from(refusal: NotReady) -> Self {
        Self::NotReady(refusal)
    }
}

impl Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotReady(refusal) => refusal.fmt(f),
            Self::Missing(call) => write!(f, "call {call}"),
        }
    }
}

#[guarded]
impl Pages {
    /// The cache is outside of the retries: a value that is kept needs no attempt.
    #[operation]
    #[cached(cache = self.pages)]
    #[retry(attempts = 3, delay = "1s")]
    pub(crate) async fn page(&self, number: u32) -> Result<String, PageError> {
        assert_eq!(OperationScope::current().unwrap().name(), "page");
        match counted(&self.calls) {
            call if call < number => Err(PageError::Missing(call)),
            call => Ok(format!("{number} after {call}")),
        }
    }

    #[error_boundary(fallback = 0)]
    #[guarded(refuse)]
    #[retry(attempts = 2, delay = "1s")]
    pub(crate) async fn fails(self: &Arc<Self>) -> Result<u32, PageError> {
        Err(PageError::Missing(counted(&self.calls)))
    }

    #[cached(cache = &self.pages, key = 77)]
    pub(crate) async fn shared(self: Arc<Self>) -> Result<String, PageError> {
        let this = self;
        Ok(this.cx.name().to_owned())
    }

    #[retry(attempts = 2, delay = "1s")]
    pub(crate) async fn waits(&self) -> Result<u32, PageError> {
        counted(&self.calls);
        pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_upper_attribute_is_outside_and_the_guard_is_outside_of_all() {
    let events = Events::record();
    let registry = Registry::builder().isolated().only::<Pages>().boot().await.unwrap();
    let pages = registry.wait_ready::<Pages>().await.unwrap();
    let began = Instant::now();
    assert_eq!(pages.page(3).await.unwrap(), "3 after 3");
    assert_eq!(began.elapsed(), Duration::from_secs(3), "two pauses of an attribute that is inside of the guard");
    assert_eq!(pages.page(3).await.unwrap(), "3 after 3");
    assert_eq!(began.elapsed(), Duration::from_secs(3), "it is kept");
    assert_eq!(pages.pages.stats().loads, 1, "the cache is outside of the retries");
    // The same with the guard between the others.
    assert_eq!(pages.fails().await.unwrap(), 0);
    assert_eq!(pages.calls.load(Ordering::Relaxed), 5, "the boundary is outside of the retries");
    assert_eq!(events.with("failed, and the fallback is used").len(), 1);
    assert_eq!(pages.clone().shared().await.unwrap(), "Pages");

    registry.shutdown().await.unwrap();
    let events = Events::record();
    let refused = |error: PageError| matches!(error, PageError::NotReady(_));
    assert!(refused(pages.page(3).await.unwrap_err()), "a cached value is not returned");
    assert!(refused(pages.fails().await.unwrap_err()), "a refusal is not replaced");
    assert!(refused(pages.shared().await.unwrap_err()));
    assert!(events.with("").is_empty(), "a refused call is neither retried nor an operation");
}

#[tokio::test(start_paused = true)]
async fn two_registries_do_not_share_values() {
    let boot = async || Registry::builder().isolated().only::<Pages>().boot().await.unwrap();
    let (one, two) = (boot().await, boot().await);
    let (first, second) = (one.wait_ready::<Pages>().await.unwrap(), two.wait_ready::<Pages>().await.unwrap());
    assert_eq!(first.page(2).await.unwrap(), "2 after 2");
    second.calls.store(7, Ordering::Relaxed);
    assert_eq!(second.page(2).await.unwrap(), "2 after 8");
    for registry in [one, two] {
        registry.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_restarted_service_does_not_return_values_of_its_former_instance() {
    let registry = Registry::builder().isolated().only::<Pages>().boot().await.unwrap();
    let pages = registry.wait_ready::<Pages>().await.unwrap();
    pages.calls.store(7, Ordering::Relaxed);
    assert_eq!(pages.page(1).await.unwrap(), "1 after 8");
    registry.restart::<Pages>().await.unwrap();
    let again = registry.wait_ready::<Pages>().await.unwrap();
    assert_eq!(again.page(1).await.unwrap(), "1 after 1");
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_an_admitted_call_and_is_dropped_with_it() {
    let registry = Registry::builder().isolated().only::<Pages>().boot().await.unwrap();
    let pages = registry.wait_ready::<Pages>().await.unwrap();
    let call = tokio::spawn({
        let pages = pages.clone();
        async move { pages.waits().await }
    });
    settle().await;
    assert_eq!(pages.calls.load(Ordering::Relaxed), 1);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(registry.shutdown().await.unwrap().is_clean());
}
