//! One registry after another, side by side, and again: nothing is left, nothing leaks.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{ensure, equal};
use crate::dag::dag;
use crate::log::Hook;
use crate::name::{A, B, C, D, E};
use crate::script::service;

page! {
    "B14" "a second boot, after a shutdown, comes up with new values" [] second_boot;
    "S23" "100 boots and shutdowns in a row, each in order" [] many_cycles;
    "D01" "to get what is not in the plan is an error" [] get_unknown;
    "X01" "two registries at once do not see each other" [SeveralRegistries] side_by_side;
    "X04" "the same plan gives the same events, 20 times" [] same_events;
    "X06" "no task outlives the shutdown" [] no_task_left;
}

async fn second_boot(bench: Bench) -> Finding {
    let first = Plan::new([service(A), service(B).requires([A])]);
    let up = bench.up(&first).await?;
    bench.down(&up).await?;
    drop(up);
    let second = Plan::new([service(A), service(B).requires([A])]);
    let up = bench.up(&second).await?;
    let given = second.log.given(B);
    equal("what Bravo was given", given, vec![bench.get(&up, A).await??])?;
    bench.down(&up).await?;
    second.log.balanced()?;
    first.log.balanced()
}

async fn many_cycles(bench: Bench) -> Finding {
    for _ in 0..100 {
        let scripts =
            [service(A), service(B).requires([A]), service(C).requires([A]), service(D).requires([B, C]), service(E)];
        let plan = Plan::new(scripts.clone());
        bench.cycle(&plan).await?;
        plan.log.in_order(&scripts)?;
        plan.log.balanced()?;
        ensure(plan.log.now() < Duration::from_secs(1), || format!("a cycle took {:?}", plan.log.now()))?;
    }
    Ok(())
}

async fn get_unknown(bench: Bench) -> Finding {
    let plan = Plan::new([service(A)]);
    let up = bench.up(&plan).await?;
    ensure(bench.get(&up, B).await?.is_err(), || format!("{B} was handed out"))
}

async fn side_by_side(bench: Bench) -> Finding {
    let (one, other) = (Plan::new([service(A), service(B).requires([A])]), Plan::new([service(A), service(C)]));
    let one_up = bench.up(&one).await?;
    let other_up = bench.up(&other).await?;
    one.log.once(A, Hook::Init)?;
    other.log.once(A, Hook::Init)?;
    ensure(bench.get(&other_up, B).await?.is_err(), || format!("{B} of the one was handed out by the other"))?;
    bench.down(&one_up).await?;
    other.log.never(A, Hook::Shutdown)?;
    bench.get(&other_up, A).await??;
    bench.down(&other_up).await?;
    other.log.balanced()
}

async fn same_events(bench: Bench) -> Finding {
    let mut first = None;
    for _ in 0..20 {
        let plan = Plan::new(dag(7, 16));
        bench.cycle(&plan).await?;
        let events = plan.log.entries();
        ensure(first.get_or_insert_with(|| events.clone()) == &events, || "the events differ".to_owned())?;
    }
    Ok(())
}

async fn no_task_left(bench: Bench) -> Finding {
    let before = Handle::current().metrics().num_alive_tasks();
    let plan = Plan::new(dag(3, 16));
    let up = bench.up(&plan).await?;
    bench.down(&up).await?;
    drop(up);
    // What has nothing left to do may need a moment to notice.
    sleep(Duration::from_millis(10)).await;
    equal("how many tasks there are", Handle::current().metrics().num_alive_tasks(), before)
}
