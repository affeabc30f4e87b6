//! A cancelled boot ends immediately and reports the cancellation.

use std::time::Duration;

use tokio::time::sleep;

use crate::Plan;
use crate::assertions::{ensure, ensure_time};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::hook_spec::Outcome;
use crate::log::Hook;
use crate::name::{A, B};
use crate::service_spec::service;

checks! {
    "T07" "a boot that is cancelled ends at once, and does not call it a timeout" [Cancellation] cancelled;
    "T07" "a boot that is cancelled takes down what had come up" [Cancellation, Rollback] rolls_back;
    "T09" "a boot that was cancelled before it began starts nothing" [Cancellation] cancelled_before;
}

const SOON: Duration = Duration::from_millis(100);

/// Boots, and cancels the boot a little later.
async fn cancel_soon(harness: &Harness, plan: &Plan) -> Result<String, String> {
    let boot = harness.boot_err(plan);
    let cancel = async {
        sleep(SOON).await;
        plan.cancel();
        std::future::pending::<Result<String, String>>().await
    };
    tokio::select! {
        biased;
        error = boot => error,
        never = cancel => never,
    }
}

async fn cancelled(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Hang)]);
    let error = cancel_soon(&harness, &plan).await?;
    ensure_time("the end of the boot", plan.log.now(), SOON)?;
    let lower = error.to_lowercase();
    let is_late = ["timed out", "timeout", "deadline"].iter().any(|word| lower.contains(word));
    ensure(lower.contains("cancel") && !is_late, || format!("the error does not tell of the cancellation: {error}"))
}

async fn rolls_back(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Outcome::Hang)]);
    cancel_soon(&harness, &plan).await?;
    plan.log.ensure_once(A, Hook::Shutdown)?;
    plan.log.ensure_never(B, Hook::Shutdown)
}

async fn cancelled_before(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    plan.cancel();
    harness.boot_err(&plan).await?;
    plan.log.ensure_empty()
}
