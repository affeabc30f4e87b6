//! Shutdown: all of it, in order, once, and with every error.

use std::time::Duration;

use tokio::time::sleep;

use crate::Plan;
use crate::bench::{A_WHILE, Bench};
use crate::check::{Finding, page};
use crate::claim::{ensure, equal, tells};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D};
use crate::script::{Ending, service};

page! {
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

async fn waits_for_dependants(bench: Bench) -> Finding {
    let scripts =
        [service(A), service(B).requires([A]).shutdown_takes(100), service(C).requires([A]).shutdown_takes(300)];
    let plan = Plan::new(scripts.clone());
    bench.cycle(&plan).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.in_order(&scripts)
}

async fn others_go_down(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Error("no")),
        service(C).requires([B]).shutdown_ends(Ending::Error("no")),
        service(D),
    ]);
    let up = bench.up(&plan).await?;
    let _outcome = bench.shutdown(&up).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.once(D, Hook::Shutdown)
}

async fn all_errors(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Error("the disk is full")),
        service(C).requires([B]).shutdown_ends(Ending::Error("the socket is stuck")),
    ]);
    let up = bench.up(&plan).await?;
    let words = bench.down_with_errors(&up).await?;
    tells(&words, &[B, "the disk is full", C, "the socket is stuck"])
}

async fn not_swallowed(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_ends(Ending::Error("the disk is full"))]);
    let up = bench.up(&plan).await?;
    let words = bench.down_with_errors(&up).await?;
    tells(&words, &[A, "the disk is full"])
}

async fn twice(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    let up = bench.up(&plan).await?;
    bench.down(&up).await?;
    bench.down(&up).await?;
    plan.log.balanced()
}

async fn same_error(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_ends(Ending::Error("the disk is full"))]);
    let up = bench.up(&plan).await?;
    let first = bench.down_with_errors(&up).await?;
    let second = bench.down_with_errors(&up).await?;
    equal("the second error", second, first)?;
    plan.log.balanced()
}

async fn at_once(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_takes(100), service(B).requires([A]).shutdown_takes(100)]);
    let up = bench.up(&plan).await?;
    let first = bench.shutdown(&up);
    let second = async {
        sleep(Duration::from_millis(50)).await;
        let outcome = bench.shutdown(&up).await;
        outcome.map(|_| plan.log.of(Hook::Shutdown, Deed::Ended).len())
    };
    let (first, second) = tokio::join!(first, second);
    first??;
    equal("how many were down when the second shutdown ended", second?, 2)?;
    plan.log.balanced()
}

async fn after_the_last(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_takes(400), service(B).shutdown_takes(10)]);
    bench.cycle(&plan).await?;
    let down = plan.log.of(Hook::Shutdown, Deed::Ended).len();
    equal("how many were down when shutdown ended", down, 2)
}

async fn not_handed_out(bench: Bench) -> Finding {
    let plan = Plan::new([service(A)]);
    let up = bench.up(&plan).await?;
    bench.get(&up, A).await??;
    bench.down(&up).await?;
    let after = bench.get(&up, A).await?;
    ensure(after.is_err(), || format!("{A} was handed out after it was down"))
}

async fn dropped(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    drop(bench.up(&plan).await?);
    sleep(A_WHILE).await;
    Ok(())
}
