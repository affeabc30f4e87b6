//! What hangs is given up at its time, named, and keeps nobody else.

use std::time::Duration;

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{about, ensure, equal, tells};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D};
use crate::script::{Ending, service};

page! {
    "T01" "an `init` that hangs fails the boot at its budget, and is named" [ServiceInitTimeout] init_hangs;
    "T01" "an `init` that hangs is dropped" [ServiceInitTimeout] init_dropped;
    "T01" "a budget runs from when its own `init` begins" [ServiceInitTimeout] own_budget;
    "T02" "a boot over its budget fails at its time, and names who is late" [BootTimeout] boot_late;
    "F06" "a boot over its budget is rolled back all the same" [BootTimeout, Rollback] boot_late_rolls_back;
    "S05" "a `shutdown` that hangs is given up at its budget, and what it requires goes down" [ServiceShutdownTimeout]
        shutdown_hangs;
    "S05" "a `shutdown` that hangs is named" [ServiceShutdownTimeout] shutdown_named;
    "S05" "a rollback that hangs is given up too" [ServiceShutdownTimeout, Rollback] rollback_hangs;
    "S11" "a shutdown over its budget ends, and each service had a share of it" [ShutdownTimeout] whole_shutdown;
}

const BUDGET: Duration = Duration::from_secs(5);

async fn init_hangs(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).init_ends(Ending::Never).init_timeout(BUDGET)]);
    let words = bench.refused(&plan).await?;
    about("the end of the boot", plan.log.now(), BUDGET)?;
    tells(&words, &[B])
}

async fn init_dropped(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).init_ends(Ending::Never).init_timeout(BUDGET)]);
    bench.refused(&plan).await?;
    equal("how often it was dropped", plan.log.count(A, Hook::Init, Deed::Dropped), 1)
}

async fn own_budget(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).init_takes(4_000).init_timeout(BUDGET),
        service(B).requires([A]).init_takes(4_000).init_timeout(BUDGET),
    ]);
    bench.cycle(&plan).await
}

async fn boot_late(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_takes(9_000)]).with_boot_timeout(BUDGET);
    let words = bench.refused(&plan).await?;
    about("the end of the boot", plan.log.now(), BUDGET)?;
    tells(&words, &[B])
}

async fn boot_late_rolls_back(bench: Bench) -> Finding {
    // The rollback takes longer than what was left of the budget of the boot: it has one of its own.
    let plan = Plan::new([service(A).shutdown_takes(3_000), service(B).requires([A]).init_ends(Ending::Never)]);
    let plan = plan.with_boot_timeout(BUDGET);
    bench.refused(&plan).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.never(B, Hook::Shutdown)
}

async fn shutdown_hangs(bench: Bench) -> Finding {
    let hangs = service(B).requires([A]).shutdown_ends(Ending::Never).shutdown_timeout(BUDGET);
    let plan = Plan::new([service(A), hangs, service(C).requires([A])]);
    let up = bench.up(&plan).await?;
    let _words = bench.down_with_errors(&up).await?;
    about("the end of the shutdown", plan.log.now(), BUDGET)?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.once(C, Hook::Shutdown)
}

async fn shutdown_named(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).shutdown_ends(Ending::Never).shutdown_timeout(BUDGET)]);
    let up = bench.up(&plan).await?;
    let words = bench.down_with_errors(&up).await?;
    tells(&words, &[B])
}

async fn rollback_hangs(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Never).shutdown_timeout(BUDGET),
        service(C).requires([B]).init_ends(Ending::Error("the disk is full")),
    ]);
    let words = bench.refused(&plan).await?;
    about("the end of the boot", plan.log.now(), BUDGET)?;
    tells(&words, &[C, "the disk is full"])?;
    plan.log.once(A, Hook::Shutdown)
}

async fn whole_shutdown(bench: Bench) -> Finding {
    let hangs = |name: &str, below: Option<&str>| service(name).requires(below).shutdown_ends(Ending::Never);
    let scripts = [hangs(A, None), hangs(B, Some(A)), hangs(C, Some(B)), hangs(D, Some(C))];
    let plan = Plan::new(scripts).with_shutdown_timeout(BUDGET);
    let up = bench.up(&plan).await?;
    let began = plan.log.now();
    bench.down_with_errors(&up).await?;
    let took = plan.log.now() - began;
    ensure(took <= BUDGET + Duration::from_millis(10), || format!("the shutdown took {took:?}"))?;
    equal("what began to go down", plan.log.of(Hook::Shutdown, Deed::Began), [D, C, B, A].map(str::to_owned).to_vec())
}
