//! The order of a boot: which services are ready before others start, and which start at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use service_core::{Definition, Registry, Result};
use tests::{Latch, NONE, Recorder, event_lines, isolated, ms};
use tokio::sync::Barrier;
use tokio::time::sleep;

// shows: B01
#[tokio::test(start_paused = true)]
async fn a_chain_starts_dependencies_first_and_stops_in_reverse() -> Result<()> {
    let recorder = Recorder::new();
    let chain = [("e", Some("d")), ("d", Some("b")), ("b", Some("c")), ("c", Some("a")), ("a", None)];
    let define = |builder: service_core::Builder, (name, on): (&str, Option<&str>)| {
        builder.define(recorder.service(name, ms(1), ms(1)).requires(on))
    };
    let registry = chain.into_iter().fold(isolated(), define).boot().await?;
    assert_eq!(recorder.of("init"), ["a", "c", "b", "d", "e"]);

    registry.shutdown().await?;
    assert_eq!(recorder.of("shutdown"), ["e", "d", "b", "c", "a"]);
    Ok(())
}

// shows: B02
#[tokio::test(start_paused = true)]
async fn an_init_begins_when_all_required_services_are_ready() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("c").requires(["a", "b"]))
        .define(recorder.service("a", ms(10), ms(0)))
        .define(recorder.service("b", ms(30), ms(0)))
        .boot()
        .await?;
    let lines = event_lines(&registry);
    let at = |line: &str| lines.iter().position(|it| it == line);
    assert!(at("ready a") < at("starting c") && at("ready b") < at("starting c"), "{lines:?}");
    assert_eq!(recorder.at("init c"), ms(30));
    registry.shutdown().await?;
    Ok(())
}

// shows: B04
#[tokio::test(start_paused = true)]
async fn independent_services_can_wait_for_each_other() -> Result<()> {
    let both = Arc::new(Barrier::new(2));
    let waiting = |name| {
        let both = both.clone();
        Definition::new(name).init(move |_| {
            let both = both.clone();
            async move {
                both.wait().await;
                Ok(())
            }
        })
    };
    let registry = isolated().define(waiting("a")).define(waiting("b")).boot().await?;
    registry.shutdown().await?;
    Ok(())
}

// shows: B05
#[tokio::test(start_paused = true)]
async fn two_independent_inits_run_at_the_same_time() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("a", ms(200), ms(0)))
        .define(recorder.service("b", ms(200), ms(0)))
        .boot()
        .await?;
    assert_eq!(registry.report().total, ms(200));
    registry.shutdown().await?;
    Ok(())
}

// shows: B06
#[tokio::test(start_paused = true)]
async fn a_service_starts_as_soon_as_its_last_dependency_is_ready() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("a", ms(10), ms(0)).requires(["b"]))
        .define(recorder.service("b", ms(300), ms(0)))
        .define(recorder.service("d", ms(10), ms(0)))
        .define(recorder.service("on d", ms(10), ms(0)).requires(["d"]))
        .boot()
        .await?;
    assert_eq!(recorder.at("up d"), ms(10));
    assert_eq!(recorder.at("init on d"), ms(10));
    assert_eq!(recorder.at("init a"), ms(300));
    assert_eq!(registry.report().critical_path, ["b", "a"]);
    registry.shutdown().await?;
    Ok(())
}

/// How many `init`s run at the moment, and the maximum so far.
#[derive(Default)]
struct Running {
    now: AtomicUsize,
    most: AtomicUsize,
}

fn counted(name: String, running: &Arc<Running>) -> Definition<()> {
    let running = running.clone();
    Definition::new(name).init(move |_| {
        let running = running.clone();
        async move {
            let now = running.now.fetch_add(1, Ordering::SeqCst) + 1;
            running.most.fetch_max(now, Ordering::SeqCst);
            sleep(ms(10)).await;
            running.now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    })
}

// shows: B09
#[tokio::test(start_paused = true)]
async fn no_more_services_start_at_once_than_the_concurrency_limit_allows() -> Result<()> {
    let running = Arc::new(Running::default());
    let leaves = (0..500).map(|leaf| counted(format!("leaf {leaf}"), &running));
    let registry = leaves.fold(isolated().concurrency(4), service_core::Builder::define).boot().await?;
    assert_eq!(running.most.load(Ordering::SeqCst), 4);
    assert_eq!(registry.report().total, ms(10) * 500 / 4, "the limit is used fully");
    registry.shutdown().await?;
    Ok(())
}

// shows: B09
#[tokio::test(start_paused = true)]
async fn under_a_concurrency_limit_the_longest_path_starts_first() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .concurrency(1)
        .define(recorder.quick("a leaf"))
        .define(recorder.quick("top").requires(["middle"]))
        .define(recorder.quick("middle").requires(["bottom"]))
        .define(recorder.quick("bottom"))
        .boot()
        .await?;
    assert_eq!(recorder.of("init"), ["bottom", "middle", "a leaf", "top"]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lazy_services_that_are_not_booted_do_not_count_in_the_longest_path() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .concurrency(1)
        .define(recorder.quick("below lazy ones"))
        .define(recorder.quick("lazy").requires(["below lazy ones"]).lazy())
        .define(recorder.quick("lazy top").requires(["lazy"]).lazy())
        .define(recorder.quick("top").requires(["bottom"]))
        .define(recorder.quick("bottom"))
        .boot()
        .await?;
    assert_eq!(recorder.of("init"), ["bottom", "below lazy ones", "top"]);
    registry.shutdown().await?;
    Ok(())
}

// shows: B11
#[tokio::test(start_paused = true)]
async fn a_service_that_a_hundred_services_require_starts_once() -> Result<()> {
    let recorder = Recorder::new();
    let mut builder = isolated().define(recorder.quick("shared"));
    for dependant in 0..100 {
        builder = builder.define(recorder.quick(&format!("d{dependant}")).requires(["shared"]));
    }
    let registry = builder.boot().await?;
    assert_eq!(recorder.count("init shared"), 1);
    assert_eq!(recorder.of("up").len(), 101);
    registry.shutdown().await?;
    assert_eq!(recorder.count("shutdown shared"), 1);
    Ok(())
}

// shows: B15
#[tokio::test(start_paused = true)]
async fn a_service_without_dependants_is_booted() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("a"))
        .define(recorder.quick("b").requires(["a"]))
        .define(recorder.quick("alone"))
        .boot()
        .await?;
    assert_eq!(recorder.count("up alone"), 1);
    registry.shutdown().await?;
    Ok(())
}

// shows: B16
#[tokio::test(start_paused = true)]
async fn a_dependency_takes_precedence_over_every_other_order() -> Result<()> {
    // `a` is first by name and by definition, and services start one at a time. It still starts last.
    let recorder = Recorder::new();
    let registry = isolated()
        .concurrency(1)
        .define(recorder.quick("a").requires(["z"]))
        .define(recorder.service("z", ms(10), ms(0)))
        .boot()
        .await?;
    assert_eq!(recorder.entries(), ["init z", "up z", "init a", "up a"]);
    registry.shutdown().await?;
    Ok(())
}

// shows: B17
#[tokio::test(start_paused = true)]
async fn cleanups_and_tasks_of_an_init_end_when_a_later_service_fails() {
    let recorder = Recorder::new();
    let (deferred, spawned) = (recorder.clone(), recorder.clone());
    let error = isolated()
        .define(Definition::new("a").init(move |cx| {
            let (recorder, stopping, task) = (deferred.clone(), cx.stopping(), spawned.clone());
            cx.defer(async move { recorder.record("cleanup a") });
            cx.spawn("poll", async move {
                stopping.cancelled().await;
                task.record("task a ended");
            });
            async { Ok(()) }
        }))
        .define(tests::failing("b", "no").requires(["a"]))
        .boot()
        .await
        .expect_err("b fails");
    assert_eq!(recorder.entries(), ["task a ended", "cleanup a"]);
    assert_eq!(error.failures()[0].service(), "b");
}

// shows: B18
#[tokio::test(start_paused = true)]
async fn booted_is_reported_once_after_the_last_service_is_ready() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("a", ms(5), ms(0)))
        .define(recorder.service("b", ms(9), ms(0)))
        .boot()
        .await?;
    assert!(registry.is_ready());
    assert_eq!(event_lines(&registry), ["booting", "starting a", "starting b", "ready a", "ready b", "booted"]);
    assert!(registry.get_named::<()>("a").is_ok());
    registry.shutdown().await?;
    assert_eq!(event_lines(&registry).iter().filter(|line| *line == "booted").count(), 1);
    Ok(())
}

// shows: B19
#[tokio::test(start_paused = true)]
async fn a_service_that_waits_for_its_dependencies_holds_no_thread() -> Result<()> {
    // There is one thread, and each of 200 services waits for the one below it.
    let latch = Latch::new();
    let bottom = latch.clone();
    let mut builder = isolated().define(Definition::new("0").requires(NONE).init(move |_| {
        let latch = bottom.clone();
        async move {
            latch.opened().await;
            Ok(())
        }
    }));
    for level in 1..200 {
        builder = builder.define(Definition::new(level.to_string()).requires([(level - 1).to_string()]));
    }
    let (registry, ()) = tokio::join!(builder.boot(), async { latch.open() });
    let registry: Registry = registry?;
    assert_eq!(registry.report().critical_path.len(), 200);
    registry.shutdown().await?;
    Ok(())
}
