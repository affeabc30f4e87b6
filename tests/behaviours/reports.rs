//! Reports: times, failures, and the bounded buffer of events.

use service_core::{Context, Definition, Result, State, StopOutcome};
use tests::{Recorder, event_lines, failing, isolated, ms};
use tokio::time::sleep;

// shows: O01
#[tokio::test(start_paused = true)]
async fn the_same_graph_produces_the_same_events_in_the_same_order() {
    let (recorder, events) = (Recorder::new(), Recorder::new());
    let listener = events.clone();
    let boot = isolated()
        .define(recorder.service("db", ms(10), ms(5)))
        .define(recorder.service("cache", ms(20), ms(5)))
        .define(failing("users", "no table").requires(["db"]))
        .define(recorder.quick("api").requires(["users"]))
        .on_event(move |event| listener.record(tests::event_line(event)));
    let error = boot.boot().await.expect_err("users fails");
    assert_eq!(error.failures().len(), 1);
    let expected = [
        "booting",
        "starting db",
        "starting cache",
        "ready db",
        "starting users",
        "failed users",
        "blocked api",
        "rolling back",
        "draining db",
        "stopping db",
        "unwound cache",
        "stopped db",
        "shut down",
    ];
    assert_eq!(events.entries(), expected);
}

// shows: O02
#[tokio::test(start_paused = true)]
async fn a_report_lists_waiting_time_and_own_time_of_each_service() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("db", ms(30), ms(0)))
        .define(recorder.service("users", ms(20), ms(0)).requires(["db"]))
        .boot()
        .await?;
    let report = registry.report();
    let up = report.services.iter().filter(|it| it.state == State::Ready);
    let times: Vec<_> = up.map(|it| (&*it.name, it.waited, it.own)).collect();
    assert_eq!(times, [("db", ms(0), ms(30)), ("users", ms(30), ms(20))]);
    assert_eq!(report.total, ms(50));
    registry.shutdown().await?;
    Ok(())
}

// shows: O05
#[tokio::test(start_paused = true)]
async fn a_failed_service_is_in_the_report_with_its_waiting_and_own_time() -> Result<()> {
    let recorder = Recorder::new();
    let slow = Definition::<()>::new("late").optional().requires(["db"]).init(|_: Context<()>| async {
        sleep(ms(7)).await;
        Err("no".into())
    });
    let registry = isolated().define(recorder.service("db", ms(30), ms(0))).define(slow).boot().await?;
    let report = registry.report();
    let late = report.services.iter().find(|it| it.name == "late").expect("the report lists it");
    assert_eq!((late.state, late.waited, late.own), (State::Failed, ms(30), ms(7)));
    assert!(late.failure.is_some());
    registry.shutdown().await?;
    Ok(())
}

// shows: O06
#[tokio::test(start_paused = true)]
async fn the_event_buffer_is_bounded_and_counts_dropped_events() -> Result<()> {
    let definition = Definition::new("chatty").init(|cx: Context<()>| async move {
        for step in 0..5_000 {
            cx.progress(format!("step {step}"));
        }
        Ok(())
    });
    let registry = isolated().define(definition).boot().await?;
    let events = registry.events();
    assert_eq!(events.len(), 4_096);
    assert!(events[0].number > 0, "the first events are dropped");
    let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no event between them is missing");
    assert_eq!(registry.events().len(), 4_096, "reading removes no events");
    registry.shutdown().await?;
    Ok(())
}

// shows: O09
#[tokio::test(start_paused = true)]
async fn the_shutdown_report_lists_the_times_of_each_phase() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("db", ms(0), ms(40))).boot().await?;
    let report = registry.shutdown().await?;
    assert_eq!((report.services[0].own, report.total), (ms(40), ms(40)));
    assert!(matches!(report.services[0].outcome, StopOutcome::Clean));
    Ok(())
}

// shows: S23
#[tokio::test(start_paused = true)]
async fn a_thousand_cycles_keep_the_order_of_events() -> Result<()> {
    for cycle in 0..1_000 {
        let recorder = Recorder::new();
        let builder =
            ["a", "b", "c", "d", "e"].iter().fold(isolated(), |builder, name| builder.define(recorder.quick(name)));
        let registry = builder.boot().await?;
        registry.shutdown().await?;
        let lines = event_lines(&registry);
        for name in ["a", "b", "c", "d", "e"] {
            let own: Vec<_> = lines.iter().filter_map(|it| it.strip_suffix(name)?.strip_suffix(' ')).collect();
            assert_eq!(own, ["starting", "ready", "draining", "stopping", "stopped"], "cycle {cycle}: {lines:?}");
        }
    }
    Ok(())
}

// shows: S11
#[tokio::test(start_paused = true)]
async fn each_of_many_hanging_services_gets_a_share_of_the_shutdown_budget() -> Result<()> {
    let budget = ms(1_000);
    let mut builder = isolated().shutdown_timeout(budget);
    for at in 0..20 {
        let mut definition = Definition::new(format!("s{at:02}")).init(async |_| Ok(()));
        if at > 0 {
            definition = definition.requires([format!("s{:02}", at - 1)]);
        }
        builder = builder.define(definition.shutdown(|_, _| std::future::pending()));
    }
    let registry = builder.boot().await?;
    let error = registry.shutdown().await.expect_err("every shutdown hook hangs");
    let report = error.report().expect("the registry is shut down");
    assert_eq!(report.services.len(), 20);
    assert!(report.total <= budget, "{report}");
    assert!(report.services.iter().all(|it| it.own > ms(0)), "each hook has a share of the budget: {report}");
    Ok(())
}
