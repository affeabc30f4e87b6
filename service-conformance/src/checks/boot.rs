//! The order of a boot, and the values that it passes on.

use crate::Plan;
use crate::assertions::{ensure, ensure_eq};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D, E, NAMES, name};
use crate::random_graph::random_services;
use crate::service_spec::{ServiceSpec, service};

checks! {
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

/// E requires D, D requires B, B requires C, C requires A.
fn chain() -> [ServiceSpec; 5] {
    [
        service(A).init_takes(10).shutdown_takes(10),
        service(B).requires([C]).init_takes(10).shutdown_takes(10),
        service(C).requires([A]).init_takes(10).shutdown_takes(10),
        service(D).requires([B]).init_takes(10).shutdown_takes(10),
        service(E).requires([D]).init_takes(10).shutdown_takes(10),
    ]
}

async fn chain_up(harness: Harness) -> CheckResult {
    let plan = Plan::new(chain());
    harness.boot_ok(&plan).await?;
    ensure_eq("the order", plan.log.of(Hook::Init, HookEvent::Started), [A, C, B, D, E].map(str::to_owned).to_vec())?;
    plan.log.ensure_order(&chain())
}

async fn chain_down(harness: Harness) -> CheckResult {
    let plan = Plan::new(chain());
    harness.boot_and_shutdown(&plan).await?;
    ensure_eq(
        "the order",
        plan.log.of(Hook::Shutdown, HookEvent::Started),
        [E, D, B, C, A].map(str::to_owned).to_vec(),
    )?;
    plan.log.ensure_order(&chain())
}

async fn all_ready_first(harness: Harness) -> CheckResult {
    let specs = [service(C).requires([A, B]), service(A).init_takes(30), service(B).init_takes(60)];
    let plan = Plan::new(specs.clone());
    harness.boot_ok(&plan).await?;
    plan.log.ensure_once(C, Hook::Init)?;
    plan.log.ensure_order(&specs)
}

async fn handed_out(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(C).requires([A, B]), service(A), service(B)]);
    let registry = harness.boot_ok(&plan).await?;
    let mut given = plan.log.dependencies_of(C);
    given.sort_by(|one, other| one.service().cmp(other.service()));
    let expected = vec![harness.get(&registry, A).await??, harness.get(&registry, B).await??];
    ensure_eq("what Charlie was given", given, expected)
}

async fn random_order(harness: Harness) -> CheckResult {
    for seed in 0..100 {
        let specs = random_services(seed, NAMES.len());
        let plan = Plan::new(specs.clone());
        harness.boot_and_shutdown(&plan).await?;
        ensure_eq("how many came up", plan.log.of(Hook::Init, HookEvent::Succeeded).len(), NAMES.len())?;
        plan.log.ensure_order(&specs)?;
        plan.log.ensure_balanced()?;
    }
    Ok(())
}

async fn once_for_all(harness: Harness) -> CheckResult {
    let above = NAMES[1..].iter().map(|it| service(*it).requires([A]));
    let plan = Plan::new(above.chain([service(A).init_takes(50)]));
    let registry = harness.boot_ok(&plan).await?;
    plan.log.ensure_once(A, Hook::Init)?;
    let value = harness.get(&registry, A).await??;
    for above in &NAMES[1..] {
        ensure_eq(&format!("what {above} was given"), plan.log.dependencies_of(above), vec![value.clone()])?;
    }
    Ok(())
}

async fn same_value(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).init_takes(50)]);
    let registry = harness.boot_ok(&plan).await?;
    let values = harness.get_concurrently(&registry, A, 100).await?;
    ensure_eq("how many values there are", values.len(), 100)?;
    ensure(values.iter().all(|it| *it == values[0]), || format!("the values differ: {values:?}"))?;
    plan.log.ensure_once(A, Hook::Init)
}

async fn nobody_requires(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A]), service(E)]);
    harness.boot_ok(&plan).await?;
    plan.log.ensure_once(E, Hook::Init)
}

async fn after_the_last(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).init_takes(10), service(B).init_takes(400), service(C).init_takes(20)]);
    harness.boot_ok(&plan).await?;
    ensure_eq("how many were ready when boot ended", plan.log.of(Hook::Init, HookEvent::Succeeded).len(), 3)
}

async fn chain_of_200(harness: Harness) -> CheckResult {
    let link = |at: usize| service(name(at)).requires(at.checked_sub(1).map(name)).init_takes(1);
    let specs: Vec<_> = (0..200).map(link).collect();
    let plan = Plan::new(specs.clone());
    harness.boot_ok(&plan).await?;
    ensure_eq("how many came up", plan.log.of(Hook::Init, HookEvent::Succeeded).len(), 200)?;
    plan.log.ensure_order(&specs)
}
