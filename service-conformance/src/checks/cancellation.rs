//! A boot that is cancelled ends soon, and says so.

use std::time::Duration;

use tokio::time::sleep;

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{about, ensure};
use crate::log::Hook;
use crate::name::{A, B};
use crate::script::{Ending, service};

page! {
    "T07" "a boot that is cancelled ends at once, and does not call it a timeout" [Cancellation] cancelled;
    "T07" "a boot that is cancelled takes down what had come up" [Cancellation, Rollback] rolls_back;
    "T09" "a boot that was cancelled before it began starts nothing" [Cancellation] cancelled_before;
}

const SOON: Duration = Duration::from_millis(100);

/// Boots, and cancels a little later.
async fn cancel_soon(bench: &Bench, plan: &Plan) -> Result<String, String> {
    let boot = bench.refused(plan);
    let cancel = async {
        sleep(SOON).await;
        plan.cancel();
        std::future::pending::<Result<String, String>>().await
    };
    tokio::select! {
        biased;
        words = boot => words,
        never = cancel => never,
    }
}

async fn cancelled(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Never)]);
    let words = cancel_soon(&bench, &plan).await?;
    about("the end of the boot", plan.log.now(), SOON)?;
    let lower = words.to_lowercase();
    let is_late = ["timed out", "timeout", "deadline"].iter().any(|word| lower.contains(word));
    ensure(lower.contains("cancel") && !is_late, || format!("the error does not tell of the cancellation: {words}"))
}

async fn rolls_back(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Never)]);
    cancel_soon(&bench, &plan).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.never(B, Hook::Shutdown)
}

async fn cancelled_before(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    plan.cancel();
    bench.refused(&plan).await?;
    plan.log.is_empty()
}
