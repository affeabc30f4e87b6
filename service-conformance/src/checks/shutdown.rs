//! A shutdown is complete, ordered, runs once, and reports every error.

use std::time::Duration;

use tokio::time::sleep;

use crate::Plan;
use crate::assertions::{ensure, ensure_eq, ensure_mentions};
use crate::check::{CheckResult, checks};
use crate::harness::{Harness, SETTLE_TIME};
use crate::hook_spec::Outcome;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D};
use crate::service_spec::service;

checks! {
    "S02" "a service goes down only when all that require it are down" [] waits_for_dependants;
    "S03" "an error of one does not keep the others from going down" [] others_go_down;
    "S03" "all errors are told, with their names" [] all_errors;
    "S04" "an error is not swallowed" [] not_swallowed;
    "S07" "a second shutdown runs no hook again" [RepeatedShutdown] twice;
    "S07" "a second shutdown tells of the same error" [RepeatedShutdown] same_error;
    "S07" "of two shutdowns at once, none ends before everything is down" [RepeatedShutdown] at_once;
    "S21" "shutdown ends after the last hook" [] after_the_last;
    "D05" "a service is not handed out any more when it is down" [] not_handed_out;
    "S19" "to drop a registry that is up is no panic" [] dropped;
}

async fn waits_for_dependants(harness: Harness) -> CheckResult {
    let specs =
        [service(A), service(B).requires([A]).shutdown_takes(100), service(C).requires([A]).shutdown_takes(300)];
    let plan = Plan::new(specs.clone());
    harness.boot_and_shutdown(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_order(&specs)
}

async fn others_go_down(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Error("no")),
        service(C).requires([B]).shutdown_ends(Outcome::Error("no")),
        service(D),
    ]);
    let registry = harness.boot_ok(&plan).await?;
    let _outcome = harness.shutdown(&registry).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_once(D, Hook::Shutdown)
}

async fn all_errors(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Error("the disk is full")),
        service(C).requires([B]).shutdown_ends(Outcome::Error("the socket is stuck")),
    ]);
    let registry = harness.boot_ok(&plan).await?;
    let error = harness.shutdown_err(&registry).await?;
    ensure_mentions(&error, &[B, "the disk is full", C, "the socket is stuck"])
}

async fn not_swallowed(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_ends(Outcome::Error("the disk is full"))]);
    let registry = harness.boot_ok(&plan).await?;
    let error = harness.shutdown_err(&registry).await?;
    ensure_mentions(&error, &[A, "the disk is full"])
}

async fn twice(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    let registry = harness.boot_ok(&plan).await?;
    harness.shutdown_ok(&registry).await?;
    harness.shutdown_ok(&registry).await?;
    plan.log.ensure_balanced()
}

async fn same_error(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_ends(Outcome::Error("the disk is full"))]);
    let registry = harness.boot_ok(&plan).await?;
    let first = harness.shutdown_err(&registry).await?;
    let second = harness.shutdown_err(&registry).await?;
    ensure_eq("the second error", second, first)?;
    plan.log.ensure_balanced()
}

async fn at_once(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_takes(100), service(B).requires([A]).shutdown_takes(100)]);
    let registry = harness.boot_ok(&plan).await?;
    let first = harness.shutdown(&registry);
    let second = async {
        sleep(Duration::from_millis(50)).await;
        let outcome = harness.shutdown(&registry).await;
        outcome.map(|_| plan.log.of(Hook::Shutdown, HookEvent::Succeeded).len())
    };
    let (first, second) = tokio::join!(first, second);
    first??;
    ensure_eq("how many were down when the second shutdown ended", second?, 2)?;
    plan.log.ensure_balanced()
}

async fn after_the_last(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_takes(400), service(B).shutdown_takes(10)]);
    harness.boot_and_shutdown(&plan).await?;
    let down = plan.log.of(Hook::Shutdown, HookEvent::Succeeded).len();
    ensure_eq("how many were down when shutdown ended", down, 2)
}

async fn not_handed_out(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A)]);
    let registry = harness.boot_ok(&plan).await?;
    harness.get(&registry, A).await??;
    harness.shutdown_ok(&registry).await?;
    let after = harness.get(&registry, A).await?;
    ensure(after.is_err(), || format!("{A} was handed out after it was down"))
}

async fn dropped(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    drop(harness.boot_ok(&plan).await?);
    sleep(SETTLE_TIME).await;
    Ok(())
}
