//! [`Case`]: what a user pays for, and how it is counted.

use benches::{Shape, instructions};
use service_core::Result;

use crate::peers;
use crate::program::{Guarded, Program, generated_lines};
use crate::run::{CALLS, FEW, MANY, booted, spawned};

/// What a user pays for.
pub(crate) struct Case {
    pub title: &'static str,
    pub check: Check,
    /// The cost, as a whole number.
    pub measure: fn() -> Result<u64>,
}

/// Whether `-- --check` measures a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Checked,
    /// Not ours, or it takes long.
    Shown,
}
use Check::{Checked, Shown};

const fn case(check: Check, title: &'static str, measure: fn() -> Result<u64>) -> Case {
    Case { title, check, measure }
}

pub(crate) const CASES: [Case; 27] = [
    case(Shown, "instructions a service: boot by hand, without rules", || {
        a_service("plain boot", "nothing", Shape::Star)
    }),
    case(Shown, "instructions a service: boot by hand, with a task, a budget and events", || {
        a_service("careful boot", "nothing", Shape::Star)
    }),
    case(Shown, "instructions a service: boot with shaku, synchronous", || a_type("shaku")),
    case(Shown, "instructions a service: boot with auto-di", || a_type("auto-di")),
    case(Shown, "instructions a service: boot with continuo", || a_type("continuo")),
    case(Checked, "instructions a service: **boot**, a chain", || a_service("boot", "define", Shape::Chain)),
    case(Checked, "instructions a service: **boot**, all beside each other", || {
        a_service("boot", "define", Shape::Star)
    }),
    case(Shown, "instructions a service: shutdown by hand, the same", || {
        a_service("careful shutdown", "careful boot", Shape::Star)
    }),
    case(Checked, "instructions a service: **shutdown**, a chain", || a_service("shutdown", "boot", Shape::Chain)),
    case(Checked, "instructions a service: **shutdown**, all beside each other", || {
        a_service("shutdown", "boot", Shape::Star)
    }),
    case(Checked, "instructions a service: **`registry.graph().to_json()`**", || {
        a_service("graph", "boot", Shape::Star)
    }),
    case(Checked, "instructions: **`registry.get::<T>()`**", || a_call("get")),
    case(Checked, "instructions: **`registry.state::<T>()`**", || a_call("state")),
    case(Checked, "instructions: **`cx.get::<T>()`**", || a_call("context get")),
    case(Checked, "instructions: **`T::try_service()`** on a thread that has run nothing else", || a_call("first use")),
    case(Checked, "allocations a service, plan and **boot**", || Ok(booted()?.0)),
    case(Checked, "bytes allocated a service, plan and **boot**", || Ok(booted()?.1)),
    case(Checked, "bytes in use a service, once it is up", || Ok(booted()?.2)),
    case(Checked, "bytes allocated by **`cx.spawn`** of a future of 4,096 bytes", spawned),
    case(Checked, "lines of generated code: a service", || generated_lines("counted_service")),
    case(Checked, "lines of generated code: an `impl` with a synchronous guarded method", || {
        generated_lines("counted_sync")
    }),
    case(Checked, "lines of generated code: an `impl` with an asynchronous guarded method", || {
        generated_lines("counted_async")
    }),
    case(Shown, "lines of LLVM code: a service", || Program::llvm_lines_each(Guarded::Nothing)),
    case(Shown, "lines of LLVM code: a synchronous guarded method", || Program::llvm_lines_each(Guarded::Sync)),
    case(Shown, "lines of LLVM code: an asynchronous guarded method", || Program::llvm_lines_each(Guarded::Async)),
    case(Shown, "KiB of a stripped program of three services", || Program::size(true)),
    case(Shown, "KiB of a stripped program of three services, without default features", || Program::size(false)),
];

/// The instructions of each further service of one part of a lifecycle, beyond those of another part.
fn a_service(part: &str, base: &str, shape: Shape) -> Result<u64> {
    let count = |part: &str, services: usize| instructions(&["run", part, &shape.to_string(), &services.to_string()]);
    let part = count(part, MANY)?.saturating_sub(count(part, FEW)?);
    let base = count(base, MANY)?.saturating_sub(count(base, FEW)?);
    Ok(part.saturating_sub(base) / (MANY - FEW) as u64)
}

fn a_call(call: &str) -> Result<u64> {
    let count = |calls: usize| instructions(&["run", call, "star", &calls.to_string()]);
    Ok(count(2 * CALLS)?.saturating_sub(count(CALLS)?) / CALLS as u64)
}

/// The instructions of each further service of a peer, whose services are types.
fn a_type(peer: &str) -> Result<u64> {
    let count = |types: usize| instructions(&["run", peer, "chain", &types.to_string()]);
    Ok(count(peers::MANY)?.saturating_sub(count(peers::FEW)?) / (peers::MANY - peers::FEW) as u64)
}
