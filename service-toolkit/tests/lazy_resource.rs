//! The lazy resource, on the paused clock.
#![cfg(feature = "lazy_resource")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod host;

use std::error::Error;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use host::{Seed, settle};
use service_core::Result;
use service_toolkit::LazyResource;
use service_toolkit::lazy_resource::LazyError;
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Session {
    number: u32,
    closed: AtomicBool,
}

fn closed(session: &Session) -> bool {
    session.closed.load(Ordering::SeqCst)
}

/// Makes numbered sessions, a second each.
fn sessions() -> LazyResource<Session> {
    let numbers = Arc::new(AtomicU32::new(0));
    let make = move || {
        let numbers = numbers.clone();
        async move {
            sleep(SECOND).await;
            Result::<_>::Ok(Session { number: numbers.fetch_add(1, Ordering::SeqCst), ..Session::default() })
        }
    };
    LazyResource::new(make).is_closed(closed)
}

#[tokio::test(start_paused = true)]
async fn it_is_made_once_at_its_first_use_by_all_callers_together() {
    let sessions = sessions();
    settle().await;
    assert_eq!(sessions.made(), 0);
    let (first, second) = tokio::join!(sessions.get(), sessions.get());
    assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()));
    assert!(timeout(SECOND / 2, sessions.get()).await.is_ok(), "it is there");
    assert_eq!(sessions.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_made_again_when_found_closed_or_reset() {
    let sessions = sessions();
    sessions.get().await.unwrap().closed.store(true, Ordering::SeqCst);
    let (first, second) = tokio::join!(sessions.get(), sessions.get());
    assert_eq!((first.unwrap().number, second.unwrap().number), (1, 1));
    assert_eq!(sessions.reset().unwrap().number, 1);
    assert!(sessions.reset().is_none());
    assert_eq!(sessions.get().await.unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn a_maker_that_fails_panics_or_is_cancelled_lets_the_next_caller_try() {
    let tries = Arc::new(AtomicU32::new(0));
    let count = tries.clone();
    let resource = LazyResource::new(move || {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(SECOND).await;
            assert!(number != 1, "a bug");
            if number == 0 { Err("no route") } else { Ok(number) }
        }
    });
    let error = resource.get().await.unwrap_err();
    assert_eq!(error.to_string(), "the resource could not be made: no route");
    assert_eq!(error.source().unwrap().to_string(), "no route");
    let panics = resource.clone();
    assert!(tokio::spawn(async move { panics.get().await.map(drop) }).await.unwrap_err().is_panic());
    assert!(timeout(SECOND / 2, resource.get()).await.is_err(), "cancelled");
    assert_eq!(*timeout(SECOND * 2, resource.get()).await.expect("not poisoned").unwrap(), 3);
    assert_eq!((resource.made(), tries.load(Ordering::SeqCst)), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_service_closes_it_only_if_it_is_open_and_then_none_is_made() {
    for (used, already_closed, closes) in [(false, false, 0), (true, false, 1), (true, true, 0)] {
        let (registry, cx, _) = host::boot().await;
        let count = Arc::new(AtomicU32::new(0));
        let closing = count.clone();
        let sessions = sessions().close_with(&cx, move |_| async move {
            closing.fetch_add(1, Ordering::SeqCst);
        });
        if used {
            sessions.get().await.unwrap().closed.store(already_closed, Ordering::SeqCst);
        }
        assert!(registry.shutdown().await.unwrap().is_clean());
        assert_eq!(count.load(Ordering::SeqCst), closes);
        assert!(matches!(sessions.get().await, Err(LazyError::Ended)));
        assert_eq!(sessions.reset().is_some(), already_closed, "one that it has closed is released");
    }
}

/// The maker is in the middle of a poll, which nothing can cancel, when the service ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_has_been_made_at_the_very_end_is_closed() {
    let (registry, cx, _) = host::boot().await;
    let (begun, begins) = std::sync::mpsc::channel();
    let (goes_on, go_on) = std::sync::mpsc::channel();
    let go_on = Arc::new(Mutex::new(go_on));
    let resource = LazyResource::new(move || {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        async move {
            begun.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
            Result::<_>::Ok(())
        }
    });
    let count = Arc::new(AtomicU32::new(0));
    let closing = count.clone();
    let resource = resource.close_with(&cx, move |_| async move {
        closing.fetch_add(1, Ordering::SeqCst);
    });
    let making = resource.clone();
    let made = std::thread::spawn(move || futures_util::FutureExt::now_or_never(making.get()).unwrap().is_ok());
    begins.recv().unwrap();
    let shutdown = tokio::spawn(async move { registry.shutdown().await.is_ok() });
    assert!(matches!(resource.get().await, Err(LazyError::Ended)));
    tokio::task::yield_now().await;
    goes_on.send(()).unwrap();
    assert!(made.join().unwrap() && shutdown.await.unwrap());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_service_cancels_the_callers_that_make_it_or_wait_for_it() {
    let (registry, cx, _) = host::boot().await;
    let resource = LazyResource::new(pending::<Result<u32>>).close_with(&cx, |_| async {});
    let calls = [resource.clone(), resource.clone()].map(|it| tokio::spawn(async move { it.get().await }));
    settle().await;
    assert!(registry.shutdown().await.unwrap().is_clean());
    for call in calls {
        assert!(matches!(call.await.unwrap(), Err(LazyError::Ended)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_has_stopped_has_no_resource() {
    let (registry, cx, _) = host::boot().await;
    registry.shutdown().await.unwrap();
    let sessions = sessions().close_with(&cx, |_| async {});
    assert!(matches!(sessions.get().await, Err(LazyError::Ended)));
}

#[tokio::test(start_paused = true)]
async fn the_check_counts_for_the_close_whatever_was_set_first() {
    let (registry, cx, _) = host::boot().await;
    let make = || async { Result::<_>::Ok(Session::default()) };
    let sessions =
        LazyResource::new(make).close_with(&cx, |_| async { panic!("it is closed already") }).is_closed(closed);
    sessions.get().await.unwrap().closed.store(true, Ordering::SeqCst);
    assert!(registry.shutdown().await.unwrap().is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_failed_close_is_in_the_report() {
    let (registry, cx, _) = host::boot().await;
    let sessions = sessions().close_with(&cx, |_| async { Err::<(), _>("no answer to the close") });
    sessions.get().await.unwrap();
    let error = registry.shutdown().await.unwrap_err();
    assert!(error.to_string().contains("no answer to the close"), "{error}");
}

/// Callers that come, give up, and close what they got: nobody gets a session that is closed, and only one is made at a time.
#[tokio::test(start_paused = true)]
async fn no_caller_gets_a_closed_one_and_none_waits_for_ever() {
    for seed in 0..50 {
        let _seed = Seed(seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let making = Arc::new(AtomicBool::new(false));
        let resource = LazyResource::new(move || {
            struct Making(Arc<AtomicBool>);
            impl Drop for Making {
                fn drop(&mut self) {
                    self.0.store(false, Ordering::SeqCst);
                }
            }
            assert!(!making.swap(true, Ordering::SeqCst), "two are made at a time");
            let guard = Making(making.clone());
            async move {
                let _guard = guard;
                sleep(Duration::from_millis(5)).await;
                Result::<_>::Ok(Session::default())
            }
        })
        .is_closed(closed);
        let mut calls = Vec::new();
        for _ in 0..50 {
            let (resource, patience) = (resource.clone(), Duration::from_millis(random.u64(1..30)));
            let closes = random.u32(0..3) == 0;
            calls.push(tokio::spawn(async move {
                if let Ok(session) = timeout(patience, resource.get()).await {
                    let session = session.unwrap();
                    assert!(!session.closed.swap(closes, Ordering::SeqCst), "it was closed");
                }
            }));
            sleep(Duration::from_millis(random.u64(0..4))).await;
        }
        for call in calls {
            call.await.unwrap();
        }
        assert!(timeout(SECOND, resource.get()).await.expect("it is free").is_ok());
    }
}

/// Uses the lazy resource when it is dropped.
struct Looks(Arc<std::sync::OnceLock<LazyResource<Looks>>>, AtomicBool);

impl Drop for Looks {
    fn drop(&mut self) {
        if let Some(lazy) = self.0.get() {
            lazy.reset();
        }
    }
}

/// On another thread, because it would hang.
#[test]
fn the_drop_of_a_resource_may_use_the_lazy_resource() {
    let (sender, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let cell = Arc::<std::sync::OnceLock<_>>::default();
            let clone = cell.clone();
            let lazy = LazyResource::new(move || {
                std::future::ready(Result::<_>::Ok(Looks(clone.clone(), AtomicBool::new(false))))
            });
            let lazy = lazy.is_closed(|looks| looks.1.load(Ordering::SeqCst));
            assert!(cell.set(lazy.clone()).is_ok());
            lazy.get().await.unwrap().1.store(true, Ordering::SeqCst);
            drop(lazy.get().await.unwrap());
            sender.send(lazy.made()).unwrap();
        });
    });
    assert_eq!(done.recv_timeout(SECOND * 10), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_a_closed_resource_which_is_closed_at_the_end() {
    let (registry, owner, _user) = host::boot().await;
    let closes = Arc::new(AtomicU32::new(0));
    let count = closes.clone();
    let lazy = LazyResource::new(|| async { Result::<_>::Ok(()) }).is_closed(|_| panic!("seeded")).close_with(
        &owner,
        move |_| async move {
            count.fetch_add(1, Ordering::SeqCst);
        },
    );
    lazy.get().await.unwrap();
    lazy.get().await.unwrap();
    assert_eq!(lazy.made(), 2);
    registry.shutdown().await.unwrap();
    assert_eq!(closes.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_drop_of_a_closed_resource_does_not_reach_the_caller() {
    struct Explosive(AtomicBool);
    impl Drop for Explosive {
        fn drop(&mut self) {
            assert!(!self.0.load(Ordering::SeqCst), "seeded");
        }
    }
    let make = || async { Result::<_>::Ok(Explosive(AtomicBool::new(false))) };
    let lazy = LazyResource::new(make).is_closed(|it| it.0.load(Ordering::SeqCst));
    lazy.get().await.unwrap().0.store(true, Ordering::SeqCst);
    assert!(!lazy.get().await.unwrap().0.load(Ordering::SeqCst));
    assert_eq!(lazy.made(), 2);
}
