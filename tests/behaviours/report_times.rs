//! The times of the reports of a boot and a shutdown: what each service waited for, the critical path, slack and what-if.

use std::time::Duration;

use service_core::report::ServiceReport;
use service_core::{BootReport, Context, Definition, Lifecycle, Result, ServiceShutdown, State, service};
use tests::{Dag, Recorder, isolated, ms};
use tokio::time::sleep;

#[service(lazy)]
struct Statistics;

impl Lifecycle for Statistics {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(90)).await;
        Ok(Self)
    }
}

/// The report of a boot of this graph, and of its shutdown.
async fn boot(dag: &Dag, concurrency: usize) -> Result<BootReport> {
    let mut builder = isolated().concurrency(concurrency);
    for service in 0..dag.len() {
        let takes = dag.takes[service];
        builder = builder.define(dag.definition(service).init(move |_| async move {
            sleep(takes).await;
            Ok(())
        }));
    }
    let registry = builder.boot().await?;
    let report = registry.report();
    registry.shutdown().await?;
    Ok(report)
}

fn of_boot(report: &BootReport) -> impl Iterator<Item = &ServiceReport> {
    report.services.iter().filter(|service| service.began.is_some())
}

// shows: O03
#[tokio::test(start_paused = true)]
async fn the_own_times_of_the_critical_path_are_the_boot_under_any_limit_of_concurrency() -> Result<()> {
    for seed in 0..300 {
        let dag = Dag::random(seed, 16);
        for concurrency in [1, 2, 3, usize::MAX] {
            let report = boot(&dag, concurrency).await?;
            let path = report.path();
            assert_eq!(path.own(), report.total, "seed {seed}, concurrency {concurrency}: {path}");
            assert!(path.steps.iter().all(|step| step.pause.is_zero()), "seed {seed}: {path}");
            let names: Vec<_> = path.steps.into_iter().map(|step| step.name).collect();
            assert_eq!(names, report.critical_path, "seed {seed}");
        }
    }
    Ok(())
}

// shows: O04
#[tokio::test(start_paused = true)]
async fn a_boot_with_a_service_slowed_by_its_slack_takes_no_longer_and_by_one_more_it_does() -> Result<()> {
    for seed in 0..40 {
        let mut dag = Dag::random(seed, 8);
        let report = boot(&dag, usize::MAX).await?;
        for service in 0..dag.len() {
            let takes = dag.takes[service];
            let name = dag.name(service);
            let slack = report.services.iter().find(|it| it.name == name).and_then(|it| it.slack);
            let slack = slack.expect("it was a part of the boot");
            for (more, total) in [(ms(0), report.total), (ms(1), report.total + ms(1))] {
                dag.takes[service] = takes + slack + more;
                assert_eq!(boot(&dag, usize::MAX).await?.total, total, "seed {seed}: {name} has the slack {slack:?}");
                assert_eq!(report.what_if(&name, dag.takes[service]), Some(total), "seed {seed}: {name}");
            }
            dag.takes[service] = takes;
        }
    }
    Ok(())
}

// shows: O02
#[tokio::test(start_paused = true)]
async fn waiting_for_dependencies_and_for_a_slot_and_own_time_are_apart() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .concurrency(1)
        .define(recorder.service("db", ms(30), ms(0)))
        .define(recorder.service("cache", ms(20), ms(0)).requires(["db"]))
        .define(recorder.service("mail", ms(10), ms(0)).requires(["db"]))
        .boot()
        .await?;
    let report = registry.report();
    let mut times: Vec<_> =
        of_boot(&report).map(|it| (it.began, it.waited - it.waited_for_slot, it.waited_for_slot, &*it.name)).collect();
    times.sort_unstable();
    let expected = [
        (Some(ms(0)), ms(0), ms(0), "db"),
        (Some(ms(30)), ms(30), ms(0), "cache"),
        (Some(ms(50)), ms(30), ms(20), "mail"),
    ];
    assert_eq!(times, expected, "{report}");
    assert!(report.to_string().contains("own 10ms, waited 50ms, 20ms of it for a slot"), "{report}");
    assert_eq!(report.critical_path, ["db", "cache", "mail"]);
    registry.shutdown().await?;
    Ok(())
}

// shows: O02
#[tokio::test(start_paused = true)]
async fn every_waiting_and_own_time_is_exact_under_any_limit_of_concurrency() -> Result<()> {
    for seed in 0..100 {
        let dag = Dag::random(seed, 16);
        for concurrency in [1, 2, usize::MAX] {
            let report = boot(&dag, concurrency).await?;
            let end = |name: &str| {
                let service = of_boot(&report).find(|it| it.name == name);
                service.and_then(|it| Some(it.began? + it.own)).expect("it was started")
            };
            for service in of_boot(&report) {
                let clear = service.dependencies.iter().map(|name| end(name)).max().unwrap_or_default();
                let began = service.began.unwrap_or_default();
                let apart = (service.waited - service.waited_for_slot, service.waited_for_slot);
                assert_eq!(apart, (clear, began - clear), "seed {seed}, {concurrency}: {}", service.name);
            }
        }
    }
    Ok(())
}

// shows: O09
#[tokio::test(start_paused = true)]
async fn the_shutdown_report_says_how_long_each_service_waited_for_its_dependants() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("db", ms(10), ms(7)))
        .define(recorder.service("api", ms(10), ms(40)).requires(["db"]))
        .boot()
        .await?;
    sleep(ms(500)).await;
    let report = registry.shutdown().await?;
    let times: Vec<_> = report.services.iter().map(|it: &ServiceShutdown| (&*it.name, it.waited, it.own)).collect();
    assert_eq!(times, [("api", ms(0), ms(40)), ("db", ms(40), ms(7))]);
    assert_eq!((report.began, report.total), (ms(520), ms(47)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lazy_service_that_starts_later_is_no_part_of_the_boot() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("db", ms(10), ms(0))).boot().await?;
    sleep(ms(100)).await;
    registry.wait_ready::<Statistics>().await?;
    let report = registry.report();
    let reports = report.services.iter().find(|it| it.name == "Statistics").expect("the report lists it");
    assert_eq!((reports.eager, reports.slack, reports.own), (false, None, ms(90)));
    assert_eq!((report.total, report.path().total(), report.what_if("Statistics", 9.0)), (ms(10), ms(10), None));
    assert!(report.timeline().to_string().contains("1 service started later or again"), "{}", report.timeline());
    registry.shutdown().await?;
    Ok(())
}

// shows: O05
#[tokio::test(start_paused = true)]
async fn the_timeline_shows_retries_and_failures() -> Result<()> {
    let recorder = Recorder::new();
    let fails = tests::failing("mail", "no server").optional();
    let registry =
        isolated().define(recorder.service("db", Duration::from_secs(2), ms(0))).define(fails).boot().await?;
    let timeline = registry.report().timeline().to_string();
    let lines: Vec<_> = timeline.lines().collect();
    assert!(lines.iter().any(|line| line.contains("mail") && line.ends_with("failed")), "{timeline}");
    assert!(lines.iter().any(|line| line.starts_with("▸ db") && line.ends_with("2s")), "{timeline}");
    registry.shutdown().await?;
    Ok(())
}

// shows: O07
#[tokio::test(start_paused = true)]
async fn the_error_of_a_boot_has_the_report_and_the_graph_of_the_moment_it_failed() {
    let recorder = Recorder::new();
    let db = Definition::<()>::new("db").requires(["disk"]).init(|_: Context<()>| async {
        sleep(ms(20)).await;
        Err("no table".into())
    });
    let boot = isolated()
        .define(recorder.service("disk", ms(10), ms(5)))
        .define(db)
        .define(recorder.quick("api").requires(["db"]))
        .boot();
    let error = boot.await.expect_err("db fails");
    let report = error.report().expect("the boot had begun");
    assert_eq!(report.total, ms(30));
    let state = |name: &str| report.services.iter().find(|it| it.name == name).map(|it| it.state);
    assert_eq!(["disk", "db", "api"].map(state), [State::Ready, State::Failed, State::Blocked].map(Some));
    assert_eq!(report.critical_path, ["disk", "db"]);
    let graph = error.graph().expect("the boot had begun");
    let json = graph.to_json();
    let failure_of = |name: &str| {
        let line = json.lines().find(|line| line.contains(&format!("\"name\": \"{name}\"")));
        ["root", "consequence", "null"]
            .into_iter()
            .find(|kind| line.is_some_and(|it| it.contains(&format!("\"failure\": \"{kind}\""))))
    };
    assert_eq!([failure_of("disk"), failure_of("db"), failure_of("api")], [None, Some("root"), Some("consequence")]);
    assert!(graph.to_dot().contains("root cause"), "{}", graph.to_dot());
    assert!(graph.to_mermaid().contains("classDef consequence"), "{}", graph.to_mermaid());
    let rollback = error.rollback().expect("disk was stopped");
    let trace = report.to_trace_with(rollback);
    assert!(trace.contains("\"failure\": \"root\"") && trace.contains("\"failure\": \"consequence\""), "{trace}");
    assert!(trace.contains("\"disk shutdown\""), "{trace}");
    let timeline = report.timeline().to_string();
    assert!(timeline.lines().any(|line| line.contains("api") && line.ends_with("blocked")), "{timeline}");
}

#[tokio::test(start_paused = true)]
async fn a_boot_that_runs_out_of_its_budget_has_a_report_and_an_unsound_plan_has_none() {
    let hangs = tests::hanging("db");
    let error = isolated().boot_timeout(ms(50)).define(hangs).boot().await.expect_err("db hangs");
    let report = error.report().expect("the boot had begun");
    let db = report.services.iter().find(|it| it.name == "db").expect("the report lists it");
    assert_eq!((db.state, db.own, report.total), (State::Starting, ms(50), ms(50)));
    assert!(report.timeline().to_string().contains("starts"), "{}", report.timeline());
    let unsound = isolated().define(Definition::new("a").requires(["b"])).boot().await.expect_err("b does not exist");
    assert!(unsound.report().is_none() && unsound.graph().is_none());
}
