//! What is independent happens at the same time, and no more of it than was asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{about, ensure, equal};
use crate::dag::{dag, longest};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D, NAMES};
use crate::script::service;

page! {
    "B04" "two that wait for each other's `init` to begin both come up" [Concurrency] rendezvous;
    "B05" "two independent 200 ms take 200 ms" [Concurrency] independent;
    "B06" "a service begins when its own requirements are ready, not when a level is" [Concurrency] no_levels;
    "B07" "100 random graphs take as long as their longest path" [Concurrency] longest_path;
    "B09" "no more come up at once than the cap allows" [ConcurrencyCap] cap;
    "B09" "a cap that is reached delays, and loses nobody" [ConcurrencyCap] cap_delays;
    "S01" "what is independent goes down at the same time" [Concurrency] down_at_once;
    "S01" "100 random graphs go down in as long as their longest path" [Concurrency] longest_path_down;
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

async fn rendezvous(bench: Bench) -> Finding {
    let barrier = Arc::new(Barrier::new(2));
    let plan = Plan::new([service(A).meets(&barrier), service(B).meets(&barrier)]);
    bench.cycle(&plan).await
}

async fn independent(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).init_takes(200), service(B).init_takes(200)]);
    bench.up(&plan).await?;
    about("the end of the boot", plan.log.now(), ms(200))
}

async fn no_levels(bench: Bench) -> Finding {
    let scripts = [
        service(A).init_takes(300),
        service(B).init_takes(10),
        service(C).requires([B]).init_takes(10),
        service(D).requires([C, A]),
    ];
    let plan = Plan::new(scripts);
    bench.up(&plan).await?;
    let at = |service, deed| plan.log.at(service, Hook::Init, deed).unwrap_or_default();
    about("Charlie, whose requirement was ready after 10 ms, began", at(C, Deed::Began), ms(10))?;
    about("Delta began", at(D, Deed::Began), ms(300))
}

async fn longest_path(bench: Bench) -> Finding {
    for seed in 0..100 {
        let scripts = dag(seed, NAMES.len());
        let plan = Plan::new(scripts.clone());
        bench.up(&plan).await?;
        about("the end of the boot", plan.log.now(), longest(&scripts, |it| it.init.takes))?;
    }
    Ok(())
}

async fn cap(bench: Bench) -> Finding {
    let plan = Plan::new(NAMES.map(|it| service(it).init_takes(50))).with_concurrency(4);
    bench.up(&plan).await?;
    ensure(plan.log.most_at_once() <= 4, || format!("{} came up at once, not 4", plan.log.most_at_once()))
}

async fn cap_delays(bench: Bench) -> Finding {
    let plan = Plan::new(NAMES[..20].iter().map(|it| service(*it).init_takes(50))).with_concurrency(4);
    bench.up(&plan).await?;
    equal("how many came up", plan.log.of(Hook::Init, Deed::Ended).len(), 20)?;
    about("the end of the boot", plan.log.now(), ms(250))
}

async fn down_at_once(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).shutdown_takes(200), service(B).shutdown_takes(200)]);
    let up = bench.up(&plan).await?;
    let began = plan.log.now();
    bench.down(&up).await?;
    about("the end of the shutdown", plan.log.now() - began, ms(200))
}

async fn longest_path_down(bench: Bench) -> Finding {
    for seed in 0..100 {
        let scripts = dag(seed, NAMES.len());
        let plan = Plan::new(scripts.clone());
        let up = bench.up(&plan).await?;
        let began = plan.log.now();
        bench.down(&up).await?;
        about("the end of the shutdown", plan.log.now() - began, longest(&scripts, |it| it.shutdown.takes))?;
    }
    Ok(())
}
