//! Independent services start and stop at the same time, up to the concurrency limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

use crate::Plan;
use crate::assertions::{ensure, ensure_eq, ensure_time};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D, NAMES};
use crate::random_graph::{critical_path, random_services};
use crate::service_spec::service;

checks! {
    "B04" "two that wait for each other's `init` to begin both come up" [Concurrency] rendezvous;
    "B05" "two independent 200 ms take 200 ms" [Concurrency] independent;
    "B06" "a service begins when its own requirements are ready, not when a level is" [Concurrency] no_levels;
    "B07" "100 random graphs take as long as their longest path" [Concurrency] longest_path;
    "B09" "no more come up at once than the cap allows" [ConcurrencyCap] cap;
    "B09" "a cap that is reached delays, and loses nobody" [ConcurrencyCap] cap_delays;
    "S01" "what is independent goes down at the same time" [Concurrency] down_at_once;
    "S01" "100 random graphs go down in as long as their longest path" [Concurrency] longest_path_down;
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

async fn rendezvous(harness: Harness) -> CheckResult {
    let barrier = Arc::new(Barrier::new(2));
    let plan = Plan::new([service(A).init_waits_at(&barrier), service(B).init_waits_at(&barrier)]);
    harness.boot_and_shutdown(&plan).await
}

async fn independent(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).init_takes(200), service(B).init_takes(200)]);
    harness.boot_ok(&plan).await?;
    ensure_time("the end of the boot", plan.log.now(), ms(200))
}

async fn no_levels(harness: Harness) -> CheckResult {
    let specs = [
        service(A).init_takes(300),
        service(B).init_takes(10),
        service(C).requires([B]).init_takes(10),
        service(D).requires([C, A]),
    ];
    let plan = Plan::new(specs);
    harness.boot_ok(&plan).await?;
    let at = |service, event| plan.log.at(service, Hook::Init, event).unwrap_or_default();
    ensure_time("Charlie, whose requirement was ready after 10 ms, began", at(C, HookEvent::Started), ms(10))?;
    ensure_time("Delta began", at(D, HookEvent::Started), ms(300))
}

async fn longest_path(harness: Harness) -> CheckResult {
    for seed in 0..100 {
        let specs = random_services(seed, NAMES.len());
        let plan = Plan::new(specs.clone());
        harness.boot_ok(&plan).await?;
        ensure_time("the end of the boot", plan.log.now(), critical_path(&specs, |it| it.init.takes))?;
    }
    Ok(())
}

async fn cap(harness: Harness) -> CheckResult {
    let plan = Plan::new(NAMES.map(|it| service(it).init_takes(50))).with_concurrency(4);
    harness.boot_ok(&plan).await?;
    ensure(plan.log.most_concurrent_inits() <= 4, || {
        format!("{} came up at once, not 4", plan.log.most_concurrent_inits())
    })
}

async fn cap_delays(harness: Harness) -> CheckResult {
    let plan = Plan::new(NAMES[..20].iter().map(|it| service(*it).init_takes(50))).with_concurrency(4);
    harness.boot_ok(&plan).await?;
    ensure_eq("how many came up", plan.log.of(Hook::Init, HookEvent::Succeeded).len(), 20)?;
    ensure_time("the end of the boot", plan.log.now(), ms(250))
}

async fn down_at_once(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_takes(200), service(B).shutdown_takes(200)]);
    let registry = harness.boot_ok(&plan).await?;
    let began = plan.log.now();
    harness.shutdown_ok(&registry).await?;
    ensure_time("the end of the shutdown", plan.log.now() - began, ms(200))
}

async fn longest_path_down(harness: Harness) -> CheckResult {
    for seed in 0..100 {
        let specs = random_services(seed, NAMES.len());
        let plan = Plan::new(specs.clone());
        let registry = harness.boot_ok(&plan).await?;
        let began = plan.log.now();
        harness.shutdown_ok(&registry).await?;
        ensure_time("the end of the shutdown", plan.log.now() - began, critical_path(&specs, |it| it.shutdown.takes))?;
    }
    Ok(())
}
