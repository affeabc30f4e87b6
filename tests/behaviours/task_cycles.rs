//! Tasks that wait for a service that requires their own: the call is refused if the service waits for the task.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use service_core::{Context, Lifecycle, NotReady, Refusal, Result, guarded, service};
use tests::{cycle_path, isolated, ms, refused_tasks};
use tokio::time::{Instant, sleep};

/// A service that waits for a task, which waits for a service that requires `First` indirectly.
#[service(lazy)]
struct First;

impl Lifecycle for First {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.spawn("warm", async { Third::call().await });
        cx.tasks().wait_all(Duration::from_secs(30)).await;
        Ok(Self)
    }
}

#[service(lazy, autowire)]
struct Second {
    _first: Arc<First>,
}

#[service(lazy, autowire)]
struct Third {
    _second: Arc<Second>,
}

impl Third {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_of_three_through_a_task_and_declared_dependencies_is_refused() -> Result<()> {
    let registry = isolated().with::<First>().boot().await?;
    let path = ["task warm of First", "Third", "Second", "First", "task warm of First"];
    assert_eq!(
        refused_tasks(&registry),
        [(ms(0), path.map(str::to_owned).to_vec())],
        "although no service of the plan requires Third"
    );
    assert_eq!(registry.report().total, ms(0));
    registry.shutdown().await.expect_err("a task has failed");
    Ok(())
}

/// A service whose `init` fails twice while a task of it waits for `Heir`, which requires it.
#[service(lazy, retry(attempts = 2, delay = "1ms", max_delay = "1ms"))]
struct Doomed;

impl Lifecycle for Doomed {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.spawn("deaf", async { Heir::call().await });
        sleep(ms(10)).await;
        Err("no luck".into())
    }
}

#[service(lazy, autowire)]
struct Heir {
    _doomed: Arc<Doomed>,
}

impl Heir {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_from_a_task_of_a_failed_attempt_to_a_dependant_is_refused_as_a_cycle() {
    let began = Instant::now();
    let error = isolated().only::<Heir>().boot().await.expect_err("the init of Doomed fails");
    assert_eq!(
        began.elapsed(),
        ms(10 + 500 + 1 + 10),
        "before the drain budget ends, and at once after the last attempt"
    );
    let failures: Vec<_> = error.rollback().expect("Doomed was unwound").failures().collect();
    let [first, last] = failures[..] else { panic!("{error}") };
    assert_eq!(cycle_path(first), ["task deaf of Doomed", "Heir", "Doomed", "task deaf of Doomed"]);
    let refusal = last.source().and_then(|error| error.downcast_ref::<NotReady>()).expect("the call was refused");
    assert!(matches!(refusal.cause(), Refusal::Blocked { failure, .. } if failure.to_string().contains("no luck")));
}
