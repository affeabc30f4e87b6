//! Given values with hooks: what runs on them, what happens where none was given, and when the value is dropped.

use std::sync::Arc;

use service_core::{
    Context, Definition, Health, Lifecycle, NotReady, Refusal, Restart, Result, State, guarded, service,
};
use tests::{Latch, Recorder, isolated, secs};
use tokio::time::sleep;

const RESTART: Restart = Restart::transient().intensity(2, secs(60)).backoff(secs(1), secs(1));

/// The recorder of a test, for the hooks that have no value yet.
#[service(lazy, autowire)]
struct World {
    recorder: Recorder,
    is_broken: Latch,
}

trait Store: Send + Sync {
    fn origin(&self) -> &'static str;
}

/// A pool that the program may have opened itself.
#[service(
    given,
    lazy,
    requires = [World],
    provides = [dyn Store],
    retry(attempts = 2, delay = "1s"),
    restart = RESTART,
    init_timeout = "3s",
    health_timeout = "2s",
    shutdown_timeout = "4s",
    drain_timeout = "5s"
)]
struct Pool {
    recorder: Recorder,
    origin: &'static str,
    start: Start,
}

/// What `start` of a pool does.
enum Start {
    Succeed,
    FailOnce,
    Fail,
    Hang,
}

impl Pool {
    fn of(recorder: &Recorder) -> Self {
        Self::that(Start::Succeed, recorder)
    }

    fn that(start: Start, recorder: &Recorder) -> Self {
        Self { recorder: recorder.clone(), origin: "given", start }
    }
}

impl Lifecycle for Pool {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let world = cx.get::<World>();
        world.recorder.record("init");
        Ok(Self { recorder: world.recorder.clone(), origin: "made", start: Start::Succeed })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        self.recorder.record(format!("start {}", self.origin));
        let (recorder, is_broken) = (self.recorder.clone(), cx.get::<World>().is_broken.clone());
        cx.defer(async move { recorder.record("cleanup") });
        match self.start {
            Start::FailOnce if self.recorder.count("start given") == 1 => return Err("not yet".into()),
            Start::Fail => return Err("no connection".into()),
            Start::Hang => std::future::pending().await,
            Start::Succeed | Start::FailOnce => {}
        }
        if self.origin == "given" {
            let (restart, stopping) = (Restart::transient().intensity(0, secs(1)), cx.stopping());
            cx.tasks().supervised("pump", restart, move || {
                let (is_broken, stopping) = (is_broken.clone(), stopping.clone());
                async move {
                    let broken = stopping.run_until_cancelled(is_broken.opened()).await;
                    broken.map_or(Ok(()), |()| Err("the pump is stuck"))
                }
            });
        }
        Ok(())
    }

    async fn health(&self) -> Health {
        self.recorder.record("health");
        Health::Healthy
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.recorder.record(format!("shutdown {}", self.origin));
        Ok(())
    }
}

impl Store for Pool {
    fn origin(&self) -> &'static str {
        self.origin
    }
}

#[guarded]
impl Pool {
    pub(crate) async fn query(&self) -> std::result::Result<&'static str, NotReady> {
        Ok(self.origin)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.recorder.record(format!("drop {}", self.origin));
    }
}

#[service(lazy, autowire)]
struct Users {
    store: Arc<dyn Store>,
}

/// A builder with a recorder of its own in the hooks of [`Pool`].
fn world() -> (service_core::Builder, Recorder, Latch) {
    let (recorder, is_broken) = (Recorder::new(), Latch::new());
    let world = World { recorder: recorder.clone(), is_broken: is_broken.clone() };
    (isolated().replace(world), recorder, is_broken)
}

const GIVEN_LIFE: [&str; 5] = ["start given", "health", "shutdown given", "cleanup", "drop given"];
const MADE_LIFE: [&str; 6] = ["init", "start made", "health", "shutdown made", "cleanup", "drop made"];

async fn a_life_of_a_given_value() -> Result<()> {
    let (builder, recorder, _) = world();
    let registry = builder.give(Pool::of(&recorder)).only::<Users>().boot().await?;
    assert_eq!(registry.get::<Users>()?.store.origin(), "given");
    assert_eq!(registry.get::<Pool>()?.query().await?, "given");
    assert_eq!(recorder.entries(), GIVEN_LIFE[..2], "`init` is not called");
    let report = registry.shutdown().await?;
    assert_eq!(recorder.entries(), GIVEN_LIFE, "although {registry:?} still exists");
    assert_eq!(report.services.iter().map(|it| it.still_held).sum::<usize>(), 0, "{report}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_hooks_run_on_the_given_value_and_init_does_not() -> Result<()> {
    a_life_of_a_given_value().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hooks_run_on_the_given_value_on_several_threads() -> Result<()> {
    a_life_of_a_given_value().await
}

#[tokio::test(start_paused = true)]
async fn where_nothing_was_given_init_makes_the_value() -> Result<()> {
    let (builder, recorder, _) = world();
    let registry = builder.only::<Users>().boot().await?;
    assert_eq!(registry.get::<dyn Store>()?.origin(), "made");
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), MADE_LIFE);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lazy_given_value_starts_at_its_first_use() -> Result<()> {
    let (builder, recorder, _) = world();
    let registry = builder.give(Pool::of(&recorder)).boot().await?;
    assert_eq!((registry.state::<Pool>(), recorder.entries()), (State::Idle, vec![]));
    assert_eq!(registry.wait_ready::<Pool>().await?.origin, "given");
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), GIVEN_LIFE);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_given_value_that_was_never_started_is_dropped_at_the_end() -> Result<()> {
    let (builder, recorder, _) = world();
    let registry = builder.give(Pool::of(&recorder)).boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["drop given"], "although {registry:?} still exists");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn another_attempt_starts_the_same_given_value() -> Result<()> {
    let (builder, recorder, _) = world();
    let pool = Pool::that(Start::FailOnce, &recorder);
    let registry = builder.give(pool).only::<Pool>().boot().await?;
    assert_eq!(recorder.entries(), ["start given", "cleanup", "start given", "health"]);
    registry.shutdown().await?;
    assert_eq!(recorder.count("drop given"), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_given_value_that_fails_to_start_is_dropped_and_not_shut_down() {
    for (start, error) in [(Start::Fail, "no connection"), (Start::Hang, "start of given::Pool did not end within 3s")]
    {
        let (builder, recorder, _) = world();
        let pool = Pool::that(start, &recorder);
        let failed = builder.give(pool).only::<Pool>().boot().await.expect_err("its start fails");
        assert!(failed.to_string().contains(error), "{failed}");
        assert_eq!(recorder.entries().last().map(String::as_str), Some("drop given"));
        assert_eq!(recorder.count("shutdown given"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_shuts_a_given_value_down() {
    let (builder, recorder, _) = world();
    let broken = Definition::new("broken").init(async |_| -> Result<()> {
        sleep(secs(1)).await;
        Err("no disk".into())
    });
    let failed = builder.give(Pool::of(&recorder)).with::<Pool>().define(broken).boot().await;
    failed.expect_err("a service fails");
    assert_eq!(recorder.entries(), GIVEN_LIFE);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_init_makes_the_next_value() -> Result<()> {
    let (builder, recorder, is_broken) = world();
    let registry = builder.give(Pool::of(&recorder)).only::<Users>().boot().await?;
    let given = registry.get::<Pool>()?;
    is_broken.open();
    sleep(secs(2)).await;
    assert_eq!(registry.get::<Users>()?.store.origin(), "made", "the services that hold it get the new one");
    let refused = given.query().await.expect_err("it was replaced");
    assert_eq!(refused.cause(), &Refusal::Replaced);
    drop(given);
    registry.shutdown().await?;
    let lives: Vec<_> = recorder.entries().into_iter().filter(|it| it != "drop given").collect();
    assert_eq!(lives, [&GIVEN_LIFE[..4], &MADE_LIFE].concat());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_replacement_of_a_given_service_runs_no_hooks() -> Result<()> {
    let (builder, recorder, _) = world();
    let registry = builder.replace(Pool::of(&recorder)).only::<Users>().boot().await?;
    assert_eq!(registry.get::<Users>()?.store.origin(), "given");
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["drop given"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_registry_has_the_value_that_it_was_given() -> Result<()> {
    let (first, one, _) = world();
    let (second, two, _) = world();
    let first = first.give(Pool::of(&one)).only::<Users>().boot().await?;
    let second = second.only::<Users>().boot().await?;
    assert_eq!(first.get::<Users>()?.store.origin(), "given");
    first.shutdown().await?;
    assert_eq!(
        (one.entries(), second.get::<Users>()?.store.origin()),
        (GIVEN_LIFE.map(str::to_owned).to_vec(), "made")
    );
    second.shutdown().await?;
    assert_eq!(two.entries(), MADE_LIFE);
    Ok(())
}

#[test]
fn a_value_that_is_given_twice_is_a_problem_of_the_plan() {
    let (builder, recorder, _) = world();
    let error = builder.give(Pool::of(&recorder)).give(Pool::of(&recorder)).plan().expect_err("one too many");
    assert!(error.to_string().contains("is handed over 2 times, by `.give(…)` and `.give(…)`"), "{error}");
}

#[service_core::test(give(Pool::that(Start::FailOnce, &Recorder::new())), start_paused = true)]
async fn a_test_gives_a_value_with_hooks(pool: Arc<Pool>) {
    assert_eq!(pool.origin, "given");
    assert_eq!(
        pool.recorder.entries(),
        ["start given", "cleanup", "start given", "health"].map(str::to_owned).to_vec()
    );
}
