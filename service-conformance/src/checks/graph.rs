//! What is wrong with a plan is said, and nothing of it runs.

use crate::Plan;
use crate::bench::Bench;
use crate::check::{Finding, page};
use crate::claim::{ensure, equal, tells};
use crate::log::{Deed, Hook};
use crate::name::{A, B, C, D, E, name};
use crate::script::{Ending, service};

page! {
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

async fn missing(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).requires([B])]);
    let words = bench.refused(&plan).await?;
    tells(&words, &[A, B])?;
    plan.log.never(A, Hook::Init)
}

async fn missing_before_hooks(bench: Bench) -> Finding {
    let plan = Plan::new([service(C), service(D), service(E), service(A).requires([B, C])]);
    bench.refused(&plan).await?;
    plan.log.is_empty()
}

async fn validation_missing(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).requires([B])]);
    let words = bench.validate(&plan).err().ok_or("validation succeeded")?;
    tells(&words, &[A, B])?;
    plan.log.is_empty()
}

async fn several_missing(bench: Bench) -> Finding {
    let missing = [name(10), name(11), name(12)];
    let scripts = [A, B, C].into_iter().zip(&missing).map(|(it, missing)| service(it).requires([missing]));
    let plan = Plan::new(scripts);
    let words = bench.refused(&plan).await?;
    tells(&words, &missing.each_ref().map(String::as_str))
}

async fn itself(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).requires([A])]);
    let words = bench.refused(&plan).await?;
    tells(&words, &[A])?;
    plan.log.is_empty()
}

async fn cycle_told(bench: Bench) -> Finding {
    // Bravo is no part of the cycle, it only stands above it.
    let plan = Plan::new([
        service(A).requires([D]),
        service(B).requires([C]),
        service(C).requires([A]),
        service(D).requires([C]),
    ]);
    let words = bench.refused(&plan).await?;
    tells(&words, &[A, C, D])?;
    ensure(!words.contains(B), || format!("the error names {B}, which is not in the cycle: {words}"))
}

async fn cycle_before_hooks(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).requires([B]), service(B).requires([A]), service(C), service(D), service(E)]);
    bench.refused(&plan).await?;
    plan.log.is_empty()
}

async fn validation_cycle(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).requires([B]), service(B).requires([A])]);
    let words = bench.validate(&plan).err().ok_or("validation succeeded")?;
    tells(&words, &[A, B])?;
    plan.log.is_empty()
}

async fn twice(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B), service(A)]);
    let words = bench.refused(&plan).await?;
    tells(&words, &[A])?;
    plan.log.is_empty()
}

async fn validation_sound(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A])]);
    bench.validate(&plan)?;
    plan.log.is_empty()
}

async fn wanted_absent(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).wants([B])]);
    bench.cycle(&plan).await?;
    equal("what Alpha was given", plan.log.given(A), Vec::new())
}

async fn wanted_present(bench: Bench) -> Finding {
    let scripts = [service(A).wants([B]), service(B).init_takes(50)];
    let plan = Plan::new(scripts);
    bench.cycle(&plan).await?;
    equal("the order", plan.log.of(Hook::Init, Deed::Ended), vec![B.to_owned(), A.to_owned()])?;
    equal("the order down", plan.log.of(Hook::Shutdown, Deed::Ended), vec![A.to_owned(), B.to_owned()])?;
    equal("how much Alpha was given", plan.log.given(A).len(), 1)
}

async fn wanted_fails(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).wants([B]), service(B).init_ends(Ending::Error("no ink"))]);
    match bench.boot(&plan).await? {
        Err(words) => tells(&words, &[B, "no ink"]),
        Ok(up) => {
            plan.log.once(A, Hook::Init)?;
            equal("what Alpha was given", plan.log.given(A), Vec::new())?;
            bench.down(&up).await
        }
    }
}

async fn after_absent(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).after([B])]);
    bench.cycle(&plan).await?;
    plan.log.once(A, Hook::Init)
}

async fn after_present(bench: Bench) -> Finding {
    let plan = Plan::new([service(A).after([B]), service(B).init_takes(50), service(C)]);
    bench.cycle(&plan).await?;
    let at = |service, hook, deed| plan.log.index(service, hook, deed);
    ensure(at(B, Hook::Init, Deed::Ended) < at(A, Hook::Init, Deed::Began), || format!("up: {}", plan.log))?;
    let down = at(A, Hook::Shutdown, Deed::Ended) < at(B, Hook::Shutdown, Deed::Began);
    ensure(down, || format!("down: {}", plan.log))
}

async fn empty(bench: Bench) -> Finding {
    bench.cycle(&Plan::new([])).await
}

async fn long_chain(bench: Bench) -> Finding {
    let link = |at: usize| service(name(at)).requires(at.checked_sub(1).map(name));
    let plan = Plan::new((0..2_000).map(link));
    bench.cycle(&plan).await?;
    equal("how many came up", plan.log.of(Hook::Init, Deed::Ended).len(), 2_000)?;
    plan.log.balanced()
}

async fn subset(bench: Bench) -> Finding {
    let scripts =
        [service(A), service(B).requires([A]), service(C).requires([B]), service(D).requires([A]), service(E)];
    let plan = Plan::new(scripts).with_only(B);
    bench.cycle(&plan).await?;
    equal("what came up", plan.log.of(Hook::Init, Deed::Began), vec![A.to_owned(), B.to_owned()])?;
    plan.log.balanced()
}

async fn subset_unknown(bench: Bench) -> Finding {
    let plan = Plan::new([service(A), service(B).requires([A])]).with_only(E);
    let words = bench.refused(&plan).await?;
    tells(&words, &[E])?;
    plan.log.is_empty()
}
