//! The first line of an error: it names the service at fault, and what ended it.

use service_core::{Context, Definition, Restart, Result, Retry};
use tests::{failing, hanging, isolated, ms, secs};
use tokio::time::sleep;

fn first_line(text: &impl ToString) -> String {
    text.to_string().lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_line_names_the_service_its_error_and_its_attempts() {
    let db = failing("db", "connection refused").retry(Retry::new(3, ms(100), ms(100)));
    let error = isolated().define(db).define(Definition::new("users").requires(["db"])).boot().await;
    let error = error.expect_err("db fails");
    let cause = "db could not start: init of db failed after 200ms: connection refused; tried 3 times (tests/behaviours/first_lines.rs:";
    assert!(first_line(&error).starts_with(cause), "{error}");
    assert!(first_line(&error).ends_with(", needed by users)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_first_line_of_a_late_boot_names_the_services_that_are_late() {
    let late = |hang: &[&'static str]| {
        let top = isolated().boot_timeout(secs(1)).define(Definition::new("top").requires(["a"]));
        let builder = hang.iter().fold(top, |builder, name| builder.define(hanging(name)));
        async move { first_line(&builder.boot().await.expect_err("they hang")) }
    };
    let end = "not ready in time: the boot did not end within 1s, its `boot_timeout`";
    assert_eq!(late(&["a"]).await, format!("a was {end}"));
    assert_eq!(late(&["a", "b"]).await, format!("a and b were {end}"));
    assert_eq!(late(&["a", "b", "c"]).await, format!("a and 2 more services were {end}"));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_the_budget_that_ran_out() -> Result<()> {
    let error = isolated().define(hanging("db").init_timeout(secs(1))).boot().await.expect_err("db hangs");
    let failure = error.failures()[0].to_string();
    assert!(failure.contains("did not end within 1s: "), "{failure}");
    assert!(failure.contains("; if it needs longer, raise its `init_timeout` ("), "{failure}");

    let hangs = |name| Definition::new(name).init(async |_| Ok(())).shutdown(async |_, _| std::future::pending().await);
    for (of_registry, budget) in [(9, "its `shutdown_timeout`"), (2, "the `shutdown_timeout` of the registry")] {
        let db = hangs("db").shutdown_timeout(secs(3));
        let registry = isolated().shutdown_timeout(secs(of_registry)).define(db).boot().await?;
        let error = registry.shutdown().await.expect_err("its shutdown hangs");
        let cause = "db was abandoned: shutdown of db did not end within ";
        assert!(first_line(&error).starts_with(cause), "{error}");
        assert!(first_line(&error).contains(&format!("; if it needs longer, raise {budget} (")), "{error}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_first_line_of_an_unclean_shutdown_names_the_worst_failure_once() -> Result<()> {
    let fails = Definition::new("a").init(async |_| Ok(())).shutdown(async |_, _| Err("a pan is still hot".into()));
    let registry = isolated().define(fails).define(Definition::new("b").requires(["a"])).boot().await?;
    let error = registry.shutdown().await.expect_err("a fails");
    let text = error.to_string();
    assert!(text.starts_with("a failed: shutdown of a failed after 0ns: a pan is still hot (tests/"), "{text}");
    assert_eq!(text.matches("a pan is still hot").count(), 1, "{text}");
    assert!(text.contains("\n1 of 2 services shut down cleanly in 0ns (shutdown() was called)\n"), "{text}");
    assert!(text.contains("\n  a  failed, drained 0ns, own 0ns"), "{text}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_first_line_names_the_failure_that_ended_a_registry_once() -> Result<()> {
    let water = Definition::new("water").init(async |cx: Context<()>| {
        cx.tasks().supervised("pump", Restart::transient().intensity(0, secs(1)), || async {
            sleep(ms(100)).await;
            Err::<(), _>("the pump is stuck")
        });
        Ok(())
    });
    let registry = isolated().define(water).boot().await?;
    let text = registry.stopped().await.expect_err("its task fails").to_string();
    assert!(text.starts_with("task pump of water failed after "), "{text}");
    assert_eq!(text.matches("the pump is stuck").count(), 1, "{text}");
    Ok(())
}
