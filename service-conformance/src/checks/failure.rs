//! A failing `init` is told, and nothing builds upon it.

use tokio::time::sleep;

use crate::Plan;
use crate::bench::{A_WHILE, Bench};
use crate::check::{Finding, page};
use crate::claim::{equal, tells};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D};
use crate::script::{Ending, service};

page! {
    "F01" "a failing `init` fails the boot, with its name and its words" [] told;
    "F01" "what failed is not shut down" [] failed_is_not_shut_down;
    "F03" "nothing becomes ready after boot has failed" [] nothing_afterwards;
    "F05" "what requires the failed one does not begin, however indirectly" [] dependants;
    "F22" "what never began is never shut down" [] never_began;
    "B14" "a boot after a failed one comes up" [] again;
}

async fn told(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Error("the disk is full"))]);
    let words = bench.refused(&plan).await?;
    tells(&words, &[B, "the disk is full"])
}

async fn failed_is_not_shut_down(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Error("no"))]);
    bench.refused(&plan).await?;
    sleep(A_WHILE).await;
    plan.log.never(B, Hook::Shutdown)
}

async fn nothing_afterwards(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).init_takes(300),
        service(B).init_takes(10),
        service(C).requires([B]).init_takes(20).init_ends(Ending::Error("no")),
        service(D).requires([A]),
    ]);
    bench.refused(&plan).await?;
    let ready = plan.log.of(Hook::Init, Deed::Ended);
    sleep(A_WHILE).await;
    equal("what was ready a while later", plan.log.of(Hook::Init, Deed::Ended), ready)
}

async fn dependants(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A).init_ends(Ending::Error("no")),
        service(B).requires([A]),
        service(C).requires([B]),
        service(D).requires([C]),
    ]);
    bench.refused(&plan).await?;
    sleep(A_WHILE).await;
    [B, C, D].into_iter().try_for_each(|it| plan.log.never(it, Hook::Init))
}

async fn never_began(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).init_ends(Ending::Error("no")), service(B).requires([A])]);
    bench.refused(&plan).await?;
    sleep(A_WHILE).await;
    plan.log.never(B, Hook::Shutdown)
}

async fn again(bench: Bench) -> Finding {
    bench.refused(&Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Error("no"))])).await?;
    sleep(A_WHILE).await;
    let plan = Plan::new([service(A), service(B).requires([A])]);
    bench.cycle(&plan).await?;
    plan.log.once(B, Hook::Init)
}
