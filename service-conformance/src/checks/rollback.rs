//! A boot that does not succeed takes down what it had brought up.

use std::time::Duration;

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{about, ensure, equal, tells};
use crate::dag::{dag, longest};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D};
use crate::script::{Ending, service};

page! {
    "F01" "what came up goes down again when a later one fails, once, before boot ends" [Rollback] rolls_back;
    "F01" "the rollback is in reverse order" [Rollback] in_reverse;
    "F02" "an error of the rollback is told too, after that of the boot" [Rollback] both_errors;
    "F02" "an error of the rollback does not stop it" [Rollback] goes_on;
    "F08" "what is independent is rolled back at the same time" [Rollback, Concurrency] at_once;
    "F09" "whichever of a random graph fails, what was ready goes down once, in order" [Rollback] whichever_fails;
    "F07" "a boot that is dropped takes down what had come up" [Rollback] dropped;
    "T12" "at whichever moment a boot is dropped, what was ready goes down once, in order" [Rollback] whenever_dropped;
}

/// Between any two ends of hooks of a [`dag`].
const ODD: Duration = Duration::from_millis(1);

async fn rolls_back(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Error("no"))]);
    bench.refused(&plan).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.never(B, Hook::Shutdown)
}

async fn in_reverse(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).shutdown_takes(20),
        service(B).requires([A]).shutdown_takes(20),
        service(C).requires([B]).shutdown_takes(20),
        service(D).requires([C]).init_ends(Ending::Error("no")),
    ]);
    bench.refused(&plan).await?;
    let down = plan.log.of(Hook::Shutdown, Deed::Ended);
    equal("what went down", down, [C, B, A].map(str::to_owned).to_vec())
}

async fn both_errors(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).shutdown_ends(Ending::Error("the socket is stuck")),
        service(B).requires([A]).init_ends(Ending::Error("the disk is full")),
    ]);
    let words = bench.refused(&plan).await?;
    tells(&words, &["the disk is full", "the socket is stuck"])?;
    let first = words.find("the disk is full") < words.find("the socket is stuck");
    ensure(first, || format!("the error of the rollback is told first: {words}"))
}

async fn goes_on(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Error("no")),
        service(C).requires([B]).init_ends(Ending::Error("no")),
    ]);
    bench.refused(&plan).await?;
    plan.log.once(A, Hook::Shutdown)
}

async fn at_once(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).shutdown_takes(200),
        service(B).shutdown_takes(200),
        service(C).shutdown_takes(200),
        service(D).requires([A, B, C]).init_takes(10).init_ends(Ending::Error("no")),
    ]);
    bench.refused(&plan).await?;
    about("the end of the boot", plan.log.now(), Duration::from_millis(210))
}

async fn whichever_fails(bench: Bench) -> Finding {
    for seed in 0..10 {
        for failing in 0..12 {
            let mut scripts = dag(seed, 12);
            scripts[failing].init.ending = Ending::Error("no");
            scripts[failing].init.takes += ODD;
            let plan = Plan::new(scripts.clone());
            bench.refused(&plan).await?;
            plan.log.balanced()?;
            plan.log.in_order(&scripts)?;
        }
    }
    Ok(())
}

async fn dropped(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_takes(500)]);
    let dropped = bench.give_up(&plan, Duration::from_millis(100)).await?;
    ensure(dropped, || format!("boot ended early: {}", plan.log))?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.balanced()
}

async fn whenever_dropped(bench: Bench) -> Finding {
    for seed in 0..4 {
        let scripts = dag(seed, 10);
        let end = longest(&scripts, |it| it.init.takes);
        let mut moment = ODD;
        while moment < end {
            let plan = Plan::new(scripts.clone());

            if bench.give_up(&plan, moment).await? {
                plan.log.balanced().map_err(|error| format!("dropped after {moment:?}: {error}"))?;
                plan.log.in_order(&scripts)?;
            }
            moment += Duration::from_millis(6);
        }
    }
    Ok(())
}
