//! The process registry. A process has only one, so these tests run one after another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use service_core::{BootFailure, Context, Definition, Lifecycle, Registry, Result, State, guarded, service};
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

static TURN: Mutex<()> = Mutex::const_new(());

static REAL_BOOTS: AtomicU32 = AtomicU32::new(0);

/// Waits for the previous test, which has shut its registry down.
async fn turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().await;
    REAL_BOOTS.store(0, Ordering::SeqCst);
    turn
}

fn real_boots() -> u32 {
    REAL_BOOTS.load(Ordering::SeqCst)
}

#[service]
#[derive(Debug)]
struct Db {
    url: &'static str,
}

impl Lifecycle for Db {
    async fn init(_: &Context<Self>) -> Result<Self> {
        // Lets concurrent boots run.
        tokio::task::yield_now().await;
        REAL_BOOTS.fetch_add(1, Ordering::SeqCst);
        Ok(Self { url: "real" })
    }
}

#[service(autowire)]
#[derive(Debug)]
struct Users {
    db: Arc<Db>,
}

impl Users {
    #[guarded]
    async fn url(&self) -> Result<&'static str> {
        Ok(self.db.url)
    }

    #[guarded]
    async fn current_url() -> Result<&'static str> {
        Ok(Self::try_service()?.db.url)
    }
}

// shows: B13
#[tokio::test]
async fn concurrent_boots_share_one_registry() -> Result<()> {
    let _turn = turn().await;
    let mut boots = JoinSet::new();
    for _ in 0..20 {
        boots.spawn(Registry::boot());
    }
    let mut registries = Vec::new();
    while let Some(boot) = boots.join_next().await {
        registries.push(boot??);
    }
    assert_eq!(real_boots(), 1);
    let users: Vec<_> = registries.iter().map(|it| it.get::<Users>()).collect::<Result<_, _>>()?;
    assert!(users.iter().all(|it| Arc::ptr_eq(it, &users[0])), "all boots return the same registry");
    drop(users);
    registries[0].shutdown().await?;
    Ok(())
}

// shows: B14
#[tokio::test]
async fn a_boot_after_a_shutdown_is_a_full_second_cycle() -> Result<()> {
    let _turn = turn().await;
    let first = Registry::boot().await?;
    let old = Users::service().await?;
    first.shutdown().await?;
    let refusal = old.url().await.expect_err("its registry has stopped").to_string();
    assert!(refusal.contains("Users") && refusal.contains("stopped"), "{refusal}");
    assert!(Users::try_service().is_err(), "a stopped service is not returned");

    let second = Registry::boot().await?;
    assert_eq!(real_boots(), 2);
    let new = Users::service().await?;
    assert!(!Arc::ptr_eq(&old, &new));
    assert_eq!(new.url().await?, "real");
    assert_eq!(Users::current_url().await?, "real");
    assert!(old.url().await.is_err(), "the instance of the first cycle stays refused");
    assert_eq!(first.state::<Users>(), State::Stopped);
    second.shutdown().await?;
    Ok(())
}

// shows: D05
#[tokio::test]
async fn a_call_after_the_shutdown_is_refused_until_the_next_boot() -> Result<()> {
    let _turn = turn().await;
    Registry::boot().await?.shutdown().await?;
    let message = "Users is not ready: it is stopped: shutdown() was called";
    assert_eq!(Users::current_url().await.expect_err("the registry has stopped").to_string(), message);
    assert_eq!(Users::service().await.expect_err("the registry has stopped").to_string(), message);
    assert_eq!(Users::try_service().expect_err("the registry has stopped").to_string(), message);
    assert_eq!(real_boots(), 1);

    let registry = Registry::boot().await?;
    assert_eq!(Users::current_url().await?, "real");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_boot_during_a_shutdown_waits_for_its_end() -> Result<()> {
    let _turn = turn().await;
    let first = Registry::boot().await?;
    let (down, second) = tokio::join!(first.shutdown(), Registry::boot());
    down?;
    assert_eq!(first.state::<Db>(), State::Stopped);
    assert_eq!(real_boots(), 2);
    second?.shutdown().await?;
    Ok(())
}

// shows: G17
#[tokio::test]
async fn a_registration_after_the_boot_has_begun_is_refused() -> Result<()> {
    let _turn = turn().await;
    let registry = Registry::boot().await?;
    let late = Definition::new("late").init(async |_| Ok(1_u8));
    let error = Registry::builder().define(late).boot().await.expect_err("the registry has booted");
    assert!(matches!(error.failure(), BootFailure::AlreadyBooted(by) if by == "Registry::boot()"), "{error}");
    let message = error.to_string();
    assert!(message.contains("Registry::boot()") && message.contains("isolated"), "{message}");
    assert_eq!(Users::service().await?.url().await?, "real");
    registry.shutdown().await?;
    Ok(())
}

// shows: X03
#[tokio::test]
async fn a_replacement_ends_with_its_isolated_registry() -> Result<()> {
    let _turn = turn().await;
    let mut tests = JoinSet::new();
    for url in ["one", "two", "three"] {
        tests.spawn(async move {
            let registry = Registry::builder().isolated().replace(Db { url }).boot().await?;
            let seen = registry.scope(Users::current_url()).await?;
            let called = registry.get::<Users>()?.url().await?;
            registry.shutdown().await?;
            Result::<_>::Ok((url, seen, called))
        });
    }
    while let Some(test) = tests.join_next().await {
        let (url, seen, called) = test??;
        assert_eq!((seen, called), (url, url));
    }
    assert_eq!(real_boots(), 0, "no test has booted the real Db");
    let registry = Registry::boot().await?;
    assert_eq!(Users::current_url().await?, "real");
    registry.shutdown().await?;
    Ok(())
}

#[test]
fn a_boot_after_the_runtime_of_the_registry_ended_creates_a_new_one() -> Result<()> {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let first = runtime()?;
    let turn = first.block_on(turn());
    let users = first.block_on(async {
        Registry::boot().await?;
        Result::<_>::Ok(Users::service().await?)
    })?;
    drop(first);
    assert!(Users::try_service().is_err());

    runtime()?.block_on(async {
        assert!(users.url().await.is_err(), "its registry ended with the runtime");
        let registry = Registry::boot().await?;
        assert_eq!(real_boots(), 2);
        assert_eq!(Users::current_url().await?, "real");
        registry.shutdown().await?;
        Result::<_>::Ok(())
    })?;
    drop(turn);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_boot_inside_the_boot_fails_at_once() -> Result<()> {
    let _turn = turn().await;
    let definition = Definition::new("impatient").init(async |_| {
        Registry::boot().await?;
        Ok(())
    });
    let began = tokio::time::Instant::now();
    let error = Registry::builder().define(definition).boot().await.expect_err("it would wait for itself");
    assert_eq!(began.elapsed(), std::time::Duration::ZERO);
    let message = "impatient cannot wait for the boot: it is a part of what comes up; use Registry::current()";
    assert!(error.to_string().contains(message), "{error}");
    Ok(())
}

/// A service of an isolated registry whose `init` waits for the boot of the process registry.
#[service(lazy)]
struct Lodger;

impl Lifecycle for Lodger {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Registry::boot().await?;
        Ok(Self)
    }
}

#[tokio::test(start_paused = true)]
async fn a_boot_that_completes_a_cycle_with_an_isolated_registry_fails_at_once() -> Result<()> {
    let _turn = turn().await;
    let lodge = Registry::builder().isolated().replace(Db { url: "lodge" }).boot().await?;
    let waits = lodge.clone();
    let host = Definition::new("host").init(move |_| {
        let lodge = waits.clone();
        async move { lodge.wait_ready::<Lodger>().await.map(drop).map_err(Into::into) }
    });
    let began = tokio::time::Instant::now();
    let error = Registry::builder().define(host).boot().await.expect_err("it would wait for itself");
    assert_eq!(began.elapsed(), std::time::Duration::ZERO);
    assert!(error.to_string().contains("Lodger cannot wait for the boot: it is a part of what comes up"), "{error}");
    lodge.shutdown().await?;
    Ok(())
}
