//! Cycles through a task that its service waits for: directly, through a channel, or with a timeout.

use std::time::Duration;

use fastrand::Rng;
use service_core::{
    BootError, BootFailure, Builder, Context, Lifecycle, NotReady, Registry, Result, State, guarded, service,
};
use tests::{cycle_path, isolated, ms, refused_tasks};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// How `Hub` waits for its task in its `init`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wait {
    #[default]
    ByItsTasks,
    ByChannel,
    BySpawn,
    ByScope,
    /// `Spoke` waits for a task of its own, too.
    BothByTheirTasks,
    BothByChannel,
    ByCall,
}

/// How the services wait, and how long each step takes before it waits.
#[service(lazy, autowire)]
#[derive(Default)]
struct Script {
    wait: Wait,
    init: Duration,
    task: Duration,
    spoke: Duration,
    bound: Option<Duration>,
}

/// A service that waits for its task `warm`, which waits for `Spoke`.
#[service(lazy, requires = [Script], init_timeout = "30s")]
struct Hub;

impl Lifecycle for Hub {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let script = cx.get::<Script>();
        let (send, receive) = oneshot::channel();
        let warm = {
            let task = script.task;
            async move {
                sleep(task).await;
                let outcome = Spoke::call().await;
                // The receiver exists only if the `init` waits for the channel.
                let _ = send.send(());
                outcome
            }
        };
        let registry = Registry::current().ok_or("there is a current registry")?;
        match script.wait {
            Wait::BySpawn => drop(registry.spawn(warm)),
            Wait::ByScope => {
                let of_hub = cx.clone();
                drop(tokio::spawn(async move { of_hub.scope(warm).await }));
            }
            _ => drop(cx.spawn("warm", warm)),
        }
        sleep(script.init).await;
        if matches!(script.wait, Wait::ByItsTasks | Wait::BothByTheirTasks) {
            cx.tasks().wait_all(script.bound.unwrap_or(Duration::MAX)).await;
        } else {
            receive.await?;
        }
        Ok(Self)
    }
}

impl Hub {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

/// A service that calls `Hub` without declaring it.
#[service(lazy, requires = [Script], init_timeout = "60s")]
struct Spoke;

impl Lifecycle for Spoke {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let script = cx.get::<Script>();
        sleep(script.spoke).await;
        let (send, receive) = oneshot::channel();
        let look = async move {
            let outcome = Hub::call().await;
            let _ = send.send(());
            outcome
        };
        match script.wait {
            Wait::BothByTheirTasks => {
                cx.spawn("look", look);
                cx.tasks().wait_all(Duration::MAX).await;
            }
            Wait::BothByChannel => {
                cx.spawn("look", look);
                receive.await?;
            }
            _ => look.await?,
        }
        Ok(Self)
    }
}

impl Spoke {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

fn builder(script: Script) -> Builder {
    isolated().replace::<Script>(script).only::<Hub>().only::<Spoke>()
}

const HUB_TO_HUB: [&str; 4] = ["task warm of Hub", "Spoke", "Hub", "task warm of Hub"];

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_from_a_task_that_the_init_waits_for_is_refused_when_it_completes_a_cycle() -> Result<()> {
    let registry = builder(Script { task: ms(20), ..Script::default() }).boot().await?;
    assert_eq!(refused_tasks(&registry), [(ms(20), HUB_TO_HUB.map(str::to_owned).to_vec())]);
    assert_eq!(registry.report().total, ms(20), "both services are ready as soon as the call is refused");
    registry.shutdown().await.expect_err("a task has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn an_init_that_completes_a_cycle_by_waiting_for_its_task_has_the_tasks_call_refused() -> Result<()> {
    let registry = builder(Script { init: ms(20), ..Script::default() }).boot().await?;
    assert_eq!(refused_tasks(&registry), [(ms(20), HUB_TO_HUB.map(str::to_owned).to_vec())]);
    assert_eq!(registry.report().total, ms(20));
    registry.shutdown().await.expect_err("a task has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_that_completes_a_cycle_through_a_task_of_another_service_is_refused() {
    let began = Instant::now();
    let error =
        builder(Script { spoke: ms(20), ..Script::default() }).boot().await.expect_err("the two wait for each other");
    assert_eq!(began.elapsed(), ms(20));
    assert_eq!(cycle_path(&error.failures()[0]), ["Spoke", "Hub", "task warm of Hub", "Spoke"]);
    let said = "Spoke waits for Hub, which waits for task warm of Hub, which waits for Spoke;";
    assert!(error.to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_through_tasks_of_two_services_is_refused() -> Result<()> {
    let script = Script { wait: Wait::BothByTheirTasks, spoke: ms(20), ..Script::default() };
    let registry = builder(script).boot().await?;
    let path = ["task look of Spoke", "Hub", "task warm of Hub", "Spoke", "task look of Spoke"];
    assert_eq!(refused_tasks(&registry), [(ms(20), path.map(str::to_owned).to_vec())]);
    registry.shutdown().await.expect_err("a task has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_wait_for_tasks_with_a_timeout_is_no_cycle() -> Result<()> {
    let registry = builder(Script { bound: Some(ms(29_000)), ..Script::default() }).boot().await?;
    assert_eq!(registry.report().total, ms(29_000), "Spoke starts when the wait times out");
    sleep(ms(1)).await;
    assert_eq!(refused_tasks(&registry), []);
    assert_eq!(registry.state::<Spoke>(), State::Ready);
    registry.shutdown().await?;
    Ok(())
}

async fn late(wait: Wait) -> BootError {
    let error = builder(Script { wait, ..Script::default() }).boot().await.expect_err("the two wait for each other");
    let failure = &error.failures()[0];
    assert!(failure.is_timeout() && failure.service() == "Hub", "{error}");
    assert_eq!(failure.elapsed(), Duration::from_secs(30), "the wait through the channel is unknown to the library");
    error
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_a_channel_is_named_when_the_budget_ends() {
    let error = late(Wait::ByChannel).await;
    let said = "it may wait for task warm of Hub, which waits for Spoke, which waits for it";
    assert!(error.failures()[0].to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_code_spawned_for_a_service_is_named_when_the_budget_ends() {
    for wait in [Wait::BySpawn, Wait::ByScope] {
        let error = late(wait).await;
        let said = "it may wait for what runs on behalf of Hub, which waits for Spoke, which waits for it";
        assert!(error.failures()[0].to_string().contains(said), "{wait:?}: {error}");
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_two_channels_is_named_when_the_budget_ends() {
    let error = late(Wait::BothByChannel).await;
    let said = "it may wait for task warm of Hub, which waits for Spoke, which may wait for task look of Spoke, which waits for it";
    assert!(error.failures()[0].to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_boot_timeout_names_possible_cycles() {
    let script = Script { wait: Wait::ByChannel, ..Script::default() };
    let error = builder(script).boot_timeout(ms(1_000)).boot().await.expect_err("the two wait for each other");
    let BootFailure::TimedOut { unready, .. } = error.failure() else { panic!("{error}") };
    let reason = |name: &str| unready.iter().find(|it| it.service == name).map_or("", |it| it.doing.as_str());
    assert!(
        reason("Hub").ends_with("it may wait for task warm of Hub, which waits for Spoke, which waits for it"),
        "{error}"
    );
    assert!(reason("Spoke").ends_with("it waits for Hub"), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_is_found_when_its_last_wait_begins_in_any_order() {
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let wait = if rng.bool() { Wait::ByItsTasks } else { Wait::BothByTheirTasks };
        let [init, task, spoke] = std::array::from_fn(|_| ms(rng.u64(..4)));
        let began = Instant::now();
        let boot = builder(Script { wait, init, task, spoke, bound: None }).boot().await;
        assert_eq!(began.elapsed(), init.max(task).max(spoke), "seed {seed}: {wait:?} {init:?} {task:?} {spoke:?}");
        match boot {
            Ok(registry) => {
                assert_eq!(refused_tasks(&registry).len(), 1, "seed {seed}");
                registry.shutdown().await.expect_err("a task has failed");
            }
            Err(error) => assert_eq!(cycle_path(&error.failures()[0]).len(), 4, "seed {seed}: {error}"),
        }
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_waiting_service_gives_its_concurrency_permit_to_the_service_it_waits_for() -> Result<()> {
    for wait in [Wait::ByItsTasks, Wait::ByCall] {
        let began = Instant::now();
        let script = Script { wait, ..Script::default() };
        let registry = isolated().replace::<Script>(script).with::<Asker>().concurrency(1).boot().await?;
        assert_eq!(began.elapsed(), ms(5), "{wait:?}: as long as the init of Asked takes");
        registry.shutdown().await?;
    }
    Ok(())
}

/// A service that waits in its `init` for `Asked` without declaring it.
#[service(lazy, requires = [Script])]
struct Asker;

impl Lifecycle for Asker {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        if cx.get::<Script>().wait == Wait::ByCall {
            Asked::call().await?;
        } else {
            cx.spawn("call", async { Asked::call().await });
            cx.tasks().wait_all(Duration::MAX).await;
        }
        Ok(Self)
    }
}

#[service(lazy)]
struct Asked;

impl Lifecycle for Asked {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(5)).await;
        Ok(Self)
    }
}

impl Asked {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}
