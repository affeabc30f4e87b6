//! `Context::fail`: a service reports that it is broken, and its restart policy decides.

use std::time::Duration;

use service_core::{Context, Definition, EventKind, Health, Registry, Restart, Result};
use tests::{Recorder, isolated, secs, worker};
use tokio::sync::mpsc;
use tokio::time::sleep;

const RESTART: Restart = Restart::transient().intensity(1, secs(60)).backoff(secs(1), secs(1));

/// A service that records its hooks, and sends the context of each of its instances.
fn it(recorder: &Recorder) -> (Definition<()>, mpsc::UnboundedReceiver<Context<()>>) {
    let (send, contexts) = mpsc::unbounded_channel();
    let definition = recorder.quick("it").start(move |_, cx| {
        let _ = send.send(cx);
        async { Ok(()) }
    });
    (definition, contexts)
}

fn broken(registry: &Registry) -> Vec<String> {
    let events = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::Broken { failure, .. } => Some(failure.to_string()),
        _ => None,
    });
    events.collect()
}

fn words(words: [&str; 2]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

async fn a_broken_service_restarts_as_its_policy_says() -> Result<()> {
    let recorder = Recorder::new();
    let (it, mut contexts) = it(&recorder);
    let registry =
        isolated().define(it.restart(RESTART)).define(recorder.quick("above").requires(["it"])).boot().await?;
    let first = contexts.recv().await.expect("it has started");
    sleep(Duration::from_millis(10)).await;
    recorder.clear();
    first.fail("the link is down");
    let second = contexts.recv().await.expect("it restarts");
    while registry.get_named::<()>("above").is_err() {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((recorder.of("shutdown"), recorder.of("init")), (words(["above", "it"]), words(["it", "above"])));
    let events = broken(&registry);
    assert!(events[0].starts_with("the operation of it failed after "), "{events:?}");
    assert!(events[0].contains(": the link is down ("), "{events:?}");
    assert_eq!(registry.health().await.health(), Health::Healthy, "the failure ended with its instance");

    first.fail("too late");
    sleep(Duration::from_millis(10)).await;
    assert!(registry.is_ready(), "an instance that was replaced does not restart the next one");

    second.fail("down again");
    let unclean = registry.stopped().await.expect_err("one restart a minute is the limit");
    assert!(unclean.to_string().contains("down again"), "{unclean}");
    assert_eq!(broken(&registry).len(), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_that_reports_a_failure_restarts_as_its_policy_says() -> Result<()> {
    a_broken_service_restarts_as_its_policy_says().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_failure_is_the_same_on_several_threads() -> Result<()> {
    a_broken_service_restarts_as_its_policy_says().await
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_the_registry_shuts_down() -> Result<()> {
    let (registry, cx) = worker(|_| {}).await?;
    cx.fail("the disk is gone");
    cx.fail("and again");
    let unclean = registry.stopped().await.expect_err("a service has failed");
    let report = unclean.report().expect("it was shut down");
    assert!(report.reason.to_string().contains("the disk is gone"), "{report}");
    for why in ["the disk is gone", "and again"] {
        assert!(report.failures().any(|failure| failure.to_string().contains(why)), "{report}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_without_a_policy_is_degraded() -> Result<()> {
    let recorder = Recorder::new();
    let (it, mut contexts) = it(&recorder);
    let registry = isolated().define(it.optional()).boot().await?;
    contexts.recv().await.expect("it has started").fail("the cache is cold");
    sleep(secs(1)).await;
    assert!(registry.is_ready());
    let health = registry.health().await.health();
    assert!(matches!(&health, Health::Degraded(why) if why.contains("the cache is cold")), "{health:?}");
    registry.shutdown().await.expect_err("the failure is in the report");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_that_reports_a_failure_in_its_start_begins_it_again() -> Result<()> {
    let recorder = Recorder::new();
    let init = recorder.clone();
    let definition = Definition::new("it").restart(RESTART).init(move |cx: Context<()>| {
        init.record("init it");
        let is_first = init.count("init it") == 1;
        async move {
            if is_first {
                cx.fail("no address");
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    let registry = isolated().define(definition).boot().await?;
    assert_eq!(recorder.at("init it"), Duration::ZERO);
    assert_eq!(recorder.times("init it")[1], secs(1), "after the delay of its policy");
    assert!(broken(&registry)[0].starts_with("init of it failed after 0ns: no address"), "{:?}", broken(&registry));
    registry.shutdown().await?;
    Ok(())
}
