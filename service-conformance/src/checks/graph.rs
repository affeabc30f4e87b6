//! Mistakes in a plan are reported before any hook runs.

use crate::Plan;
use crate::assertions::{ensure, ensure_eq, ensure_mentions};
use crate::check::{CheckResult, checks};
use crate::harness::Harness;
use crate::hook_spec::Outcome;
use crate::log::{Hook, HookEvent};
use crate::name::{A, B, C, D, E, name};
use crate::service_spec::service;

checks! {
    "G01" "a missing requirement is an error that names both sides" [] missing;
    "G01" "a missing requirement is found before any hook runs" [] missing_before_hooks;
    "G01" "validation finds a missing requirement" [Validation] validation_missing;
    "G02" "several missing requirements are told at once" [] several_missing;
    "G03" "a service that requires itself is refused, and named" [] itself;
    "G04" "a cycle is told with its members, and without bystanders" [] cycle_told;
    "G07" "a cycle is found before any hook runs" [] cycle_before_hooks;
    "G07" "validation finds a cycle" [Validation] validation_cycle;
    "G09" "a name said twice is refused, and named" [Duplicates] twice;
    "G10" "validation of a sound plan runs no hook" [Validation] validation_sound;
    "G11" "what is wanted and absent is no error, and is not handed out" [Wants] wanted_absent;
    "G11" "what is wanted and present comes first, and is handed out" [Wants] wanted_present;
    "G13" "what is wanted and fails is reported, or its wanter comes up without it" [Wants] wanted_fails;
    "G14" "an order after what is absent is no error" [After] after_absent;
    "G14" "an order after what is present holds both ways" [After] after_present;
    "G16" "an empty plan comes up and goes down" [] empty;
    "G19" "a chain of 2,000 comes up and goes down" [AnyName] long_chain;
    "G20" "one service is booted with what it requires, and nothing else" [Subset] subset;
    "G21" "to boot an unknown service is an error, and starts nothing" [Subset] subset_unknown;
}

async fn missing(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).requires([B])]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[A, B])?;
    plan.log.ensure_never(A, Hook::Init)
}

async fn missing_before_hooks(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(C), service(D), service(E), service(A).requires([B, C])]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_empty()
}

async fn validation_missing(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).requires([B])]);
    let error = harness.validate(&plan).err().ok_or("validation succeeded")?;
    ensure_mentions(&error, &[A, B])?;
    plan.log.ensure_empty()
}

async fn several_missing(harness: Harness) -> CheckResult {
    let missing = [name(10), name(11), name(12)];
    let specs = [A, B, C].into_iter().zip(&missing).map(|(it, missing)| service(it).requires([missing]));
    let plan = Plan::new(specs);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &missing.each_ref().map(String::as_str))
}

async fn itself(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).requires([A])]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[A])?;
    plan.log.ensure_empty()
}

async fn cycle_told(harness: Harness) -> CheckResult {
    // Bravo is not part of the cycle; it requires a member of it.
    let plan = Plan::new([
        service(A).requires([D]),
        service(B).requires([C]),
        service(C).requires([A]),
        service(D).requires([C]),
    ]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[A, C, D])?;
    ensure(!error.contains(B), || format!("the error names {B}, which is not in the cycle: {error}"))
}

async fn cycle_before_hooks(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).requires([B]), service(B).requires([A]), service(C), service(D), service(E)]);
    harness.boot_err(&plan).await?;
    plan.log.ensure_empty()
}

async fn validation_cycle(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).requires([B]), service(B).requires([A])]);
    let error = harness.validate(&plan).err().ok_or("validation succeeded")?;
    ensure_mentions(&error, &[A, B])?;
    plan.log.ensure_empty()
}

async fn twice(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B), service(A)]);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[A])?;
    plan.log.ensure_empty()
}

async fn validation_sound(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    harness.validate(&plan)?;
    plan.log.ensure_empty()
}

async fn wanted_absent(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).wants([B])]);
    harness.boot_and_shutdown(&plan).await?;
    ensure_eq("what Alpha was given", plan.log.dependencies_of(A), Vec::new())
}

async fn wanted_present(harness: Harness) -> CheckResult {
    let specs = [service(A).wants([B]), service(B).init_takes(50)];
    let plan = Plan::new(specs);
    harness.boot_and_shutdown(&plan).await?;
    ensure_eq("the order", plan.log.of(Hook::Init, HookEvent::Succeeded), vec![B.to_owned(), A.to_owned()])?;
    ensure_eq("the order down", plan.log.of(Hook::Shutdown, HookEvent::Succeeded), vec![A.to_owned(), B.to_owned()])?;
    ensure_eq("how much Alpha was given", plan.log.dependencies_of(A).len(), 1)
}

async fn wanted_fails(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).wants([B]), service(B).init_ends(Outcome::Error("no ink"))]);
    match harness.boot(&plan).await? {
        Err(error) => ensure_mentions(&error, &[B, "no ink"]),
        Ok(registry) => {
            plan.log.ensure_once(A, Hook::Init)?;
            ensure_eq("what Alpha was given", plan.log.dependencies_of(A), Vec::new())?;
            harness.shutdown_ok(&registry).await
        }
    }
}

async fn after_absent(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).after([B])]);
    harness.boot_and_shutdown(&plan).await?;
    plan.log.ensure_once(A, Hook::Init)
}

async fn after_present(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A).after([B]), service(B).init_takes(50), service(C)]);
    harness.boot_and_shutdown(&plan).await?;
    let at = |service, hook, event| plan.log.index(service, hook, event);
    ensure(at(B, Hook::Init, HookEvent::Succeeded) < at(A, Hook::Init, HookEvent::Started), || {
        format!("up: {}", plan.log)
    })?;
    let down = at(A, Hook::Shutdown, HookEvent::Succeeded) < at(B, Hook::Shutdown, HookEvent::Started);
    ensure(down, || format!("down: {}", plan.log))
}

async fn empty(harness: Harness) -> CheckResult {
    harness.boot_and_shutdown(&Plan::new([])).await
}

async fn long_chain(harness: Harness) -> CheckResult {
    let link = |at: usize| service(name(at)).requires(at.checked_sub(1).map(name));
    let plan = Plan::new((0..2_000).map(link));
    harness.boot_and_shutdown(&plan).await?;
    ensure_eq("how many came up", plan.log.of(Hook::Init, HookEvent::Succeeded).len(), 2_000)?;
    plan.log.ensure_balanced()
}

async fn subset(harness: Harness) -> CheckResult {
    let specs = [service(A), service(B).requires([A]), service(C).requires([B]), service(D).requires([A]), service(E)];
    let plan = Plan::new(specs).with_only(B);
    harness.boot_and_shutdown(&plan).await?;
    ensure_eq("what came up", plan.log.of(Hook::Init, HookEvent::Started), vec![A.to_owned(), B.to_owned()])?;
    plan.log.ensure_balanced()
}

async fn subset_unknown(harness: Harness) -> CheckResult {
    let plan = Plan::new([service(A), service(B).requires([A])]).with_only(E);
    let error = harness.boot_err(&plan).await?;
    ensure_mentions(&error, &[E])?;
    plan.log.ensure_empty()
}
