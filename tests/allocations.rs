//! A guarded call that does not wait does not allocate: sync and async, with and without a receiver, in the process registry and
//! in an isolated one, and inside another guarded call.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use service_core::{NotReady, Registry, Result, guarded, service};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "an allocator is unsafe to write")]
// SAFETY: every call is forwarded to the system allocator unchanged. The counter has no destructor and does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller upholds the contract of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds the contract of `GlobalAlloc`.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

/// The output of a future that is ready at its first poll.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future is not ready"),
    }
}

#[service(autowire)]
struct Tally {
    #[service(default = 7)]
    base: u64,
}

#[guarded]
impl Tally {
    pub fn add(&self, number: u64) -> Result<u64, NotReady> {
        Ok(self.base + number)
    }

    pub async fn add_later(&self, number: u64) -> Result<u64, NotReady> {
        Ok(self.base + number)
    }

    pub fn nested(&self) -> Result<u64, NotReady> {
        self.add(now(self.add_later(1))?)
    }

    pub async fn nested_later(&self) -> Result<u64, NotReady> {
        self.add(self.add_later(1).await?)
    }

    pub fn of_current() -> Result<u64, NotReady> {
        Ok(1)
    }

    pub async fn of_current_later() -> Result<u64, NotReady> {
        Ok(1)
    }

    pub async fn yields(&self) -> Result<u64, NotReady> {
        tokio::task::yield_now().await;
        self.add(1)
    }
}

fn all(tally: &Tally) -> Result<(), NotReady> {
    tally.add(1)?;
    tally.nested()?;
    now(tally.add_later(1))?;
    now(tally.nested_later())?;
    Tally::of_current()?;
    now(Tally::of_current_later())?;
    Ok(())
}

#[track_caller]
fn allocates_nothing(of: &str, tally: &Arc<Tally>) {
    // The first calls assign a lane to each method and a number to the thread.
    all(tally).expect("the service is ready");
    assert_eq!(allocations(|| all(tally).expect("the service is ready")), 0, "{of}");
}

async fn calls_do_not_allocate() -> Result<()> {
    let registry = Registry::boot().await?;
    let tally = registry.get::<Tally>()?;
    allocates_nothing("in the process registry", &tally);
    registry.scope(async { allocates_nothing("in the scope of the process registry", &tally) }).await;
    tally.yields().await?;

    let other = Registry::builder().isolated().boot().await?;
    let elsewhere = other.get::<Tally>()?;
    other.scope(async { allocates_nothing("in an isolated registry", &elsewhere) }).await;

    let by_hand = Arc::new(Tally { base: 1 });
    allocates_nothing("a value built by hand", &by_hand);

    registry.shutdown().await?;
    let refused = allocations(|| assert!(tally.add(1).is_err() && now(tally.add_later(1)).is_err()));
    assert_eq!(refused, 0, "a refused call does not allocate");
    other.shutdown().await?;
    Ok(())
}

// shows: D09
#[tokio::test]
async fn a_guarded_call_that_does_not_wait_allocates_nothing() -> Result<()> {
    calls_do_not_allocate().await
}
