//! [`Case`]: what a user pays for, and how it is counted.

use std::hint::black_box;

use benches::{Shape, instructions};
use service_core::{Context, Lifecycle, Registry, Result, service};
use tokio::runtime::{Builder, Runtime};

use crate::counting::Heap;
use crate::floor;

const FEW: usize = 200;
const MANY: usize = 1_000;
const CALLS: usize = 20_000;

/// The size of the future that a service spawns.
const FUTURE: usize = 4096;

/// What a user pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    PlainBoot,
    CarefulBoot,
    CarefulShutdown,
    BootChain,
    BootStar,
    ShutdownChain,
    ShutdownStar,
    Graph,
    Get,
    State,
    ContextGet,
    FirstUseOfThread,
    Allocations,
    Allocated,
    AtRest,
    Spawn,
}

impl Case {
    pub(crate) const ALL: [Self; 16] = [
        Self::PlainBoot,
        Self::CarefulBoot,
        Self::BootChain,
        Self::BootStar,
        Self::CarefulShutdown,
        Self::ShutdownChain,
        Self::ShutdownStar,
        Self::Graph,
        Self::Get,
        Self::State,
        Self::ContextGet,
        Self::FirstUseOfThread,
        Self::Allocations,
        Self::Allocated,
        Self::AtRest,
        Self::Spawn,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::PlainBoot => "instructions a service: boot by hand, without rules",
            Self::CarefulBoot => "instructions a service: boot by hand, with a task, a budget and events",
            Self::CarefulShutdown => "instructions a service: shutdown by hand, the same",
            Self::BootChain => "instructions a service: **boot**, a chain",
            Self::BootStar => "instructions a service: **boot**, all beside each other",
            Self::ShutdownChain => "instructions a service: **shutdown**, a chain",
            Self::ShutdownStar => "instructions a service: **shutdown**, all beside each other",
            Self::Graph => "instructions a service: **`registry.graph().to_json()`**",
            Self::Get => "instructions: **`registry.get::<T>()`**",
            Self::State => "instructions: **`registry.state::<T>()`**",
            Self::ContextGet => "instructions: **`cx.get::<T>()`**",
            Self::FirstUseOfThread => "instructions: **`T::try_service()`** on a thread that has run nothing else",
            Self::Allocations => "allocations a service, plan and **boot**",
            Self::Allocated => "bytes allocated a service, plan and **boot**",
            Self::AtRest => "bytes in use a service, once it is up",
            Self::Spawn => "bytes allocated by **`cx.spawn`** of a future of 4,096 bytes",
        }
    }

    /// The cost, as a whole number.
    pub(crate) fn measure(self) -> Result<u64> {
        match self {
            Self::PlainBoot => a_service("plain boot", "nothing", Shape::Star),
            Self::CarefulBoot => a_service("careful boot", "nothing", Shape::Star),
            Self::CarefulShutdown => a_service("careful shutdown", "careful boot", Shape::Star),
            Self::BootChain => a_service("boot", "define", Shape::Chain),
            Self::BootStar => a_service("boot", "define", Shape::Star),
            Self::ShutdownChain => a_service("shutdown", "boot", Shape::Chain),
            Self::ShutdownStar => a_service("shutdown", "boot", Shape::Star),
            Self::Graph => a_service("graph", "boot", Shape::Star),
            Self::Get => a_call("get"),
            Self::State => a_call("state"),
            Self::ContextGet => a_call("context get"),
            Self::FirstUseOfThread => a_call("first use"),
            Self::Allocations => Ok(booted()?.0),
            Self::Allocated => Ok(booted()?.1),
            Self::AtRest => Ok(booted()?.2),
            Self::Spawn => spawned(),
        }
    }
}

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

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Runs one part of a lifecycle, to be counted. What comes after that part does not run.
pub(crate) fn run(part: &str, shape: &str, count: usize) -> Result<()> {
    let runtime = runtime()?;
    let shape = Shape::ALL.into_iter().find(|it| it.to_string() == shape).ok_or("there is no such shape")?;
    match part {
        "nothing" => {}
        "plain boot" => runtime.block_on(floor::plain(shape, count, false)),
        "careful boot" => runtime.block_on(floor::careful(shape, count, false)),
        "careful shutdown" => runtime.block_on(floor::careful(shape, count, true)),
        "get" | "state" | "context get" => {
            let registry = runtime.block_on(Registry::builder().only::<Reader>().isolated().boot())?;
            let reader = registry.get::<Reader>()?;
            match part {
                "get" => repeat(count, || drop(black_box(registry.get::<Ledger>()))),
                "state" => repeat(count, || _ = black_box(registry.state::<Ledger>())),
                _ => repeat(count, || drop(black_box(reader.context.get::<Ledger>()))),
            }
        }
        "first use" => {
            let _registry = runtime.block_on(Registry::builder().only::<Ledger>().boot())?;
            let thread = std::thread::spawn(move || {
                for _ in 0..count {
                    black_box(Ledger::try_service().is_ok());
                }
            });
            thread.join().map_err(|_| "the thread panicked")?;
        }
        _ => {
            let builder = shape.builder(count);
            if part != "define" {
                let registry = runtime.block_on(builder.boot())?;
                match part {
                    "shutdown" => drop(runtime.block_on(registry.shutdown())?),
                    "graph" => drop(black_box(registry.graph().to_json())),
                    _ => {}
                }
                std::process::exit(0);
            }
            std::mem::forget(builder);
        }
    }
    std::process::exit(0)
}

fn repeat(count: usize, call: impl Fn()) {
    (0..count).for_each(|_| call());
}

#[service(autowire, lazy)]
struct Ledger {}

#[service(requires = [Ledger], lazy)]
struct Reader {
    context: Context<Self>,
}

impl Lifecycle for Reader {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { context: cx.clone() })
    }
}

/// Allocations, bytes allocated, and bytes in use of each further service.
fn booted() -> Result<(u64, u64, u64)> {
    let runtime = runtime()?;
    let boot = |count: usize| -> Result<[usize; 3]> {
        let builder = Shape::Star.builder(count);
        let before = Heap::now();
        let registry = runtime.block_on(builder.boot())?;
        let after = Heap::now();
        runtime.block_on(registry.shutdown())?;
        let in_use = after.in_use().saturating_sub(before.in_use());
        Ok([after.allocations - before.allocations, after.allocated - before.allocated, in_use])
    };
    let (few, many) = (boot(FEW)?, boot(MANY)?);
    let [allocations, allocated, in_use] =
        std::array::from_fn(|at| (many[at].saturating_sub(few[at]) / (MANY - FEW)) as u64);
    Ok((allocations, allocated, in_use))
}

#[service(lazy)]
struct Spawner {
    context: Context<Self>,
}

impl Lifecycle for Spawner {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { context: cx.clone() })
    }
}

/// The bytes that are allocated for one task of a service.
fn spawned() -> Result<u64> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let registry = Registry::builder().only::<Spawner>().isolated().boot().await?;
        let spawner = registry.get::<Spawner>()?;
        let spawn = || {
            let state = [0_u8; FUTURE];
            spawner.context.spawn("task", async move {
                tokio::task::yield_now().await;
                black_box(&state);
            })
        };
        // The first one also makes what all share.
        spawn();
        let before = Heap::now();
        spawn();
        let allocated = Heap::now().allocated - before.allocated;
        registry.shutdown().await?;
        Ok(allocated as u64)
    })
}
