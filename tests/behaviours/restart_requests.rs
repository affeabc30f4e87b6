//! `Registry::restart`: what it restarts, when it returns, and what it refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use service_core::{Context, Definition, Lifecycle, NotReady, Refusal, Registry, Result, State, guarded, service};
use tests::{Latch, Recorder, isolated, secs};
use tokio::time::{Instant, sleep};

/// Whose `init` fails on these attempts, counted from 0.
fn fails_on(name: &str, attempts: &'static [u32]) -> Definition<()> {
    let starts = AtomicU32::new(0);
    Definition::new(name).init(move |_| {
        let fails = attempts.contains(&starts.fetch_add(1, Ordering::SeqCst));
        async move { if fails { Err("no disk".into()) } else { Ok(()) } }
    })
}

async fn a_restart_with_its_holders() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("below"))
        .define(recorder.quick("it").requires(["below"]))
        .define(recorder.quick("above").requires(["it"]))
        .define(recorder.quick("wants").wants(["above"]))
        .define(recorder.quick("after").after(["it"]))
        .define(recorder.quick("beside").requires(["below"]))
        .boot()
        .await?;
    for _ in 0..3 {
        recorder.clear();
        registry.restart_named("it").await?;
        assert!(registry.get_named::<()>("it").is_ok());
        assert_eq!(recorder.of("shutdown"), ["wants", "above", "it"]);
        while registry.get_named::<()>("wants").is_err() {
            sleep(tests::ms(1)).await;
        }
        assert_eq!(recorder.of("init"), ["it", "above", "wants"]);
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_restart_takes_those_along_that_hold_the_instance_and_no_others() -> Result<()> {
    a_restart_with_its_holders().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_the_same_on_several_threads() -> Result<()> {
    a_restart_with_its_holders().await
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_share_one_restart() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("it", secs(1), secs(0))).boot().await?;
    let began = Instant::now();
    let (first, second) = tokio::join!(registry.restart_named("it"), registry.restart_named("it"));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!((began.elapsed(), recorder.count("init it")), (secs(1), 2));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_nobody_waits_for_continues() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("it", secs(1), secs(0))).boot().await?;
    let _ = tokio::time::timeout(tests::ms(100), registry.restart_named("it")).await;
    sleep(secs(2)).await;
    assert_eq!(recorder.count("init it"), 2);
    assert!(registry.get_named::<()>("it").is_ok());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_not_up_is_started() -> Result<()> {
    let registry = isolated()
        .define(fails_on("failed", &[0]).optional())
        .define(Definition::new("blocked").optional().requires(["failed"]))
        .define(Definition::new("lazy").lazy())
        .boot()
        .await?;
    registry.restart_named("lazy").await?;
    let blocked = registry.get_named::<()>("blocked").expect_err("what it requires has failed");
    assert!(matches!(blocked.cause(), Refusal::Blocked { .. }), "{blocked}");
    registry.restart_named("blocked").await?;
    assert!(registry.get_named::<()>("failed").is_ok());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_fails_returns_the_cause() -> Result<()> {
    let registry = isolated().define(fails_on("it", &[1]).optional()).boot().await?;
    let failed = registry.restart_named("it").await.expect_err("its second start fails");
    assert!(failed.to_string().contains("no disk"), "{failed}");
    assert!(registry.is_ready(), "it is optional");
    registry.restart_named("it").await?;
    registry.shutdown().await?;

    let registry = isolated().define(fails_on("it", &[1])).boot().await?;
    let failed = registry.restart_named("it").await.expect_err("its second start fails");
    assert!(failed.to_string().contains("no disk"), "{failed}");
    let unclean = registry.stopped().await.expect_err("a service that is not optional has failed");
    assert!(unclean.to_string().contains("no disk"), "{unclean}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_wait_for_a_restart() -> Result<()> {
    let recorder = Recorder::new();
    let registry = isolated().define(recorder.service("it", secs(5), secs(0))).boot().await?;
    let waiting = registry.clone();
    let restart = tokio::spawn(async move { waiting.restart_named("it").await });
    sleep(secs(1)).await;
    registry.shutdown().await?;
    let refused = restart.await?.expect_err("it does not become ready");
    assert_eq!(refused.cause(), &Refusal::ShuttingDown);
    let refused = registry.restart_named("it").await.expect_err("it has ended");
    assert_eq!(refused.cause(), &Refusal::ShuttingDown);

    let registry = isolated().define(recorder.quick("it")).lame_duck(secs(5)).boot().await?;
    registry.request_shutdown("for the test");
    let refused = registry.restart_named("it").await.expect_err("it is about to stop");
    assert_eq!(refused.cause(), &Refusal::ShuttingDown);
    registry.stopped().await?;
    Ok(())
}

#[service(lazy, autowire)]
struct Ledger {}

/// Restarts what it holds, from each place where its code runs.
#[service(lazy, requires = [Ledger])]
struct Accounts {
    refused_in_start: NotReady,
}

impl Lifecycle for Accounts {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self { refused_in_start: restart_ledger().await })
    }
}

/// The error of a restart of [`Ledger`].
async fn restart_ledger() -> NotReady {
    let registry = Registry::current().expect("inside of one");
    registry.restart::<Ledger>().await.expect_err("it would wait for itself")
}

#[guarded]
impl Accounts {
    pub(crate) async fn call(&self) -> Result<NotReady> {
        Ok(restart_ledger().await)
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_would_wait_for_its_caller_is_refused_at_once() -> Result<()> {
    let began = Instant::now();
    let (in_task, recorder) = (Latch::new(), Recorder::new());
    let (opened, refusals) = (in_task.clone(), recorder.clone());
    let task = Definition::new("its own").init(move |cx| {
        let (opened, refusals) = (opened.clone(), refusals.clone());
        cx.spawn("restart", async move {
            let registry = Registry::current().expect("inside of one");
            while registry.get_named::<()>("its own").is_err() {
                sleep(tests::ms(1)).await;
            }
            let refused = registry.restart_named("its own").await.expect_err("it would wait for itself");
            refusals.record(refused.to_string());
            opened.open();
        });
        async { Ok(()) }
    });
    let registry = isolated().with::<Accounts>().define(task).boot().await?;
    in_task.opened().await;
    assert!(recorder.entries()[0].contains("its own requested it and has to stop first"), "{:?}", recorder.entries());
    let accounts = registry.get::<Accounts>()?;
    let refused = [accounts.refused_in_start.clone(), accounts.call().await?];
    for refused in refused {
        assert_eq!(refused.cause(), &Refusal::StopsCaller("Accounts".into()), "{refused}");
        assert_eq!(refused.service(), "Ledger");
    }
    assert!(began.elapsed() < secs(1));
    drop(accounts);
    registry.restart::<Ledger>().await?;
    assert_eq!(registry.state::<Ledger>(), State::Ready);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_restarts_another_one_that_it_does_not_hold() -> Result<()> {
    let recorder = Recorder::new();
    let hook = |_, _: Context<()>| async {
        let registry = Registry::current().expect("inside of one");
        registry.restart_named("other").await.map_err(Into::into)
    };
    let registry = isolated()
        .define(recorder.quick("other"))
        .define(Definition::new("supervisor").after(["other"]).start(hook))
        .boot()
        .await?;
    assert_eq!(
        recorder.entries(),
        ["init", "up", "shutdown", "down", "init", "up"].map(|hook| format!("{hook} other"))
    );
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_service_that_the_registry_does_not_have_is_refused() -> Result<()> {
    let registry = isolated().define(Definition::new("it")).only_named("it").boot().await?;
    let refused = registry.restart::<Ledger>().await.expect_err("it is not in the plan");
    assert_eq!(refused.cause(), &Refusal::Unregistered);
    registry.shutdown().await?;
    Ok(())
}

#[service(lazy, autowire)]
struct Reader {
    ledger: Arc<Ledger>,
}

#[tokio::test(start_paused = true)]
async fn the_holders_of_a_restarted_service_get_the_new_instance() -> Result<()> {
    let registry = isolated().with::<Reader>().boot().await?;
    let before = registry.get::<Reader>()?;
    registry.restart::<Ledger>().await?;
    let after = registry.wait_ready::<Reader>().await?;
    assert!(Arc::ptr_eq(&after.ledger, &registry.get::<Ledger>()?));
    assert!(!Arc::ptr_eq(&before.ledger, &after.ledger));
    drop((before, after));
    registry.shutdown().await?;
    Ok(())
}

/// Lazy `d`, which the failed start of lazy `a` has brought up, and `w`, which has this dependency on it and is up.
async fn kept(depends: impl FnOnce(Definition<()>) -> Definition<()>) -> Result<(Registry, Recorder)> {
    let recorder = Recorder::new();
    let registry = isolated()
        .define(recorder.quick("d").lazy())
        .define(fails_on("a", &[0]).lazy().requires(["d"]))
        .define(depends(recorder.quick("w")))
        .boot()
        .await?;
    registry.restart_named("a").await.expect_err("its start fails");
    sleep(tests::ms(10)).await;
    assert!(registry.get_named::<()>("d").is_ok(), "it stays up for `w`");
    recorder.clear();
    Ok((registry, recorder))
}

#[tokio::test(start_paused = true)]
async fn what_stays_up_for_another_can_be_restarted() -> Result<()> {
    for after in [false, true] {
        let (registry, recorder) = kept(|w| if after { w.after(["d"]) } else { w.wants(["d"]) }).await?;
        registry.restart_named("d").await?;
        assert_eq!(recorder.of("init")[0], "d");
        assert!(registry.get_named::<()>("d").is_ok());
        registry.shutdown().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_stays_up_for_another_stays_up_while_that_one_restarts() -> Result<()> {
    let (registry, recorder) = kept(|w| w.wants(["d"])).await?;
    registry.restart_named("w").await?;
    assert_eq!((recorder.of("init"), recorder.of("shutdown")), (vec!["w".into()], vec!["w".into()]));
    registry.shutdown().await?;
    Ok(())
}
