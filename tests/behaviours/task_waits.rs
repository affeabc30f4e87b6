//! Waits for a service through a task of it: a circle where the service waits for that task, and none where it does not.

use std::time::Duration;

use fastrand::Rng;
use service_core::{
    BootError, BootFailure, Builder, Context, Lifecycle, NotReady, Registry, Result, State, guarded, service,
};
use tests::{cycle_path, isolated, ms, refused_tasks};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// How `Hub` waits for its task, in its `init`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    ByItsTasks,
    ByChannel,
    BySpawn,
    ByScope,
    /// The other waits for a task of its own, too.
    BothByTheirTasks,
    BothByChannel,
    ByCall,
}

/// Who begins to wait when, and how.
#[service(lazy, autowire)]
#[derive(Default)]
struct Script {
    way: Way,
    init: Duration,
    task: Duration,
    spoke: Duration,
    bound: Option<Duration>,
}

/// Waits for its task `warm`, which waits for `Spoke`.
#[service(lazy, requires = [Script], init_timeout = "30s")]
struct Hub;

impl Lifecycle for Hub {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let script = cx.get::<Script>();
        let (tell, told) = oneshot::channel();
        let warm = {
            let task = script.task;
            async move {
                sleep(task).await;
                let outcome = Spoke::call().await;
                // Nobody listens, unless it is waited for by the channel.
                let _ = tell.send(());
                outcome
            }
        };
        let registry = Registry::current().ok_or("it runs in one")?;
        match script.way {
            Way::BySpawn => drop(registry.spawn(warm)),
            Way::ByScope => {
                let of_hub = cx.clone();
                drop(tokio::spawn(async move { of_hub.scope(warm).await }));
            }
            _ => drop(cx.spawn("warm", warm)),
        }
        sleep(script.init).await;
        if matches!(script.way, Way::ByItsTasks | Way::BothByTheirTasks) {
            cx.tasks().wait_all(script.bound.unwrap_or(Duration::MAX)).await;
        } else {
            told.await?;
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

/// Requires `Hub`, or calls it without saying so.
#[service(lazy, requires = [Script], init_timeout = "60s")]
struct Spoke;

impl Lifecycle for Spoke {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let script = cx.get::<Script>();
        sleep(script.spoke).await;
        let (tell, told) = oneshot::channel();
        let look = async move {
            let outcome = Hub::call().await;
            let _ = tell.send(());
            outcome
        };
        match script.way {
            Way::BothByTheirTasks => {
                cx.spawn("look", look);
                cx.tasks().wait_all(Duration::MAX).await;
            }
            Way::BothByChannel => {
                cx.spawn("look", look);
                told.await?;
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

fn wheel(script: Script) -> Builder {
    isolated().replace::<Script>(script).only::<Hub>().only::<Spoke>()
}

const HUB_TO_HUB: [&str; 4] = ["task warm of Hub", "Spoke", "Hub", "task warm of Hub"];

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_from_a_task_that_the_init_waits_for_is_refused_when_it_completes_a_cycle() -> Result<()> {
    let registry = wheel(Script { task: ms(20), ..Script::default() }).boot().await?;
    assert_eq!(refused_tasks(&registry), [(ms(20), HUB_TO_HUB.map(str::to_owned).to_vec())]);
    assert_eq!(registry.report().total, ms(20), "both came up as soon as the task had been told");
    registry.shutdown().await.expect_err("a task of it has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn an_init_that_completes_a_cycle_by_waiting_for_its_task_has_the_tasks_call_refused() -> Result<()> {
    let registry = wheel(Script { init: ms(20), ..Script::default() }).boot().await?;
    assert_eq!(refused_tasks(&registry), [(ms(20), HUB_TO_HUB.map(str::to_owned).to_vec())]);
    assert_eq!(registry.report().total, ms(20));
    registry.shutdown().await.expect_err("a task of it has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_call_that_completes_a_cycle_through_a_task_of_another_service_is_refused() {
    let began = Instant::now();
    let error = wheel(Script { spoke: ms(20), ..Script::default() }).boot().await.expect_err("neither can be first");
    assert_eq!(began.elapsed(), ms(20));
    assert_eq!(cycle_path(&error.failures()[0]), ["Spoke", "Hub", "task warm of Hub", "Spoke"]);
    let said = "Spoke waits for Hub, which waits for task warm of Hub, which waits for Spoke;";
    assert!(error.to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_through_tasks_of_two_services_is_refused() -> Result<()> {
    let script = Script { way: Way::BothByTheirTasks, spoke: ms(20), ..Script::default() };
    let registry = wheel(script).boot().await?;
    let path = ["task look of Spoke", "Hub", "task warm of Hub", "Spoke", "task look of Spoke"];
    assert_eq!(refused_tasks(&registry), [(ms(20), path.map(str::to_owned).to_vec())]);
    registry.shutdown().await.expect_err("a task of it has failed");
    Ok(())
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_wait_for_tasks_with_a_timeout_is_no_cycle() -> Result<()> {
    let registry = wheel(Script { bound: Some(ms(29_000)), ..Script::default() }).boot().await?;
    assert_eq!(registry.report().total, ms(29_000), "then the other goes on, and after it the task");
    sleep(ms(1)).await;
    assert_eq!(refused_tasks(&registry), []);
    assert_eq!(registry.state::<Spoke>(), State::Ready);
    registry.shutdown().await?;
    Ok(())
}

async fn late(way: Way) -> BootError {
    let error = wheel(Script { way, ..Script::default() }).boot().await.expect_err("neither can be first");
    let failure = &error.failures()[0];
    assert!(failure.is_timeout() && failure.service() == "Hub", "{error}");
    assert_eq!(failure.elapsed(), Duration::from_secs(30), "nobody can know that it waits for the task");
    error
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_a_channel_is_named_when_the_budget_ends() {
    let error = late(Way::ByChannel).await;
    let said = "it may wait for task warm of Hub, which waits for Spoke, which waits for it";
    assert!(error.failures()[0].to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_code_spawned_for_a_service_is_named_when_the_budget_ends() {
    for way in [Way::BySpawn, Way::ByScope] {
        let error = late(way).await;
        let said = "it may wait for what runs on behalf of Hub, which waits for Spoke, which waits for it";
        assert!(error.failures()[0].to_string().contains(said), "{way:?}: {error}");
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_possible_cycle_through_two_channels_is_named_when_the_budget_ends() {
    let error = late(Way::BothByChannel).await;
    let said = "it may wait for task warm of Hub, which waits for Spoke, which may wait for task look of Spoke, which waits for it";
    assert!(error.failures()[0].to_string().contains(said), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_boot_timeout_names_possible_cycles() {
    let script = Script { way: Way::ByChannel, ..Script::default() };
    let error = wheel(script).boot_timeout(ms(1_000)).boot().await.expect_err("neither can be first");
    let BootFailure::TimedOut { unready, .. } = error.failure() else { panic!("{error}") };
    let told = |name: &str| unready.iter().find(|(it, _)| it == name).map_or("", |(_, doing)| doing.as_str());
    assert!(
        told("Hub").ends_with("it may wait for task warm of Hub, which waits for Spoke, which waits for it"),
        "{error}"
    );
    assert!(told("Spoke").ends_with("it waits for Hub"), "{error}");
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_is_found_when_its_last_wait_begins_in_any_order() {
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let way = if rng.bool() { Way::ByItsTasks } else { Way::BothByTheirTasks };
        let [init, task, spoke] = std::array::from_fn(|_| ms(rng.u64(..4)));
        let began = Instant::now();
        let boot = wheel(Script { way, init, task, spoke, bound: None }).boot().await;
        assert_eq!(began.elapsed(), init.max(task).max(spoke), "seed {seed}: {way:?} {init:?} {task:?} {spoke:?}");
        match boot {
            Ok(registry) => {
                assert_eq!(refused_tasks(&registry).len(), 1, "seed {seed}");
                registry.shutdown().await.expect_err("a task of it has failed");
            }
            Err(error) => assert_eq!(cycle_path(&error.failures()[0]).len(), 4, "seed {seed}: {error}"),
        }
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_waiting_service_gives_its_concurrency_permit_to_the_service_it_waits_for() -> Result<()> {
    for way in [Way::ByItsTasks, Way::ByCall] {
        let began = Instant::now();
        let script = Script { way, ..Script::default() };
        let registry = isolated().replace::<Script>(script).with::<Asker>().concurrency(1).boot().await?;
        assert_eq!(began.elapsed(), ms(5), "{way:?}: as long as the other takes");
        registry.shutdown().await?;
    }
    Ok(())
}

/// Waits in its `init` for what it does not declare.
#[service(lazy, requires = [Script])]
struct Asker;

impl Lifecycle for Asker {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        if cx.get::<Script>().way == Way::ByCall {
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
