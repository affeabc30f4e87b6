//! Several registries, one after the other and side by side: nothing leaks from one to the next.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::Plan;
use crate::assertions::{ensure, ensure_eq};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::log::Hook;
use crate::name::{A, B, C, D, E};
use crate::random_graph::random_services;
use crate::service_spec::service;

checks! {
    "B14" "a second boot, after a shutdown, comes up with new values" [] second_boot;
    "S23" "100 boots and shutdowns in a row, each in order" [] many_cycles;
    "D01" "to get what is not in the plan is an error" [] get_unknown;
    "X01" "two registries at once do not see each other" [SeveralRegistries] side_by_side;
    "X04" "the same plan gives the same events, 20 times" [] same_events;
    "X06" "no task outlives the shutdown" [] no_task_left;
}

async fn second_boot(harness: Harness) -> CheckResult {
    let first = Plan::new([service(A), service(B).requires([A])]);
    let registry = harness.boot_ok(&first).await?;
    harness.shutdown_ok(&registry).await?;
    drop(registry);
    let second = Plan::new([service(A), service(B).requires([A])]);
    let registry = harness.boot_ok(&second).await?;
    let given = second.log.dependencies_of(B);
    ensure_eq("what Bravo was given", given, vec![harness.get(&registry, A).await??])?;
    harness.shutdown_ok(&registry).await?;
    second.log.ensure_balanced()?;
    first.log.ensure_balanced()
}

async fn many_cycles(harness: Harness) -> CheckResult {
    for _ in 0..100 {
        let specs =
            [service(A), service(B).requires([A]), service(C).requires([A]), service(D).requires([B, C]), service(E)];
        let plan = Plan::new(specs.clone());
        harness.boot_and_shutdown(&plan).await?;
        plan.log.ensure_order(&specs)?;
        plan.log.ensure_balanced()?;
        ensure(plan.log.now() < Duration::from_secs(1), || format!("a cycle took {:?}", plan.log.now()))?;
    }
    Ok(())
}

async fn get_unknown(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A)]);
    let registry = harness.boot_ok(&plan).await?;
    ensure(harness.get(&registry, B).await?.is_err(), || format!("{B} was handed out"))
}

async fn side_by_side(harness: Harness) -> CheckResult {
    let (one, other) = (Plan::new([service(A), service(B).requires([A])]), Plan::new([service(A), service(C)]));
    let one_registry = harness.boot_ok(&one).await?;
    let other_registry = harness.boot_ok(&other).await?;
    one.log.ensure_once(A, Hook::Init)?;
    other.log.ensure_once(A, Hook::Init)?;
    ensure(harness.get(&other_registry, B).await?.is_err(), || format!("{B} of the one was handed out by the other"))?;
    harness.shutdown_ok(&one_registry).await?;
    other.log.ensure_never(A, Hook::Shutdown)?;
    harness.get(&other_registry, A).await??;
    harness.shutdown_ok(&other_registry).await?;
    other.log.ensure_balanced()
}

async fn same_events(harness: Harness) -> CheckResult {
    let mut first = None;
    for _ in 0..20 {
        let plan = Plan::new(random_services(7, 16));
        harness.boot_and_shutdown(&plan).await?;
        let events = plan.log.entries();
        ensure(first.get_or_insert_with(|| events.clone()) == &events, || "the events differ".to_owned())?;
    }
    Ok(())
}

async fn no_task_left(harness: Harness) -> CheckResult {
    let before = Handle::current().metrics().num_alive_tasks();
    let plan = Plan::new(random_services(3, 16));
    let registry = harness.boot_ok(&plan).await?;
    harness.shutdown_ok(&registry).await?;
    drop(registry);
    // A task without work may need a moment to end.
    sleep(Duration::from_millis(10)).await;
    ensure_eq("how many tasks there are", Handle::current().metrics().num_alive_tasks(), before)
}
