//! A hook that hangs is abandoned at its budget and named, and does not keep other services from stopping.

use std::time::Duration;

use crate::Plan;
use crate::assertions::{ensure, ensure_eq, ensure_mentions, ensure_time};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::hook_spec::Outcome;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D};
use crate::service_spec::service;

checks! {
    "T01" "an `init` that hangs fails the boot at its budget, and is named" [ServiceInitTimeout] init_hangs;
    "T01" "an `init` that hangs is dropped" [ServiceInitTimeout] init_dropped;
    "T01" "a budget runs from when its own `init` begins" [ServiceInitTimeout] own_budget;
    "T02" "a boot over its budget fails at its time, and names who is late" [BootTimeout] boot_late;
    "F06" "a boot over its budget is rolled back all the same" [BootTimeout, Rollback] boot_late_rolls_back;
    "S05" "a `shutdown` that hangs is given up at its budget, and what it requires goes down" [ServiceShutdownTimeout]
        shutdown_hangs;
    "S05" "a `shutdown` that hangs is named" [ServiceShutdownTimeout] shutdown_named;
    "S05" "a rollback that hangs is given up too" [ServiceShutdownTimeout, Rollback] rollback_hangs;
    "S11" "a shutdown over its budget ends, and each service had a share of it" [ShutdownTimeout] whole_shutdown;
}

const BUDGET: Duration = Duration::from_secs(5);

async fn init_hangs(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).init_ends(Outcome::Hang).init_timeout(BUDGET)]);
    let error = harness.boot_err(&plan).await?;
    ensure_time("the end of the boot", plan.log.now(), BUDGET)?;
    ensure_mentions(&error, &[B])
}

async fn init_dropped(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).init_ends(Outcome::Hang).init_timeout(BUDGET)]);
    harness.boot_err(&plan).await?;
    ensure_eq("how often it was dropped", plan.log.count(A, Hook::Init, HookEvent::Dropped), 1)
}

async fn own_budget(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).init_takes(4_000).init_timeout(BUDGET),
        service(B).requires([A]).init_takes(4_000).init_timeout(BUDGET),
    ]);
    harness.boot_and_shutdown(&plan).await
}

async fn boot_late(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_takes(9_000)]).with_boot_timeout(BUDGET);
    let error = harness.boot_err(&plan).await?;
    ensure_time("the end of the boot", plan.log.now(), BUDGET)?;
    ensure_mentions(&error, &[B])
}

async fn boot_late_rolls_back(harness: Harness) -> CheckResult {
    // The rollback takes longer than what is left of the budget of the boot: it has its own budget.
    let plan = Plan::new([service(A).shutdown_takes(3_000), service(B).requires([A]).init_ends(Outcome::Hang)]);
    let plan = plan.with_boot_timeout(BUDGET);
    harness.boot_err(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn shutdown_hangs(harness: Harness) -> CheckResult {
    let hangs = service(B).requires([A]).shutdown_ends(Outcome::Hang).shutdown_timeout(BUDGET);
    let plan = Plan::new([service(A), hangs, service(C).requires([A])]);
    let registry = harness.boot_ok(&plan).await?;
    let _error = harness.shutdown_err(&registry).await?;
    ensure_time("the end of the shutdown", plan.log.now(), BUDGET)?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_once(C, Hook::Shutdown)
}

async fn shutdown_named(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).shutdown_ends(Outcome::Hang).shutdown_timeout(BUDGET)]);
    let registry = harness.boot_ok(&plan).await?;
    let error = harness.shutdown_err(&registry).await?;
    ensure_mentions(&error, &[B])
}

async fn rollback_hangs(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Hang).shutdown_timeout(BUDGET),
        service(C).requires([B]).init_ends(Outcome::Error("the disk is full")),
    ]);
    let error = harness.boot_err(&plan).await?;
    ensure_time("the end of the boot", plan.log.now(), BUDGET)?;
    ensure_mentions(&error, &[C, "the disk is full"])?;
    plan.log.ensure_once(A, Hook::Shutdown)
}

async fn whole_shutdown(harness: Harness) -> CheckResult {
    let hangs = |name: &str, below: Option<&str>| service(name).requires(below).shutdown_ends(Outcome::Hang);
    let specs = [hangs(A, None), hangs(B, Some(A)), hangs(C, Some(B)), hangs(D, Some(C))];
    let plan = Plan::new(specs).with_shutdown_timeout(BUDGET);
    let registry = harness.boot_ok(&plan).await?;
    let began = plan.log.now();
    harness.shutdown_err(&registry).await?;
    let took = plan.log.now() - began;
    ensure(took <= BUDGET + Duration::from_millis(10), || format!("the shutdown took {took:?}"))?;
    ensure_eq(
        "what began to go down",
        plan.log.of(Hook::Shutdown, HookEvent::Started),
        [D, C, B, A].map(str::to_owned).to_vec(),
    )
}
