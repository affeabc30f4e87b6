//! Hooks that block their thread are reported with their service and duration, on both flavors of the runtime.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use service_core::{BootFailure, Context, Definition, EventKind, Health, Phase, Result};
use tests::{isolated, ms, worker};

/// Longer than a poll may take before it counts as blocking.
const LONG: Duration = Duration::from_millis(700);

fn blocking() -> Definition<()> {
    Definition::new("culprit").init(|_| async {
        thread::sleep(LONG);
        Ok(())
    })
}

// shows: T04
#[tokio::test]
async fn an_init_that_blocks_the_only_thread_is_reported_afterwards() -> Result<()> {
    let registry =
        isolated().define(blocking()).define(Definition::new("victim").init(async |_| Ok(()))).boot().await?;
    let report = registry.report();
    let blocked = |name: &str| report.services.iter().find(|it| it.name == name).and_then(|it| it.blocked);
    assert!(blocked("culprit") >= Some(LONG), "{report}");
    assert_eq!(blocked("victim"), None, "{report}");
    assert!(report.to_string().contains("blocked its thread for"), "{report}");
    let reported = registry.events().into_iter().any(|event| {
        matches!(event.kind, EventKind::Blocking { service, elapsed, .. } if &*service == "culprit" && elapsed >= LONG)
    });
    assert!(reported);
    registry.shutdown().await?;
    Ok(())
}

// shows: T04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_init_that_blocks_one_of_several_threads_is_reported_while_it_blocks() -> Result<()> {
    let (free, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let stuck = Definition::new("culprit").init(move |_: Context<()>| {
        // The event below ends the wait. The timeout lets the test fail if there is no event.
        let reported = wait.lock().expect("only this hook waits").recv_timeout(Duration::from_secs(20));
        async move { reported.map_err(Into::into) }
    });
    let free = std::sync::Mutex::new(free);
    let listener = move |event: &service_core::Event| {
        if matches!(&event.kind, EventKind::Blocking { service, .. } if &**service == "culprit") {
            // The hook may have ended when a second event comes.
            let _ = free.lock().expect("only this listener sends").send(());
        }
    };
    let registry = isolated().define(stuck).on_event(listener).boot().await?;
    registry.shutdown().await?;
    Ok(())
}

// shows: T04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_init_that_blocks_beyond_its_budget_fails_with_an_error_that_says_so() {
    let (_never, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let stuck = Definition::<()>::new("culprit").init_timeout(ms(600)).init(move |_| {
        // The block ends, because the runtime waits for it.
        let _ = wait.lock().expect("only this hook waits").recv_timeout(Duration::from_secs(20));
        async { Ok(()) }
    });
    let began = Instant::now();
    let error = isolated().define(stuck).boot().await.expect_err("the init exceeds its budget");
    assert!(began.elapsed() < Duration::from_secs(10), "the boot does not wait for the blocked thread");
    assert!(matches!(error.failure(), BootFailure::Services { .. }));
    assert!(error.to_string().contains("blocking its thread"), "{error}");
}

#[tokio::test]
async fn a_task_that_blocks_its_thread_is_reported_by_name() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    let job = cx.spawn_job("culprit", async {
        thread::sleep(LONG);
        Ok::<_, std::io::Error>(())
    });
    job.await?;
    cx.spawn_job("victim", async { Ok::<_, std::io::Error>(()) }).await?;
    let blocking = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Blocking { phase, elapsed, .. } => Some((phase, elapsed >= LONG)),
        _ => None,
    });
    assert_eq!(blocking.collect::<Vec<_>>(), [(Phase::Task("culprit".into()), true)]);
    registry.shutdown().await?;
    Ok(())
}

/// A service that blocks its thread in one phase. It yields in no phase, so that its start and its stop are one poll each.
fn blocks_in(phase: &Phase) -> Definition<()> {
    let block = {
        let culprit = phase.clone();
        move |phase| {
            if phase == culprit {
                thread::sleep(LONG);
            }
        }
    };
    let (init, start, health, shutdown) = (block.clone(), block.clone(), block.clone(), block);
    Definition::new("culprit")
        .init(move |_| {
            init(Phase::Init);
            async { Ok(()) }
        })
        .start(move |_, _| {
            start(Phase::Start);
            async { Ok(()) }
        })
        .health(move |_| {
            health(Phase::Health);
            async { Health::Healthy }
        })
        .shutdown(move |_, _| {
            shutdown(Phase::Shutdown);
            async { Ok(()) }
        })
}

async fn the_phase_that_blocks_is_named() -> Result<()> {
    for phase in [Phase::Init, Phase::Start, Phase::Health, Phase::Shutdown] {
        let registry = isolated().define(blocks_in(&phase)).boot().await?;
        registry.shutdown().await?;
        let named = registry.events().into_iter().filter_map(|event| match event.kind {
            EventKind::Blocking { phase, elapsed, .. } => Some((phase, elapsed >= LONG)),
            _ => None,
        });
        assert_eq!(named.collect::<Vec<_>>(), [(phase, true)]);
    }
    Ok(())
}

// shows: T04
#[tokio::test]
async fn a_block_of_the_only_thread_is_reported_with_its_phase() -> Result<()> {
    the_phase_that_blocks_is_named().await
}

// shows: T04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_of_one_of_several_threads_is_reported_with_its_phase() -> Result<()> {
    the_phase_that_blocks_is_named().await
}
