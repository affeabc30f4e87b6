//! One lifecycle of a registry with 50 services: define, plan, boot and shut down. The limit is 1 ms, because the simulator
//! runs millions of lifecycles.

use std::time::Instant;

use benches::{Shape, best_of, millis};
use service_core::Result;
use tokio::runtime::Builder;

const SERVICES: usize = 50;
const LIFECYCLES: u32 = 200;
const RUNS: usize = 5;

fn main() -> Result<()> {
    println!(
        "one lifecycle of {SERVICES} services on one thread: average of {LIFECYCLES}, best of {RUNS} runs; the limit is 1 ms"
    );
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for shape in Shape::ALL {
        let [lifecycle] = best_of(RUNS, || {
            let began = Instant::now();
            for _ in 0..LIFECYCLES {
                runtime.block_on(async {
                    let registry = shape.builder(SERVICES).boot().await.unwrap_or_else(|error| panic!("{error}"));
                    registry.shutdown().await.unwrap_or_else(|error| panic!("{error}"));
                });
            }
            [began.elapsed() / LIFECYCLES]
        });
        println!("  {shape:9} {:>10}", millis(lifecycle));
    }
    Ok(())
}
