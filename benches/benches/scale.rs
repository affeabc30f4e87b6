//! Plan, boot and shutdown of 1,000 and of 10,000 services, with the ratio of their times, which is 10 for linear work.
//! Everything runs on a stack of 256 KiB, on which a recursion over the chain would overflow.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use benches::{Shape, best_of, millis};
use service_core::Result;
use tokio::runtime::{Builder, Runtime};

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
const RUNS: usize = 5;
const STACK: usize = 256 * 1024;
const STEPS: [&str; 5] = ["define", "plan", "boot", "draw", "shutdown"];

fn main() -> Result<()> {
    println!("best of {RUNS} runs; {} KiB of stack", STACK / 1024);
    for threads in [1, 2] {
        for shape in Shape::ALL {
            // Not on the main thread, because the shell determines the size of its stack.
            let small = thread::Builder::new().stack_size(STACK).spawn(move || measure(shape, SMALL, threads))?;
            let small = small.join().map_err(|_| "the small graph panicked")??;
            let large = thread::Builder::new().stack_size(STACK).spawn(move || measure(shape, LARGE, threads))?;
            let large = large.join().map_err(|_| "the large graph panicked")??;
            print(shape, threads, small, large);
        }
    }
    Ok(())
}

fn print(shape: Shape, threads: usize, small: [Duration; 5], large: [Duration; 5]) {
    let edges = shape.edges(LARGE) as f64 / shape.edges(SMALL) as f64;
    println!("\n{shape}, {threads} worker thread(s), {} dependencies ({edges:.1} times as many)", shape.edges(LARGE));
    println!("  {:9} {:>12} {:>12} {:>7}", "", "1,000", "10,000", "ratio");
    for (step, (small, large)) in STEPS.iter().zip(small.into_iter().zip(large)) {
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        println!("  {step:9} {:>12} {:>12} {ratio:>7.1}", millis(small), millis(large));
    }
}

fn measure(shape: Shape, services: usize, threads: usize) -> std::io::Result<[Duration; 5]> {
    let runtime = runtime(threads)?;
    Ok(best_of(RUNS, || once(shape, services, &runtime)))
}

fn runtime(threads: usize) -> std::io::Result<Runtime> {
    match threads {
        1 => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().worker_threads(threads).thread_stack_size(STACK).enable_all().build(),
    }
}

fn once(shape: Shape, services: usize, runtime: &Runtime) -> [Duration; 5] {
    let mut clock = Instant::now();
    let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed();

    let builder = shape.builder(services);
    let define = lap();

    let plan = builder.plan();
    let planned = lap();
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.len(), services);
    drop(plan);

    let builder = shape.builder(services);
    lap();
    let registry = runtime.block_on(builder.boot()).unwrap_or_else(|error| panic!("{error}"));
    let boot = lap();

    black_box(registry.graph().to_json());
    let draw = lap();

    let report = runtime.block_on(registry.shutdown()).unwrap_or_else(|error| panic!("{error}"));
    let shutdown = lap();
    assert_eq!(report.services.len(), services);
    [define, planned, boot, draw, shutdown]
}
