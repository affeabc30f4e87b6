//! What is counted: parts of a lifecycle, calls, and the memory that they take.

use std::hint::black_box;

use benches::Shape;
use service_core::{Context, Lifecycle, Registry, Result, service};
use tokio::runtime::{Builder, Runtime};

use crate::counting::Heap;
use crate::{floor, peers};

pub(crate) const FEW: usize = 200;
pub(crate) const MANY: usize = 1_000;
pub(crate) const CALLS: usize = 20_000;

/// The size of the future that a service spawns.
const FUTURE: usize = 4096;

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
        "shaku" | "auto-di" | "continuo" => runtime.block_on(peers::boot(part, count))?,
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
pub(crate) fn booted() -> Result<(u64, u64, u64)> {
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
pub(crate) fn spawned() -> Result<u64> {
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
