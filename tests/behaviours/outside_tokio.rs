//! Calls from threads without a runtime, and what happens when a runtime has no timer, or ends before its registry.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{self, Thread};

use service_core::{BootFailure, Context, Definition, Health, Lifecycle, NotReady, Result, guarded, service};
use tests::{EventCollector, Latch, Recorder, isolated, ms, secs};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::sleep;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A minimal executor that knows nothing of tokio.
fn block_on<F: Future>(future: F) -> F::Output {
    assert!(Handle::try_current().is_err(), "this thread has no runtime");
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut TaskContext::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

#[service(lazy, autowire)]
struct Opens {
    latch: Latch,
}

#[service(lazy, requires = [Opens])]
struct Slow {
    cx: Context<Slow>,
}

impl Lifecycle for Slow {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.get::<Opens>().latch.opened().await;
        Ok(Self { cx: cx.clone() })
    }
}

#[guarded(wait = "20ms")]
impl Slow {
    pub async fn soon() -> Result<u32, NotReady> {
        Ok(1)
    }
}

#[test]
fn everything_works_on_a_thread_without_a_runtime() -> Result<()> {
    let runtime = runtime()?;
    let latch = Latch::new();
    let opens = Opens { latch: latch.clone() };
    let registry = runtime.block_on(isolated().replace::<Opens>(opens).boot())?;

    let refused = block_on(registry.scope(Slow::soon())).expect_err("it does not start so fast");
    assert!(refused.to_string().contains("20ms"), "{refused}");
    latch.open();
    let slow = block_on(registry.wait_ready::<Slow>())?;
    assert_eq!(block_on(registry.scope(Slow::soon()))?, 1);
    assert_eq!(block_on(registry.health()).health(), Health::Healthy);
    assert_eq!(block_on(registry.readiness()), Health::Healthy);
    assert!(block_on(slow.cx.sleep(ms(1))));
    let job = slow.cx.spawn_job("job", async {
        sleep(ms(1)).await;
        Ok::<_, NotReady>(2)
    });
    assert_eq!(block_on(job)?, 2);
    assert!(slow.cx.spawn("task", std::future::pending::<()>()));
    assert_eq!(block_on(slow.cx.tasks().stop("task", ms(1))), 1);
    assert_eq!(block_on(slow.cx.tasks().wait_all(secs(5))), 0);
    assert_eq!(block_on(registry.spawn(async { 3 }))?, 3);
    drop(slow);
    let report = block_on(registry.shutdown())?;
    assert_eq!(block_on(registry.stopped())?, report);
    Ok(())
}

#[test]
fn a_runtime_without_a_timer_is_named_before_the_first_init() -> Result<()> {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let recorder = Recorder::new();
        let runtime = builder.build()?;
        let error = runtime.block_on(isolated().define(recorder.quick("a")).boot()).expect_err("no timer");
        assert!(matches!(error.failure(), BootFailure::NoTimer), "{error}");
        assert!(error.to_string().contains("enable_time()"), "{error}");
        assert_eq!(recorder.entries(), Vec::<String>::new());
    }
    Ok(())
}

/// Records its drop, and the state of the registry then.
struct Dropped(Recorder, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.record(self.1);
    }
}

#[test]
fn instances_are_dropped_in_order_if_their_runtime_ends_first() -> Result<()> {
    let (recorder, events) = (Recorder::new(), EventCollector::new());
    let value = |name: &'static str| {
        let recorder = recorder.clone();
        Definition::new(name).init(move |_| {
            let value = Dropped(recorder.clone(), name);
            async move { Ok(value) }
        })
    };
    let runtime = runtime()?;
    let builder = isolated().define(value("a")).define(value("b").requires(["a"]));
    let registry = runtime.block_on(builder.observe(events.listener()).boot())?;
    drop(runtime);
    assert_eq!(recorder.entries(), ["b", "a"]);
    assert!(events.lines().contains(&"left running a, b".to_owned()), "{:?}", events.lines());
    let error = block_on(registry.shutdown()).expect_err("its runtime is gone");
    assert!(error.to_string().contains("runtime"), "{error}");
    Ok(())
}

#[tokio::test]
async fn no_task_of_the_library_is_alive_after_the_end() -> Result<()> {
    let alive = || Handle::current().metrics().num_alive_tasks();
    let before = alive();
    let service = |name: &str| {
        let fails = name == "fails";
        Definition::new(name).init(move |cx: Context<()>| async move {
            cx.spawn("task", std::future::pending::<()>());
            cx.tasks().abort("task");
            if fails { Err("no".into()) } else { Ok(()) }
        })
    };
    let registry = isolated().define(service("a")).on_event(|_| {}).boot().await?;
    registry.spawn(std::future::pending::<()>());
    registry.health().await;
    registry.shutdown().await?;
    assert_eq!(alive(), before, "after a shutdown");
    isolated().define(service("fails")).on_event(|_| {}).boot().await.expect_err("it fails");
    assert_eq!(alive(), before, "after a rollback");
    Ok(())
}

#[service(lazy, autowire)]
struct Undeclared {}

#[test]
fn undeclared_uses_by_name_and_in_tasks_are_recorded() -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let target = || Definition::new("target").init(async |_| Ok(7_u32));
        let by_name = Definition::new("by name").init(|cx: Context<()>| async move {
            sleep(ms(1)).await;
            cx.registry().get_named::<u32>("target")?;
            Ok(())
        });
        let in_task = Definition::new("in task").init(|cx: Context<()>| async move {
            let job = cx.spawn_job("job", async { Undeclared::service().await.map(drop) });
            Ok(job.await?)
        });
        let registry = isolated().define(target()).define(by_name).define(in_task).with::<Undeclared>().boot().await?;
        let undeclared: Vec<_> =
            registry.report().undeclared.iter().map(|it| format!("{} calls {}", it.caller, it.callee)).collect();
        assert_eq!(undeclared, ["by name calls target", "in task calls Undeclared"]);
        registry.shutdown().await?;
        Ok(())
    })
}
