//! Registries are values: several in one process do not share instances, and each is deterministic.

use std::error::Error;

use service_core::{Context, Definition, Lifecycle, NotReady, Refusal, Registry, Result, service};
use tests::{Dag, Recorder, event_lines, isolated, ms};
use tokio::time::{Instant, sleep};

// shows: G10
#[tokio::test(start_paused = true)]
async fn planning_runs_no_code_of_a_service() -> Result<()> {
    let unwanted = Definition::new("a").init(|_| -> std::future::Ready<Result<()>> { panic!("a plan runs nothing") });
    let plan = isolated().define(unwanted.health(|_| async { panic!("nothing at all") })).plan()?;
    assert!(plan.to_string().contains('a'));
    Ok(())
}

// shows: G21
#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_an_error_and_no_service_starts() {
    let recorder = Recorder::new();
    let error = isolated()
        .define(recorder.quick("a"))
        .define(recorder.quick("b").requires(["databse"]))
        .define(recorder.quick("database"))
        .boot()
        .await
        .expect_err("there is no databse");
    let problems = error.plan().map(|error| error.problems().len());
    assert_eq!(problems, Some(1), "{error}");
    assert!(error.to_string().contains("databse") && error.to_string().contains("database"), "{error}");
    assert_eq!(recorder.entries(), Vec::<String>::new());
}

// shows: X01
#[tokio::test(start_paused = true)]
async fn two_registries_do_not_share_services() -> Result<()> {
    let named = |value: u32| Definition::new("a").init(move |_| async move { Ok(value) });
    let first = isolated().define(named(1)).boot().await?;
    let second = isolated().define(named(2)).define(Definition::new("only here")).boot().await?;
    assert_eq!((*first.get_named::<u32>("a")?, *second.get_named::<u32>("a")?), (1, 2));
    assert!(first.get_named::<()>("only here").is_err());
    first.shutdown().await?;
    assert_eq!(*second.get_named::<u32>("a")?, 2, "the shutdown of the first does not affect the second");
    second.shutdown().await?;
    Ok(())
}

/// A service that boots another registry in its `init`. A service of that one waits for `Nest`.
#[service(lazy)]
struct Nest;

impl Lifecycle for Nest {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        let outer = Registry::current().ok_or("there is a current registry")?;
        let egg = Definition::new("egg").init(move |_| {
            let outer = outer.clone();
            async move {
                sleep(ms(5)).await;
                outer.wait_ready::<Self>().await?;
                Ok(())
            }
        });
        isolated().define(egg).boot().await?;
        Ok(Self)
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_through_the_boot_of_another_registry_is_refused() {
    let began = Instant::now();
    let error = isolated().only::<Nest>().boot().await.expect_err("the two wait for each other");
    assert_eq!(began.elapsed(), ms(5));
    let mut error: &(dyn Error + 'static) = &error.failures()[0];
    let refusal = loop {
        error = error.source().expect("the refusal is in the chain of sources");
        if let Some(refusal) = error.downcast_ref::<NotReady>() {
            break refusal;
        }
    };
    assert!(matches!(refusal.cause(), Refusal::Cycle(path) if *path == ["egg", "Nest", "egg"]), "{refusal}");
}

/// The events of a boot and a shutdown of a random graph, with their times.
async fn events(seed: u64) -> Result<Vec<String>> {
    let dag = Dag::random(seed, 10);
    let mut builder = isolated().concurrency(3);
    for service in 0..dag.len() {
        let takes = dag.takes[service];
        let up = move |_| async move {
            sleep(takes).await;
            Ok(())
        };
        let down = move |_, _| async move {
            sleep(takes / 2).await;
            Ok(())
        };
        builder = builder.define(dag.definition(service).init(up).shutdown(down));
    }
    let registry = builder.boot().await?;
    registry.shutdown().await?;
    let lines = registry.events().into_iter().zip(event_lines(&registry));
    Ok(lines.map(|(event, line)| format!("{:?} {line}", event.at)).collect())
}

// shows: X04
#[tokio::test(start_paused = true)]
async fn the_same_graph_produces_the_same_events_at_the_same_times() -> Result<()> {
    for seed in 0..100 {
        let first = events(seed).await?;
        for _ in 0..10 {
            assert_eq!(events(seed).await?, first, "seed {seed}");
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_definition_is_found_by_its_name_and_type() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(Definition::new("shard-1").init(async |_| Ok(1_u32)))
        .define(Definition::new("shard-2").init(async |_| Ok(2_u32)))
        .define(recorder.service("slow", ms(5), ms(0)))
        .boot()
        .await?;
    assert_eq!(*registry.get_named::<u32>("shard-2")?, 2);
    let other = registry.get_named::<u64>("shard-2").expect_err("the service is a u32");
    assert!(other.to_string().contains("u64"), "{other}");
    let unknown = registry.get_named::<u32>("shard-3").expect_err("there is no such service");
    assert!(unknown.to_string().contains("shard-3 is not a service of this registry"), "{unknown}");
    registry.shutdown().await?;
    let down = registry.get_named::<u32>("shard-1").expect_err("the registry is shut down");
    assert_eq!(down.to_string(), "shard-1 is not ready: it is stopped: shutdown() was called");
    Ok(())
}
