//! How long a boot takes: exactly as long as its longest path.

use service_core::{Definition, Result};
use tests::{Dag, Recorder, isolated, ms};
use tokio::time::{Instant, sleep};

// shows: B07
#[tokio::test(start_paused = true)]
async fn a_boot_takes_exactly_as_long_as_its_longest_path() -> Result<()> {
    for seed in 0..1_000 {
        let dag = Dag::random(seed, 24);
        let mut builder = isolated();
        for service in 0..dag.len() {
            let takes = dag.takes[service];
            builder = builder.define(dag.definition(service).init(move |_| async move {
                sleep(takes).await;
                Ok(())
            }));
        }
        let began = Instant::now();
        let registry = builder.boot().await?;
        assert_eq!(began.elapsed(), dag.longest_path(), "seed {seed}");

        let report = registry.report();
        assert_eq!(report.total, dag.longest_path(), "seed {seed}");
        let own = |name: &String| report.services.iter().find(|service| service.name == *name).map(|it| it.own);
        let along_the_path: std::time::Duration = report.critical_path.iter().filter_map(own).sum();
        assert_eq!(along_the_path, report.total, "seed {seed}: the report names the longest path");
        registry.shutdown().await?;
    }
    Ok(())
}

// shows: B07
#[tokio::test(start_paused = true)]
async fn the_report_separates_waiting_time_from_a_services_own_time() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.service("a", ms(30), ms(0)))
        .define(recorder.service("b", ms(5), ms(0)).requires(["a"]))
        .boot()
        .await?;
    let report = registry.report();
    let times: Vec<_> = report.services.iter().map(|it| (it.name.as_str(), it.waited, it.own)).collect();
    assert_eq!(times[..2], [("a", ms(0), ms(30)), ("b", ms(30), ms(5))]);
    registry.shutdown().await?;
    Ok(())
}

// shows: B07
#[tokio::test(start_paused = true)]
async fn a_boot_of_services_that_take_no_time_takes_no_time() -> Result<()> {
    tokio::time::advance(std::time::Duration::from_micros(300)).await;
    let began = Instant::now();
    let above = Definition::new("above").requires(["below"]);
    let registry = isolated().define(Definition::new("below")).define(above).boot().await?;
    assert_eq!(began.elapsed(), ms(0));
    registry.shutdown().await?;
    assert_eq!(began.elapsed(), ms(0));
    Ok(())
}
