//! Code of the user's that runs besides hooks: destructors, the text of errors, and cleanups of cleanups.

use std::error::Error;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};

use service_core::{Context, Definition, Health, Phase, Result};
use tests::{isolated, ms, secs};

#[tokio::test]
async fn a_cleanup_that_always_defers_another_one_ends_with_the_budget() -> Result<()> {
    fn defer(cx: Context<()>) {
        let next = cx.clone();
        cx.defer(async move { defer(next) });
    }
    let definition = Definition::new("a").shutdown_timeout(ms(50)).init(|cx: Context<()>| {
        defer(cx);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    let error = registry.shutdown().await.expect_err("one cleanup did not run");
    assert!(error.to_string().contains("1 more deferred when the budget had ended"), "{error}");
    Ok(())
}

/// Nothing would run it. If it were kept, a cleanup with a context in it would keep itself.
#[tokio::test(start_paused = true)]
async fn a_cleanup_that_is_deferred_after_the_service_has_stopped_is_dropped() -> Result<()> {
    let (registry, cx) = {
        let kept = Arc::new(Mutex::new(None));
        let keeps = kept.clone();
        let definition = Definition::new("a").init(move |cx: Context<()>| {
            *keeps.lock().unwrap() = Some(cx);
            async { Ok(()) }
        });
        let registry = isolated().define(definition).boot().await?;
        let cx = kept.lock().unwrap().take().expect("it was made");
        (registry, cx)
    };
    registry.shutdown().await?;
    let held = Arc::new(());
    let holds = held.clone();
    cx.defer(async move { drop(holds) });
    assert_eq!(Arc::strong_count(&held), 1);
    Ok(())
}

/// An error that is its own source.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("endless")
    }
}

impl Error for Endless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_its_own_source_has_a_text() {
    let definition = Definition::new("a").init(async |_| Err::<(), _>(Box::new(Endless) as _));
    let error = isolated().define(definition).boot().await.expect_err("it fails");
    assert!(error.to_string().contains("endless"), "{error}");
}

struct PanickingDrop;

impl Drop for PanickingDrop {
    fn drop(&mut self) {
        panic!("the destructor panics");
    }
}

#[tokio::test(start_paused = true)]
async fn a_destructor_that_panics_hides_neither_the_failure_nor_the_undo() -> Result<()> {
    for place in ["start", "health", "hang"] {
        let cleaned = Arc::new(Mutex::new(Vec::new()));
        let entries = cleaned.clone();
        let definition = Definition::new("a")
            .init_timeout(secs(1))
            .init(move |cx: Context<PanickingDrop>| {
                let (cleanup, task, stopping) = (entries.clone(), entries.clone(), cx.stopping());
                cx.defer(async move { cleanup.lock().expect("no holder panics").push("cleanup") });
                cx.spawn("task", async move {
                    stopping.cancelled().await;
                    task.lock().expect("no holder panics").push("task");
                });
                async { Ok(PanickingDrop) }
            })
            .start(move |_, _| async move {
                match place {
                    "start" => Err("the cause".into()),
                    "hang" => pending().await,
                    _ => Ok(()),
                }
            })
            .health(move |_| async move {
                if place == "health" { Health::unhealthy("the cause") } else { Health::Healthy }
            });
        let error = isolated().define(definition).boot().await.expect_err(place);
        let first = error.failures()[0].to_string();
        assert!(
            first.contains(if place == "hang" { "did not end within 1s" } else { "the cause" }),
            "{place}: {first}"
        );
        let rollback = error.rollback().map(ToString::to_string).unwrap_or_default();
        assert!(rollback.contains("the destructor panics"), "{place}: {error}");
        assert_eq!(*cleaned.lock().expect("no holder panics"), ["task", "cleanup"], "{place}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_destructor_that_panics_in_a_shutdown_is_reported_with_the_rest() -> Result<()> {
    let definition = Definition::new("a").init(async |_| Ok(PanickingDrop)).shutdown(async |_, _| Err("no".into()));
    let registry = isolated().define(definition).boot().await?;
    let error = registry.shutdown().await.expect_err("both fail");
    let report = error.report().expect("it was waited for");
    let failures: Vec<_> = report.failures().map(|failure| failure.phase().clone()).collect();
    assert_eq!(failures, [Phase::Shutdown, Phase::Cleanup], "{report}");
    Ok(())
}
