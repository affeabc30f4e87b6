//! `wants`, `after` and `optional`: what a service does when another one is absent or fails.

use service_core::{Definition, Result, State};
use tests::{Recorder, failing, isolated, ms};
use tokio::time::sleep;

/// The services that this one wants and does not have, according to the report.
fn missing(registry: &service_core::Registry, name: &str) -> Vec<String> {
    let report = registry.report();
    report.services.into_iter().find(|it| it.name == name).map(|it| it.missing).unwrap_or_default()
}

// shows: G11
#[tokio::test(start_paused = true)]
async fn a_wanted_service_that_is_absent_degrades_its_dependant() -> Result<()> {
    let registry = isolated()
        .define(Definition::new("a").wants(["b"]).init(async |cx| {
            assert!(cx.get_named::<()>("b").is_err());
            Ok(())
        }))
        .boot()
        .await?;
    assert_eq!(missing(&registry, "a"), ["b"]);
    registry.shutdown().await?;
    Ok(())
}

// shows: G13
#[tokio::test(start_paused = true)]
async fn a_dependant_starts_without_a_wanted_service_that_failed() -> Result<()> {
    let recorder = Recorder::new();
    let fails = Definition::new("b").optional().init(async |_| {
        sleep(ms(50)).await;
        Err::<(), _>("no".into())
    });
    let registry = isolated().define(recorder.quick("a").wants(["b"])).define(fails).boot().await?;
    assert_eq!(recorder.at("init a"), ms(50), "a waits until b has failed");
    assert_eq!(missing(&registry, "a"), ["b"]);
    assert!(registry.report().to_string().contains("without b"));
    registry.shutdown().await?;
    Ok(())
}

// shows: G13
#[tokio::test(start_paused = true)]
async fn a_wanted_service_that_is_not_optional_still_fails_the_boot() {
    let error = isolated()
        .define(Definition::new("a").wants(["b"]))
        .define(failing("b", "no"))
        .boot()
        .await
        .expect_err("b is not optional");
    assert_eq!(error.failures()[0].service(), "b");
}

#[tokio::test(start_paused = true)]
async fn a_wanted_service_starts_before_its_dependant_and_stops_after_it() -> Result<()> {
    let recorder = Recorder::new();
    let registry =
        isolated().define(recorder.quick("a").wants(["b"])).define(recorder.service("b", ms(30), ms(0))).boot().await?;
    assert!(recorder.in_order("up b", "init a"), "{:?}", recorder.entries());
    assert_eq!(missing(&registry, "a"), Vec::<String>::new());
    registry.shutdown().await?;
    assert!(recorder.in_order("down a", "shutdown b"), "{:?}", recorder.entries());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn neither_wants_nor_after_boots_a_lazy_service() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("a").wants(["b"]).after(["c"]))
        .define(recorder.quick("b").lazy())
        .define(recorder.quick("c").lazy())
        .boot()
        .await?;
    assert_eq!(recorder.of("init"), ["a"]);
    registry.shutdown().await?;
    Ok(())
}

// shows: G14
#[tokio::test(start_paused = true)]
async fn after_an_absent_service_has_no_effect() -> Result<()> {
    let registry = isolated().define(Definition::new("a").after(["nobody"])).boot().await?;
    assert_eq!(missing(&registry, "a"), Vec::<String>::new());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn after_orders_start_and_stop_and_ignores_failures() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("a").after(["b", "bad"]))
        .define(recorder.service("b", ms(30), ms(0)))
        .define(failing("bad", "no").optional())
        .boot()
        .await?;
    assert!(recorder.in_order("up b", "init a"), "{:?}", recorder.entries());
    registry.shutdown().await?;
    assert!(recorder.in_order("down a", "shutdown b"), "{:?}", recorder.entries());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_boot_fails_only_if_a_failed_or_blocked_service_is_not_optional() -> Result<()> {
    let recorder = Recorder::new();
    let builder = || {
        isolated()
            .define(recorder.quick("plain"))
            .define(failing("bad", "no").optional())
            .define(recorder.quick("needs it").requires(["bad"]).optional())
    };
    let registry = builder().boot().await?;
    let states: Vec<_> = registry.report().services.into_iter().map(|it| (it.name, it.state)).collect();
    assert!(states.contains(&("bad".into(), State::Failed)), "{states:?}");
    assert!(states.contains(&("needs it".into(), State::Blocked)), "{states:?}");
    assert!(states.contains(&("plain".into(), State::Ready)), "{states:?}");
    registry.shutdown().await?;

    let error =
        builder().define(recorder.quick("must").requires(["needs it"])).boot().await.expect_err("it is blocked");
    assert_eq!(error.failures()[0].service(), "bad");
    assert!(error.to_string().contains("must was not started, because it requires bad"), "{error}");
    Ok(())
}
