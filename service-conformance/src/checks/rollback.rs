//! A boot that does not succeed stops the services that were ready.

use std::time::Duration;

use crate::Plan;
use crate::assertions::{ensure, ensure_eq, ensure_mentions, ensure_time};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::hook_spec::Outcome;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D};
use crate::random_graph::{critical_path, random_services};
use crate::service_spec::service;

checks! {
    "F01" "what came up goes down again when a later one fails, once, before boot ends" [Rollback] rolls_back;
    "F01" "the rollback is in reverse order" [Rollback] in_reverse;
    "F02" "an error of the rollback is told too, after that of the boot" [Rollback] both_errors;
    "F02" "an error of the rollback does not stop it" [Rollback] goes_on;
    "F08" "what is independent is rolled back at the same time" [Rollback, Concurrency] at_once;
    "F09" "whichever of a random graph fails, what was ready goes down once, in order" [Rollback] whichever_fails;
    "F07" "a boot that is dropped takes down what had come up" [Rollback] dropped;
    "T12" "at whichever moment a boot is dropped, what was ready goes down once, in order" [Rollback] whenever_dropped;
}

/// An odd duration, at which no hook of [`random_services`] ends.
const ODD: Duration = Duration::from_millis(1);

async fn rolls_back(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Error("no"))]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn in_reverse(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).shutdown_takes(20),
        service(B).requires([A]).shutdown_takes(20),
        service(C).requires([B]).shutdown_takes(20),
        service(D).requires([C]).init_ends(Outcome::Error("no")),
    ]);
    harness.boot_err(&plan).await?;
    let down = plan.log.of(Hook::Shutdown, HookEvent::Succeeded);
    ensure_eq("what went down", down, [C, B, A].map(str::to_owned).to_vec())
}

async fn both_errors(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).shutdown_ends(Outcome::Error("the socket is stuck")),
        service(B).requires([A]).init_ends(Outcome::Error("the disk is full")),
    ]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &["the disk is full", "the socket is stuck"])?;
    let first = error.find("the disk is full") < error.find("the socket is stuck");
    ensure(first, || format!("the error of the rollback is reported first: {error}"))
}

async fn goes_on(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Error("no")),
        service(C).requires([B]).init_ends(Outcome::Error("no")),
    ]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)
}

async fn at_once(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).shutdown_takes(200),
        service(B).shutdown_takes(200),
        service(C).shutdown_takes(200),
        service(D).requires([A, B, C]).init_takes(10).init_ends(Outcome::Error("no")),
    ]);
    harness.boot_err(&plan).await?;
    ensure_time("the end of the boot", plan.log.now(), Duration::from_millis(210))
}

async fn whichever_fails(harness: Harness) -> CheckResult {
    for seed in 0..10 {
        for failing in 0..12 {
            let mut specs = random_services(seed, 12);
            specs[failing].init.outcome = Outcome::Error("no");
            specs[failing].init.takes += ODD;
            let plan = Plan::new(specs.clone());
            harness.boot_err(&plan).await?;
            plan.log.ensure_balanced()?;
            plan.log.ensure_order(&specs)?;
        }
    }
    Ok(())
}

async fn dropped(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_takes(500)]);
    let dropped = harness.drop_boot_after(&plan, Duration::from_millis(100)).await?;
    ensure(dropped, || format!("boot ended early: {}", plan.log))?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_balanced()
}

async fn whenever_dropped(harness: Harness) -> CheckResult {
    for seed in 0..4 {
        let specs = random_services(seed, 10);
        let end = critical_path(&specs, |it| it.init.takes);
        let mut moment = ODD;
        while moment < end {
            let plan = Plan::new(specs.clone());

            if harness.drop_boot_after(&plan, moment).await? {
                plan.log.ensure_balanced().map_err(|error| format!("dropped after {moment:?}: {error}"))?;
                plan.log.ensure_order(&specs)?;
            }
            moment += Duration::from_millis(6);
        }
    }
    Ok(())
}
