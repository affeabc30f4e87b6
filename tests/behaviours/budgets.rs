//! The limits of budgets: a hook that ends at the deadline is in time, a hook with a spent budget still runs once, and no
//! hook extends the budget of the whole shutdown.

use service_core::{Definition, Result};
use tests::{Recorder, isolated, ms};
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn a_hook_that_ends_at_the_instant_of_its_deadline_is_in_time() -> Result<()> {
    // The timer of the last sleep is set after the timer of the deadline, so the deadline fires first.
    let steps = Definition::new("steps").init(async |_| {
        sleep(ms(2)).await;
        sleep(ms(3)).await;
        Ok(())
    });
    let registry = isolated().define(steps.init_timeout(ms(5))).boot().await?;
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_hook_runs_once_even_if_the_budget_is_spent() -> Result<()> {
    let recorder = Recorder::new();
    let cleaning = recorder.clone();
    let service = recorder.quick("a").start(move |_, cx| {
        let recorder = cleaning.clone();
        cx.defer(async move { recorder.record("cleaned up") });
        async { Ok(()) }
    });
    let registry = isolated().shutdown_timeout(ms(0)).define(service).boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["init a", "up a", "shutdown a", "down a", "cleaned up"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_extension_ends_with_the_budget_of_the_whole_shutdown() -> Result<()> {
    let greedy = Definition::new("greedy").shutdown(async |_, cx| {
        cx.extend(ms(60_000));
        sleep(ms(50_000)).await;
        Ok(())
    });
    let registry = isolated().shutdown_timeout(ms(1_000)).define(greedy).boot().await?;
    let began = Instant::now();
    registry.shutdown().await.expect_err("the hook is abandoned");
    assert_eq!(began.elapsed(), ms(1_000));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rollback_limits_the_cleanups_of_the_start_that_failed() {
    let fails = Definition::new("fails").init(async |cx| {
        cx.defer(async { sleep(ms(9_000)).await });
        Result::<()>::Err("no".into())
    });
    let began = Instant::now();
    isolated().rollback_timeout(ms(1_000)).define(fails).boot().await.expect_err("it fails");
    assert_eq!(began.elapsed(), ms(1_000));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_limits_cleanups_that_were_already_running() {
    let fails = Definition::new("fails").optional().init(async |cx| {
        cx.defer(async { sleep(ms(9_000)).await });
        Result::<()>::Err("no".into())
    });
    let fails_later = Definition::new("fails later").init(async |_| {
        sleep(ms(10)).await;
        Result::<()>::Err("neither".into())
    });
    let began = Instant::now();
    let builder = isolated().rollback_timeout(ms(1_000)).define(fails).define(fails_later);
    builder.boot().await.expect_err("both fail");
    assert_eq!(began.elapsed(), ms(1_010));
}
