//! A panic in a hook is an error of its service and has no other effect.

use tokio::time::sleep;

use crate::Plan;
use crate::assertions::ensure_mentions;
use crate::check::{CheckResult, checks};
use crate::harness::{Harness, SETTLE_TIME};
use crate::hook_spec::{Outcome, PanicPayload};
use crate::log::Hook;
use crate::name::{A, B, C};
use crate::service_spec::service;

checks! {
    "F11" "a panic in `init` with a `&str` is an error with its name and its words" [] text;
    "F11" "a panic in `init` with a `String` is an error with its name and its words" [] owned;
    "F11" "a panic in `init` with something else is an error with its name" [] other;
    "F11" "what came up goes down again when a later one panics" [Rollback] rolls_back;
    "F11" "a boot after one that panicked comes up" [] again;
    "F12" "a panic in `shutdown` does not keep the others from going down" [] others_go_down;
    "F12" "a panic in `shutdown` is told with its name and its words" [] reported;
    "F12" "a panic in the rollback does not stop it" [Rollback] rollback_goes_on;
}

async fn panics_with(harness: Harness, payload: PanicPayload, reported: &[&str]) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Panic(payload))]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, reported)
}

async fn text(harness: Harness) -> CheckResult {
    panics_with(harness, PanicPayload::Str("out of cheese"), &[B, "out of cheese"]).await
}

async fn owned(harness: Harness) -> CheckResult {
    panics_with(harness, PanicPayload::String("out of cheese"), &[B, "out of cheese"]).await
}

async fn other(harness: Harness) -> CheckResult {
    panics_with(harness, PanicPayload::Other, &[B]).await
}

async fn rolls_back(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Panic(PanicPayload::Str("no")))]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn again(harness: Harness) -> CheckResult {
    // Other checks test how this boot ends. This one tests what it leaves behind.
    let _ended = harness.boot(&Plan::new([service(A).init_ends(Outcome::Panic(PanicPayload::Str("no")))])).await;
    sleep(SETTLE_TIME).await;
    let plan = Plan::new([service(A)]);
    harness.boot_and_shutdown(&plan).await?;
    plan.log.ensure_once(A, Hook::Init)
}

async fn others_go_down(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Panic(PanicPayload::Str("no"))),
        service(C).requires([B]),
    ]);
    let registry = harness.boot_ok(&plan).await?;
    let _ended = harness.shutdown(&registry).await;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_once(C, Hook::Shutdown)
}

async fn reported(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).shutdown_ends(Outcome::Panic(PanicPayload::Str("out of cheese")))]);
    let registry = harness.boot_ok(&plan).await?;
    let error = harness.shutdown_err(&registry).await?;
    ensure_mentions(&error, &[A, "out of cheese"])
}

async fn rollback_goes_on(harness: Harness) -> CheckResult {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Outcome::Panic(PanicPayload::String("no"))),
        service(C).requires([B]).init_ends(Outcome::Error("no")),
    ]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)
}
