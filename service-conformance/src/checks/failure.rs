//! A failing `init` is reported, and no dependant starts.

use tokio::time::sleep;

use crate::Plan;
use crate::assertions::{ensure_eq, ensure_mentions};
use crate::check::{CheckResult, checks};
use crate::harness::{Harness, SETTLE_TIME};
use crate::hook_spec::Outcome;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D};
use crate::service_spec::service;

checks! {
    "F01" "a failing `init` fails the boot, with its name and its words" [] reported;
    "F01" "what failed is not shut down" [] failed_is_not_shut_down;
    "F03" "nothing becomes ready after boot has failed" [] nothing_afterwards;
    "F05" "what requires the failed one does not begin, however indirectly" [] dependants;
    "F22" "what never began is never shut down" [] never_began;
    "B14" "a boot after a failed one comes up" [] again;
}

async fn reported(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Error("the disk is full"))]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[B, "the disk is full"])
}

async fn failed_is_not_shut_down(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Error("no"))]);
    harness.boot_err(&plan).await?;
    sleep(SETTLE_TIME).await;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn nothing_afterwards(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).init_takes(300),
        service(B).init_takes(10),
        service(C).requires([B]).init_takes(20).init_ends(Outcome::Error("no")),
        service(D).requires([A]),
    ]);
    harness.boot_err(&plan).await?;
    let ready = plan.log.of(Hook::Init, HookEvent::Succeeded);
    sleep(SETTLE_TIME).await;
    ensure_eq("what was ready a while later", plan.log.of(Hook::Init, HookEvent::Succeeded), ready)
}

async fn dependants(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A).init_ends(Outcome::Error("no")),
        service(B).requires([A]),
        service(C).requires([B]),
        service(D).requires([C]),
    ]);
    harness.boot_err(&plan).await?;
    sleep(SETTLE_TIME).await;
    [B, C, D].into_iter().try_for_each(|it| plan.log.ensure_never(it, Hook::Init))
}

async fn never_began(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).init_ends(Outcome::Error("no")), service(B).requires([A])]);
    harness.boot_err(&plan).await?;
    sleep(SETTLE_TIME).await;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn again(harness: Harness) -> CheckResult {
    harness.boot_err(&Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Error("no"))])).await?;
    sleep(SETTLE_TIME).await;
    let plan = Plan::new([service(A), service(B).requires([A])]);
    harness.boot_and_shutdown(&plan).await?;
    plan.log.ensure_once(B, Hook::Init)
}
