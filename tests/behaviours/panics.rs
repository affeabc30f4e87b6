//! Panics in the code of a service are failures of that service alone.

use service_core::{Definition, Phase, Result, StopOutcome};
use tests::{EventCollector, Recorder, isolated, ms};
use tokio::time::sleep;

/// Boots a service that panics while another one is ready, and returns the message of the panic.
async fn panicking(init: fn()) -> Option<String> {
    let recorder = Recorder::new();
    let error = isolated()
        .define(recorder.quick("sibling"))
        .define(Definition::new("a").init(move |_| async move {
            sleep(ms(1)).await;
            init();
            Ok(())
        }))
        .boot()
        .await
        .expect_err("it panics");
    assert_eq!(recorder.count("down sibling"), 1, "the sibling stops as in any rollback");
    assert_eq!(*error.failures()[0].phase(), Phase::Init);
    error.failures()[0].panic_message().map(str::to_owned)
}

// shows: F11
#[tokio::test(start_paused = true)]
async fn a_panic_in_an_init_is_a_failure_with_the_panic_message() {
    assert_eq!(panicking(|| panic!("in words")).await.as_deref(), Some("in words"));
    assert_eq!(panicking(|| panic!("in {} words", 3)).await.as_deref(), Some("in 3 words"));
    let payload = panicking(|| std::panic::panic_any(7)).await;
    assert_eq!(payload.as_deref(), Some("a payload that is not text"));
}

// shows: F12
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_shutdown_is_reported_and_the_other_services_stop() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("below"))
        .define(Definition::new("a").requires(["below"]).shutdown(|_, _| async { panic!("no way down") }))
        .boot()
        .await?;
    let error = registry.shutdown().await.expect_err("it panics");
    let report = error.report().expect("it was waited for");
    let failures: Vec<_> = report.failures().map(|it| (it.service(), it.panic_message())).collect();
    assert_eq!(failures, [("a", Some("no way down"))]);
    assert_eq!(recorder.count("down below"), 1);
    Ok(())
}

// shows: F12
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_shutdown_closure_before_its_future_is_reported() -> Result<()> {
    let shutdown = |_, _| -> std::future::Ready<Result<()>> { panic!("no future") };
    let registry = isolated().define(Definition::new("a").shutdown(shutdown)).boot().await?;
    let error = registry.shutdown().await.expect_err("it panics");
    let failure = error.report().and_then(|report| report.failures().next());
    assert_eq!(failure.and_then(|failure| failure.panic_message()), Some("no future"));
    Ok(())
}

// shows: F12
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_cleanup_or_a_task_is_reported_and_the_other_cleanups_run() -> Result<()> {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let deferred = recorder.clone();
    let registry = isolated()
        .on_event(collector.listener())
        .define(Definition::new("a").init(move |cx| {
            let recorder = deferred.clone();
            cx.defer(async move { recorder.record("first cleanup") });
            cx.defer(async { panic!("second cleanup") });
            cx.spawn("tick", async { panic!("tick") });
            async { Ok(()) }
        }))
        .boot()
        .await?;
    let error = registry.shutdown().await.expect_err("it panics");
    assert_eq!(recorder.entries(), ["first cleanup"]);
    assert_eq!(collector.of("task failed"), ["a"]);
    let outcome = &error.report().expect("it was waited for").services[0].outcome;
    let StopOutcome::Failed(failure) = outcome else { panic!("{outcome}") };
    assert_eq!(*failure.phase(), Phase::Task("tick".into()), "the first failure");
    Ok(())
}

// shows: F13
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_listener_affects_neither_the_registry_nor_other_listeners() -> Result<()> {
    let collector = EventCollector::new();
    let registry = isolated()
        .on_event(|_| panic!("a bad listener"))
        .on_event(collector.listener())
        .define(Definition::new("a"))
        .boot()
        .await?;
    registry.shutdown().await?;
    assert_eq!(collector.of("ready"), ["a"]);
    assert_eq!(collector.of("stopped"), ["a"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_health_check_is_unhealthy() -> Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};
    static UNHEALTHY: AtomicBool = AtomicBool::new(false);
    let health = |_| async {
        assert!(!UNHEALTHY.load(Ordering::SeqCst), "no pulse");
        service_core::Health::Healthy
    };
    let registry = isolated().define(Definition::new("a").health(health)).define(Definition::new("b")).boot().await?;
    UNHEALTHY.store(true, Ordering::SeqCst);
    let report = registry.health().await;
    let health: Vec<_> = report.services.iter().map(|it| (it.name.as_str(), it.health.to_string())).collect();
    assert_eq!(health, [("a", "unhealthy: its check panicked: no pulse".into()), ("b", "healthy".into())]);
    registry.shutdown().await?;
    Ok(())
}

/// An error whose text contains the text of its source.
#[derive(Debug)]
struct Wrapped(std::num::ParseIntError);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a bad port: {}", self.0)
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_chain_does_not_repeat_the_text_of_a_source() {
    let init = async |_| Err::<u16, _>(Wrapped("x".parse::<u16>().expect_err("it is no number")).into());
    let error = isolated().define(Definition::new("a").init(init)).boot().await.expect_err("it fails").to_string();
    assert!(error.contains("failed after 0ns: a bad port: invalid digit found in string (tests/"), "{error}");
}

/// An error whose `Display` panics.
struct Mute;

impl std::fmt::Display for Mute {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no words")
    }
}

impl std::fmt::Debug for Mute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Mute {}

// shows: F11
#[tokio::test(start_paused = true)]
async fn an_error_whose_display_panics_is_still_reported() {
    let error = isolated().define(Definition::new("a").init(async |_| Err::<(), _>(Mute.into()))).boot().await;
    let error = error.expect_err("it fails").to_string();
    assert!(
        error.contains("init of a failed after 0ns: (its Display panicked) (tests/behaviours/panics.rs:"),
        "{error}"
    );
}

// shows: F12
#[tokio::test(start_paused = true)]
async fn an_error_whose_display_panics_does_not_prevent_the_shutdown() -> Result<()> {
    let recorder = Recorder::new();
    let down = recorder.clone();
    let definition = Definition::new("a").init(async |cx| {
        let restart = service_core::Restart::transient().intensity(0, ms(1));
        cx.tasks().supervised("feed", restart, || async {
            sleep(ms(1)).await;
            Err::<(), _>(Mute)
        });
        Ok(())
    });
    let definition = definition.shutdown(move |_, _| {
        down.record("down");
        async { Err(Mute.into()) }
    });
    let registry = isolated().define(definition).boot().await?;
    let error = registry.stopped().await.expect_err("its task fails permanently").to_string();
    assert!(error.contains("task feed of a failed after 1ms: (its Display panicked)"), "{error}");
    assert_eq!(recorder.count("down"), 1);
    Ok(())
}

// shows: F11
#[tokio::test(start_paused = true)]
async fn the_cleanups_run_after_a_panic_payload_that_panics_when_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "a bomb");
        }
    }
    let recorder = Recorder::new();
    let cleaned = recorder.clone();
    let definition = Definition::new("a").init(move |cx| {
        let recorder = cleaned.clone();
        cx.defer(async move { recorder.record("cleaned up") });
        async { std::panic::panic_any(Bomb) }
    });
    let error = isolated().define::<()>(definition).boot().await.expect_err("it panics");
    assert_eq!(error.failures()[0].panic_message(), Some("a payload that is not text"));
    assert_eq!(recorder.entries(), ["cleaned up"]);
}
