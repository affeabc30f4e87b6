//! The order of boot, and what it hands out.

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{ensure, equal};
use crate::dag::dag;
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D, E, NAMES, name};
use crate::script::{Script, service};

page! {
    "B01" "a chain comes up from the bottom" [] chain_up;
    "B01" "a chain goes down from the top" [] chain_down;
    "B02" "everything that is required is ready before `init` begins" [] all_ready_first;
    "B02" "`init` is handed the values of what it requires" [] handed_out;
    "B07" "100 random graphs come up and go down in order" [] random_order;
    "B11" "what many require is made once, and all of them get the same" [] once_for_all;
    "B12" "100 callers at once get the same value" [] same_value;
    "B15" "what nobody requires comes up too" [] nobody_requires;
    "B18" "boot ends after the last `init`" [] after_the_last;
    "B19" "a chain of 200 comes up on one thread" [AnyName] chain_of_200;
}

/// `E→D→B→C→A`.
fn chain() -> [Script; 5] {
    [
        service(A).init_takes(10).shutdown_takes(10),
        service(B).requires([C]).init_takes(10).shutdown_takes(10),
        service(C).requires([A]).init_takes(10).shutdown_takes(10),
        service(D).requires([B]).init_takes(10).shutdown_takes(10),
        service(E).requires([D]).init_takes(10).shutdown_takes(10),
    ]
}

async fn chain_up(bench: Bench) -> Finding {
    let plan = Plan::new(chain());
    bench.up(&plan).await?;
    equal("the order", plan.log.of(Hook::Init, Deed::Began), [A, C, B, D, E].map(str::to_owned).to_vec())?;
    plan.log.in_order(&chain())
}

async fn chain_down(bench: Bench) -> Finding {
    let plan = Plan::new(chain());
    bench.cycle(&plan).await?;
    equal("the order", plan.log.of(Hook::Shutdown, Deed::Began), [E, D, B, C, A].map(str::to_owned).to_vec())?;
    plan.log.in_order(&chain())
}

async fn all_ready_first(bench: Bench) -> Finding {
    let scripts = [service(C).requires([A, B]), service(A).init_takes(30), service(B).init_takes(60)];
    let plan = Plan::new(scripts.clone());
    bench.up(&plan).await?;
    plan.log.once(C, Hook::Init)?;
    plan.log.in_order(&scripts)
}

async fn handed_out(bench: Bench) -> Finding {
    let plan = Plan::new([service(C).requires([A, B]), service(A), service(B)]);
    let up = bench.up(&plan).await?;
    let mut given = plan.log.given(C);
    given.sort_by(|one, other| one.service().cmp(other.service()));
    let expected = vec![bench.get(&up, A).await??, bench.get(&up, B).await??];
    equal("what Charlie was given", given, expected)
}

async fn random_order(bench: Bench) -> Finding {
    for seed in 0..100 {
        let scripts = dag(seed, NAMES.len());
        let plan = Plan::new(scripts.clone());
        bench.cycle(&plan).await?;
        equal("how many came up", plan.log.of(Hook::Init, Deed::Ended).len(), NAMES.len())?;
        plan.log.in_order(&scripts)?;
        plan.log.balanced()?;
    }
    Ok(())
}

async fn once_for_all(bench: Bench) -> Finding {
    let above = NAMES[1..].iter().map(|it| service(*it).requires([A]));
    let plan = Plan::new(above.chain([service(A).init_takes(50)]));
    let up = bench.up(&plan).await?;
    plan.log.once(A, Hook::Init)?;
    let value = bench.get(&up, A).await??;
    for above in &NAMES[1..] {
        equal(&format!("what {above} was given"), plan.log.given(above), vec![value.clone()])?;
    }
    Ok(())
}

async fn same_value(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).init_takes(50)]);
    let up = bench.up(&plan).await?;
    let values = bench.get_at_once(&up, A, 100).await?;
    equal("how many values there are", values.len(), 100)?;
    ensure(values.iter().all(|it| *it == values[0]), || format!("the values differ: {values:?}"))?;
    plan.log.once(A, Hook::Init)
}

async fn nobody_requires(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A]), service(E)]);
    bench.up(&plan).await?;
    plan.log.once(E, Hook::Init)
}

async fn after_the_last(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).init_takes(10), service(B).init_takes(400), service(C).init_takes(20)]);
    bench.up(&plan).await?;
    equal("how many were ready when boot ended", plan.log.of(Hook::Init, Deed::Ended).len(), 3)
}

async fn chain_of_200(bench: Bench) -> Finding {
    let link = |at: usize| service(name(at)).requires(at.checked_sub(1).map(name)).init_takes(1);
    let scripts: Vec<_> = (0..200).map(link).collect();
    let plan = Plan::new(scripts.clone());
    bench.up(&plan).await?;
    equal("how many came up", plan.log.of(Hook::Init, Deed::Ended).len(), 200)?;
    plan.log.in_order(&scripts)
}
