//! Calls from an `init` to a service that it does not declare: they work, are reported, can be denied, and fail if they
//! complete a cycle.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::error::Error;

use service_core::{Builder, Context, Health, Lifecycle, NotReady, Refusal, Result, State, guarded, service};
use tests::{isolated, ms};
use tokio::time::{Instant, sleep};

/// Services that call each other in a cycle, each in its `init` and without declaring it.
macro_rules! cycle {
    ($($name:ident after $delay:literal calls $next:ident),* $(,)?) => {$(
        #[service(lazy)]
        struct $name;

        impl Lifecycle for $name {
            async fn init(_cx: &Context<Self>) -> Result<Self> {
                sleep(ms($delay)).await;
                $next::call().await?;
                Ok(Self)
            }
        }

        #[guarded]
        impl $name {
            pub async fn call() -> Result<(), NotReady> {
                Ok(())
            }
        }
    )*};
}

cycle!(One after 10 calls Two, Two after 20 calls Three, Three after 30 calls One);

fn refusal<'a>(error: &'a (dyn Error + 'static)) -> &'a Refusal {
    let refusal = error.source().and_then(|it| it.downcast_ref::<NotReady>());
    refusal.unwrap_or_else(|| panic!("{error}")).cause()
}

/// Calls its own guarded method in `start`.
#[service(lazy)]
struct Eager;

impl Lifecycle for Eager {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn start(self: std::sync::Arc<Self>, _cx: &Context<Self>) -> Result<()> {
        Ok(self.call().await?)
    }
}

#[guarded]
impl Eager {
    pub async fn call(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

/// Calls its own guarded method in the first health check and in later ones.
#[service(lazy)]
struct Checks;

impl Lifecycle for Checks {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn health(&self) -> Health {
        Health::from_result(self.call().await)
    }
}

#[guarded]
impl Checks {
    pub async fn call(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_guarded_call_in_the_own_start_says_what_to_do_instead() {
    for error in [
        isolated().only::<Eager>().boot().await.expect_err("it would wait for itself"),
        isolated().only::<Checks>().boot().await.expect_err("it would wait for itself"),
    ] {
        let first = error.failures()[0].to_string();
        assert!(first.contains("this call is made in its own start"), "{first}");
        assert!(first.contains("call a method without `#[guarded]`"), "{first}");
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_of_three_waiting_services_is_reported_as_soon_as_it_is_complete() {
    let began = Instant::now();
    let error =
        isolated().only::<One>().only::<Two>().only::<Three>().boot().await.expect_err("the three wait for each other");
    assert_eq!(began.elapsed(), ms(30), "as soon as the last call waits, before any budget ends");
    let Refusal::Cycle(path) = refusal(&error.failures()[0]) else { panic!("{error}") };
    assert_eq!(*path, ["Three", "One", "Two", "Three"]);
}

/// A service that waits for `Far` through a call of `Between`, while `Far` waits for it.
#[service(lazy, requires = [Between])]
struct Near;

#[service(lazy)]
struct Far;

#[service(lazy, autowire)]
struct Between {}

#[guarded]
impl Between {
    pub async fn pass_on() -> Result<(), NotReady> {
        Far::call().await
    }
}

impl Lifecycle for Near {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Between::pass_on().await?;
        Ok(Self)
    }
}

impl Lifecycle for Far {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(20)).await;
        Near::call().await?;
        Ok(Self)
    }
}

impl Near {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

impl Far {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_cycle_through_a_call_of_a_third_service_is_reported() {
    let began = Instant::now();
    let error = isolated().only::<Near>().only::<Far>().boot().await.expect_err("the two wait for each other");
    assert_eq!(began.elapsed(), ms(20));
    let Refusal::Cycle(path) = refusal(&error.failures()[0]) else { panic!("{error}") };
    assert_eq!(*path, ["Far", "Near", "Far"]);
}

/// A service with a task that waits for a service that requires `Host`. Nothing waits for the task, so this is no cycle.
#[service(lazy)]
struct Host;

impl Lifecycle for Host {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        cx.spawn("early bird", async { Guest::call().await });
        sleep(ms(10)).await;
        Ok(Self)
    }
}

#[service(lazy, requires = [Host])]
struct Guest;

impl Lifecycle for Guest {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(10)).await;
        Ok(Self)
    }
}

impl Guest {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

// shows: D08
#[tokio::test(start_paused = true)]
async fn a_task_may_wait_for_a_service_that_requires_its_own() -> Result<()> {
    let registry = isolated().only::<Host>().only::<Guest>().boot().await?;
    sleep(ms(1)).await;
    let report = registry.shutdown().await?;
    assert!(report.is_clean(), "the call of the task succeeded: {report}");
    Ok(())
}

/// A service that calls `Open` in its `init` without declaring it.
#[service(lazy)]
struct Caller;

impl Lifecycle for Caller {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Open::call().await?;
        Ok(Self)
    }
}

#[service(lazy)]
struct Open;

impl Lifecycle for Open {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(ms(10)).await;
        Ok(Self)
    }
}

impl Open {
    #[guarded]
    async fn call() -> Result<(), NotReady> {
        Ok(())
    }
}

fn both() -> Builder {
    isolated().only::<Caller>().only::<Open>()
}

#[tokio::test(start_paused = true)]
async fn an_undeclared_call_works_and_is_listed_and_drawn_with_a_dashed_line() -> Result<()> {
    let registry = both().boot().await?;
    let report = registry.report();
    let calls: Vec<_> = report.undeclared.iter().map(|it| (it.caller.as_str(), it.callee.as_str())).collect();
    assert_eq!(calls, [("Caller", "Open")]);
    let graph = registry.graph();
    assert!(graph.to_string().contains("undeclared: Open"), "{graph}");
    assert!(graph.to_dot().contains(r#""Caller" -> "Open" [label="undeclared""#), "{}", graph.to_dot());
    assert!(graph.to_dot().contains("style=dashed"));
    assert!(graph.to_mermaid().contains(r#"-.->|"undeclared"|"#), "{}", graph.to_mermaid());
    assert!(graph.to_json().contains(r#""bond": "undeclared""#), "{}", graph.to_json());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_undeclared_call_is_an_error_if_the_builder_denies_them() {
    let began = Instant::now();
    let error = both().deny_undeclared().boot().await.expect_err("the call is not declared");
    assert_eq!(began.elapsed(), ms(0), "the call fails before it waits");
    assert!(matches!(refusal(&error.failures()[0]), Refusal::Undeclared(by) if &**by == "Caller"), "{error}");
    let text = error.to_string();
    assert!(text.contains("Open may not be called by Caller while that starts"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_declared_call_is_never_denied() -> Result<()> {
    let registry = isolated().deny_undeclared().only::<Guest>().boot().await?;
    assert_eq!(registry.state::<Guest>(), State::Ready);
    registry.shutdown().await?;
    Ok(())
}
