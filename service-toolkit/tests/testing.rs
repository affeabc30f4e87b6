//! The testing tools: what they record, and what they say when a test fails.
#![cfg(all(feature = "testing", feature = "event_bus", feature = "retry", feature = "boundary"))]

mod harness;
mod host;

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use futures_util::FutureExt;
use harness::{ms, poll_once, settle};
use host::{Owner, boot};
use service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};
use service_toolkit::testing::ContextStep::{Cancelled, CleanedUp, Entered, Failed, Panicked, Returned};
use service_toolkit::testing::{ContextTester, EventWatch, LeakCheck, Mock, eventually};
use service_toolkit::{Boundary, EventBus, RetryPolicy, retry};
use tokio::time::{Instant, sleep, timeout};

type Answer = Result<u32, &'static str>;

/// The message with which a future panics.
async fn panic_of<F: Future>(future: F) -> String {
    let Err(panic) = AssertUnwindSafe(future).catch_unwind().await else { return "no panic".to_owned() };
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

// The mock.

#[tokio::test(start_paused = true)]
async fn a_mock_answers_in_order_and_then_for_good() {
    let mock =
        Mock::new("Bank::charge").returns(9).returns_once(1).returns_each([2, 3]).answers_once(|cents| cents * 2);
    let mut answers = Vec::new();
    for cents in 10..16 {
        answers.push(mock.call(cents).await);
    }
    assert_eq!(answers, [1, 2, 3, 26, 9, 9]);
    assert_eq!(mock.calls(), [10, 11, 12, 13, 14, 15]);
    mock.verify();
    let _reprogrammed = mock.clone().returns(5).returns_once(4);
    assert_eq!((mock.call(0).await, mock.call(0).await), (4, 5), "a clone shares the answers");
}

#[tokio::test(start_paused = true)]
async fn failures_and_delays_follow_the_clock_of_tokio() {
    let mock: Mock<(), Answer> = Mock::new("Bank::charge").returns_once(Err("busy")).delay(ms(200)).returns(Ok(1));
    let begin = Instant::now();
    let policy = RetryPolicy::fixed(3, ms(1000));
    assert_eq!(retry(policy, || mock.call(())).await.map_err(|error| error.to_string()), Ok(1));
    assert_eq!(begin.elapsed(), ms(1200));
    assert_eq!(mock.times(), [ms(0), ms(1000)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_panics_with_the_name_and_the_arguments() {
    let mock: Mock<_, ()> = Mock::new("Bank::charge").returns_once(());
    mock.call(("Ada", 1)).await;
    let panic = panic_of(mock.call(("Ada", 2))).await;
    assert_eq!(panic, r#"mock `Bank::charge` has no answer to call 2, with ("Ada", 2)"#);
    assert_eq!(mock.calls(), [("Ada", 1), ("Ada", 2)]);
}

#[tokio::test(start_paused = true)]
async fn verify_reports_what_the_code_under_test_contained() {
    let mock: Mock<(), Answer> = Mock::new("Bank::charge");
    let boundary = Boundary::new("charge").fallback(0);
    assert_eq!(boundary.run(|| mock.call(())).await.ok(), Some(0));
    let _more = mock.clone().returns_each([Ok(1), Ok(2)]);
    let panic = panic_of(async { mock.verify() }).await;
    assert_eq!(panic, "mock `Bank::charge`: 2 answers were not used, and 1 calls had no answer");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_or_is_dropped_is_counted_as_cancelled() {
    let mock = Mock::new("Bank::charge").hangs_once().delay(ms(50)).returns(1);
    assert!(timeout(ms(10_000), mock.call(())).await.is_err());
    assert!(timeout(ms(20), mock.call(())).await.is_err());
    drop(mock.call(()));
    assert_eq!((mock.cancelled(), mock.calls().len()), (2, 2), "a call that was never polled has not begun");
    let caller = tokio::spawn({
        let mock = mock.clone();
        async move { mock.call(()).await }
    });
    mock.called(3).await;
    assert!(!caller.is_finished(), "`called` returns when the call begins");
    assert_eq!(caller.await.ok(), Some(1));
}

// The tester for scopes.

/// Runs the cleanup also if the body fails, and on a task of its own if the scope is dropped or the body panics.
async fn scope<T, F: Future<Output = T>>(body: F, cleanup: impl Future<Output = ()> + Send + 'static) -> T {
    struct OnDrop<C: Future<Output = ()> + Send + 'static>(Option<C>);
    impl<C: Future<Output = ()> + Send + 'static> Drop for OnDrop<C> {
        fn drop(&mut self) {
            self.0.take().map(tokio::spawn);
        }
    }
    let mut shielded = OnDrop(Some(cleanup));
    let output = body.await;
    if let Some(cleanup) = shielded.0.take() {
        cleanup.await;
    }
    output
}

#[tokio::test(start_paused = true)]
async fn a_context_tester_records_every_way_out() {
    let tester = ContextTester::new();
    assert!(!tester.entered() && !tester.exited() && !tester.cleaned_up());
    let body = tester.body(async {
        assert!(tester.entered() && !tester.exited());
        7
    });
    assert_eq!(scope(body, tester.cleanup()).await, 7);
    assert_eq!(tester.steps(), [Entered, Returned, CleanedUp]);
    assert!(tester.exited() && tester.cleaned_up());

    let tester = ContextTester::new();
    let body = tester.try_body(async { Err::<(), _>("full") });
    assert_eq!(scope(body, tester.cleanup()).await, Err("full"));
    assert_eq!(tester.steps(), [Entered, Failed, CleanedUp]);

    let tester = ContextTester::new();
    let panic = panic_of(scope(tester.body(async { panic!("seeded") }), tester.cleanup())).await;
    settle().await;
    assert_eq!((panic.as_str(), tester.steps()), ("seeded", vec![Entered, Panicked, CleanedUp]));

    let tester = ContextTester::new();
    let mut cancelled = Box::pin(scope(tester.body(pending::<()>()), tester.cleanup()));
    assert!(poll_once(cancelled.as_mut()).is_pending());
    drop(cancelled);
    settle().await;
    assert_eq!(tester.steps(), [Entered, Cancelled, CleanedUp]);
}

#[tokio::test(start_paused = true)]
async fn a_context_tester_shows_a_cleanup_that_did_not_run() {
    let tester = ContextTester::new();
    drop(tester.cleanup());
    tester.body(async {}).await;
    assert!(tester.exited() && !tester.cleaned_up());
    let guard = tester.guard();
    tester.body(async {}).await;
    drop(guard);
    assert!(!tester.cleaned_up(), "two bodies, one cleanup");
    assert_eq!(tester.steps(), [Entered, Returned, Entered, Returned, CleanedUp]);
}

// Assertions with a deadline.

#[tokio::test(start_paused = true)]
async fn eventually_returns_the_value_once_it_is_there() {
    let begin = Instant::now();
    let value = eventually(ms(100), || (begin.elapsed() >= ms(40)).then_some("there"));
    assert_eq!((value.await, begin.elapsed()), ("there", ms(40)));
    eventually(ms(60), || begin.elapsed() >= ms(100)).await;
    eventually(ms(0), || true).await;
}

#[tokio::test(start_paused = true)]
async fn eventually_panics_at_its_deadline_with_the_last_error_and_the_place() {
    let (begin, mut checks) = (Instant::now(), 0);
    let waiting = eventually(ms(20), || {
        checks += 1;
        Err::<(), _>(checks)
    });
    let line = line!() - 4;
    let panic = panic_of(waiting).await;
    let file = file!();
    assert_eq!(panic, format!("the condition at {file}:{line}:19 was not met within 20ms: {checks}"));
    assert_eq!((begin.elapsed(), checks), (ms(20), 21));
}

// Events.

struct Created(&'static str);
struct Deleted;

#[tokio::test(start_paused = true)]
async fn a_watch_sees_an_event_of_any_type_with_or_without_a_listener() -> Result<()> {
    let (registry, owner, user) = boot().await;
    let bus = EventBus::with_capacity(&owner, 1);
    assert_eq!(bus.emit(Created("before")).await, 0);
    let mut events = EventWatch::new(&bus);
    bus.subscribe(&user, "listener", |_: Arc<Created>| async {});
    tokio::spawn({
        let bus = bus.clone();
        async move {
            sleep(ms(90)).await;
            bus.emit_nowait(Deleted);
            bus.emit(Created("Ada")).await;
            bus.emit(Created("Grace")).await;
        }
    });
    assert_eq!(events.next::<Created>(ms(100)).await.0, "Ada");
    assert_eq!(events.next_where(ms(100), |event: &Created| event.0 == "Grace").await.0, "Grace");
    drop(events);
    bus.emit_nowait(Deleted);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_watch_lists_what_came_instead() -> Result<()> {
    let (registry, owner, _user) = boot().await;
    let bus = EventBus::new(&owner);
    let mut events = EventWatch::new(&bus);
    let panic = panic_of(events.next::<Created>(ms(100))).await;
    assert!(
        panic.starts_with("no event `testing::Created` that is accepted at service-toolkit/tests/testing.rs:"),
        "{panic}"
    );
    assert!(panic.ends_with("within 100ms: no event came"), "{panic}");
    bus.emit_nowait(Deleted);
    bus.emit_nowait(Created("Grace"));
    let panic = panic_of(events.next_where(ms(100), |event: &Created| event.0 == "Ada")).await;
    assert!(panic.ends_with("within 100ms: instead came testing::Deleted, testing::Created"), "{panic}");
    registry.shutdown().await?;
    bus.emit_nowait(Deleted);
    let panic = panic_of(events.next::<Deleted>(ms(100))).await;
    assert!(panic.ends_with("no event came"), "the bus refused it: {panic}");
    Ok(())
}

// Leaks.

#[tokio::test(start_paused = true)]
async fn a_leak_check_names_values_and_tasks_that_are_alive() -> Result<()> {
    let mut leaks = LeakCheck::begin();
    let (registry, owner, user) = boot().await;
    let service = registry.get::<Owner>()?;
    leaks.watch("Owner", &service);
    let (kept, freed) = (Arc::new("kept"), Arc::new("freed"));
    leaks.watch("kept", &kept);
    leaks.watch("freed", &freed);
    drop((owner, user, freed));
    let task = tokio::spawn(pending::<()>());
    registry.shutdown().await?;
    drop(registry);
    settle().await;
    assert_eq!(leaks.alive(), ["Owner (owners: 1)", "kept (owners: 1)", "tasks: 1"]);
    let line = line!() + 1;
    let ending = leaks.end(ms(100));
    drop(service);
    let panic = panic_of(ending).await;
    let file = file!();
    assert_eq!(
        panic,
        format!(r#"the leak check at {file}:{line}:24 was not met within 100ms: ["kept (owners: 1)", "tasks: 1"]"#)
    );
    task.abort();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_leak_check_waits_for_what_ends_in_time() -> Result<()> {
    tokio::spawn(pending::<()>()); // not a leak: it was there before
    let mut leaks = LeakCheck::begin();
    let value = Arc::new(());
    leaks.watch("value", &value);
    tokio::spawn(async move {
        sleep(ms(50)).await;
        drop(value);
    });
    leaks.end(ms(100)).await;
    Ok(())
}

// A service under test: reset, replaced and torn down by `#[service_core::test]`.

static LIVES: LazyLock<Mutex<Vec<&str>>> = LazyLock::new(Mutex::default);

trait Mailer: Send + Sync {
    fn send(&self, to: &str) -> futures_util::future::BoxFuture<'_, Result<(), String>>;
}

struct FakeMailer(Mock<String, Result<(), String>>);

impl Mailer for FakeMailer {
    fn send(&self, to: &str) -> futures_util::future::BoxFuture<'_, Result<(), String>> {
        Box::pin(self.0.call(to.to_owned()))
    }
}

#[service(autowire, provides = [dyn Mailer], lazy)]
struct Smtp;

impl Mailer for Smtp {
    fn send(&self, _to: &str) -> futures_util::future::BoxFuture<'_, Result<(), String>> {
        unreachable!("no test sends real mail")
    }
}

#[service(requires = [dyn Mailer], lazy)]
struct Welcome {
    mailer: Arc<dyn Mailer>,
    sent: AtomicUsize,
}

impl Lifecycle for Welcome {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { mailer: cx.get(), sent: AtomicUsize::new(0) })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        LIVES.lock().expect("no test panics with it").push("shut down");
        Ok(())
    }
}

#[guarded]
impl Welcome {
    pub(crate) async fn send(&self, to: &str) -> Result<usize> {
        self.mailer.send(to).await?;
        Ok(self.sent.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

static FAILS_ONCE: LazyLock<Mock<String, Result<(), String>>> =
    LazyLock::new(|| Mock::new("Mailer::send").returns_once(Err("no route".to_owned())).returns(Ok(())));

#[service_core::test(replace(dyn Mailer = Arc::new(FakeMailer(FAILS_ONCE.clone()))), start_paused = true)]
async fn a_service_is_tested_with_a_mock_in_place_of_what_it_requires(welcome: Arc<Welcome>) -> Result<()> {
    assert_eq!(welcome.send("Ada").await.map_err(|error| error.to_string()), Err("no route".to_owned()));
    assert_eq!(welcome.send("Ada").await.ok(), Some(1));
    assert_eq!(FAILS_ONCE.calls(), ["Ada", "Ada"]);
    FAILS_ONCE.verify();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_registry_begins_with_a_fresh_service_and_shuts_it_down() -> Result<()> {
    for _ in 0..2 {
        let mailer: Arc<dyn Mailer> = Arc::new(FakeMailer(Mock::new("Mailer::send").returns(Ok(()))));
        let registry = Registry::builder().isolated().only::<Welcome>().replace_dyn(mailer).boot().await?;
        let welcome = registry.get::<Welcome>()?;
        assert_eq!(welcome.send("Ada").await.ok(), Some(1), "the count of the earlier registry is gone");
        let before = LIVES.lock().expect("no test panics with it").len();
        registry.shutdown().await?;
        assert!(LIVES.lock().expect("no test panics with it").len() > before);
        assert!(welcome.send("Ada").await.is_err_and(|error| error.downcast_ref::<NotReady>().is_some()));
    }
    Ok(())
}
