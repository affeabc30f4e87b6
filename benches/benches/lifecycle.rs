//! One whole life of a registry of 50 services: defined, planned, booted and shut down. The simulator lives by this: it
//! may cost at most 1 ms.

use std::time::Instant;

use benches::{Shape, best_of, millis};
use service_core::Result;
use tokio::runtime::Builder;

const SERVICES: usize = 50;
const LIVES: u32 = 200;
const RUNS: usize = 5;

fn main() -> Result<()> {
    println!(
        "one life of {SERVICES} services on one thread, the average of {LIVES}, best of {RUNS} runs; the limit is 1 ms"
    );
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for shape in Shape::ALL {
        let [life] = best_of(RUNS, || {
            let began = Instant::now();
            for _ in 0..LIVES {
                runtime.block_on(async {
                    let registry = shape.builder(SERVICES).boot().await.unwrap_or_else(|error| panic!("{error}"));
                    registry.shutdown().await.unwrap_or_else(|error| panic!("{error}"));
                });
            }
            [began.elapsed() / LIVES]
        });
        println!("  {shape:9} {:>10}", millis(life));
    }
    Ok(())
}
