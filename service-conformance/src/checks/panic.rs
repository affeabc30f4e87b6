//! A panic of a service is that service's error, and no more.

use tokio::time::sleep;

use crate::Plan;
use crate::bench::{A_WHILE, Bench};
use crate::check::{Finding, page};
use crate::claim::tells;
use crate::log::Hook;
use crate::name::{A, B, C};
use crate::script::{Ending, Payload, service};

page! {
    "F11" "a panic in `init` with a `&str` is an error with its name and its words" [] text;
    "F11" "a panic in `init` with a `String` is an error with its name and its words" [] owned;
    "F11" "a panic in `init` with something else is an error with its name" [] other;
    "F11" "what came up goes down again when a later one panics" [Rollback] rolls_back;
    "F11" "a boot after one that panicked comes up" [] again;
    "F12" "a panic in `shutdown` does not keep the others from going down" [] others_go_down;
    "F12" "a panic in `shutdown` is told with its name and its words" [] told;
    "F12" "a panic in the rollback does not stop it" [Rollback] rollback_goes_on;
}

async fn panics_with(bench: Bench, payload: Payload, told: &[&str]) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Panic(payload))]);
    let words = bench.refused(&plan).await?;
    tells(&words, told)
}

async fn text(bench: Bench) -> Finding {
    panics_with(bench, Payload::Text("out of cheese"), &[B, "out of cheese"]).await
}

async fn owned(bench: Bench) -> Finding {
    panics_with(bench, Payload::Owned("out of cheese"), &[B, "out of cheese"]).await
}

async fn other(bench: Bench) -> Finding {
    panics_with(bench, Payload::Other, &[B]).await
}

async fn rolls_back(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]).init_ends(Ending::Panic(Payload::Text("no")))]);
    bench.refused(&plan).await?;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.never(B, Hook::Shutdown)
}

async fn again(bench: Bench) -> Finding {
    // How it ends is a matter of other checks; here it is what it leaves behind.
    let _ended = bench.boot(&Plan::new([service(A).init_ends(Ending::Panic(Payload::Text("no")))])).await;
    sleep(A_WHILE).await;
    let plan = Plan::new([service(A)]);
    bench.cycle(&plan).await?;
    plan.log.once(A, Hook::Init)
}

async fn others_go_down(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Panic(Payload::Text("no"))),
        service(C).requires([B]),
    ]);
    let up = bench.up(&plan).await?;
    let _ended = bench.shutdown(&up).await;
    plan.log.once(A, Hook::Shutdown)?;
    plan.log.once(C, Hook::Shutdown)
}

async fn told(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_ends(Ending::Panic(Payload::Text("out of cheese")))]);
    let up = bench.up(&plan).await?;
    let words = bench.down_with_errors(&up).await?;
    tells(&words, &[A, "out of cheese"])
}

async fn rollback_goes_on(bench: Bench) -> Finding {
    let plan = Plan::new([
        service(A),
        service(B).requires([A]).shutdown_ends(Ending::Panic(Payload::Owned("no"))),
        service(C).requires([B]).init_ends(Ending::Error("no")),
    ]);
    bench.refused(&plan).await?;
    plan.log.once(A, Hook::Shutdown)
}
