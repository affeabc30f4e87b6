//! Boot and shutdown on the real clock, compared with the longest path: 200 services of 5 to 50 ms, each of which requires
//! up to three earlier services. Each may take at most 1.05 times as long as the longest path.
//!
//! Each hook measures its own duration, so that the delay of the timer is part of both times.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use benches::millis;
use fastrand::Rng;
use service_core::{Definition, Registry, Result};
use tokio::runtime::Builder;

const SERVICES: usize = 200;

const GRAPHS: u64 = 5;

struct Service {
    requires: Vec<usize>,
    takes: Duration,
}

/// The measured duration of one hook for each service.
type Took = Arc<Mutex<Vec<Duration>>>;

fn graph(seed: u64) -> Vec<Service> {
    let mut rng = Rng::with_seed(seed);
    let mut service = |at: usize| {
        let mut requires: Vec<_> = (0..rng.usize(..4).min(at)).map(|_| at - 1 - rng.usize(..at.min(40))).collect();
        requires.sort_unstable();
        requires.dedup();
        Service { requires, takes: Duration::from_millis(rng.u64(5..=50)) }
    };
    (0..SERVICES).map(&mut service).collect()
}

fn definition(at: usize, service: &Service, up: &Took, down: &Took) -> Definition<()> {
    let takes = service.takes;
    let (up, down) = (up.clone(), down.clone());
    Definition::new(at.to_string())
        .requires(service.requires.iter().map(usize::to_string))
        .init(move |_| sleep(takes, up.clone(), at))
        .shutdown(move |_, _| sleep(takes, down.clone(), at))
}

async fn sleep(time: Duration, took: Took, at: usize) -> Result<()> {
    let began = Instant::now();
    tokio::time::sleep(time).await;
    took.lock().unwrap_or_else(PoisonError::into_inner)[at] = began.elapsed();
    Ok(())
}

/// The duration of the longest path, which is the same in both directions.
fn longest_path(graph: &[Service], took: &Took) -> Duration {
    let took = took.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ends = vec![Duration::ZERO; graph.len()];
    for (at, service) in graph.iter().enumerate() {
        let begins = service.requires.iter().map(|&on| ends[on]).max().unwrap_or_default();
        ends[at] = begins + took[at];
    }
    ends.into_iter().max().unwrap_or_default()
}

async fn lifecycle(seed: u64) -> Result<()> {
    let graph = graph(seed);
    let took = || Took::new(Mutex::new(vec![Duration::ZERO; SERVICES]));
    let (up, down) = (took(), took());
    let services = graph.iter().enumerate();
    let builder = services.fold(Registry::builder().isolated(), |builder, (at, service)| {
        builder.define(definition(at, service, &up, &down))
    });
    let began = Instant::now();
    let registry = builder.boot().await?;
    let boot = began.elapsed();
    let began = Instant::now();
    registry.shutdown().await?;
    let shutdown = began.elapsed();
    for (what, time, path) in
        [("boot", boot, longest_path(&graph, &up)), ("shutdown", shutdown, longest_path(&graph, &down))]
    {
        let ratio = time.as_secs_f64() / path.as_secs_f64();
        println!("  graph {seed}: {what:8} {:>10}, longest path {:>10}, {ratio:.4} times", millis(time), millis(path));
    }
    Ok(())
}

fn main() -> Result<()> {
    println!("{SERVICES} services of 5 to 50 ms on the real clock; the limit is 1.05 times the longest path");
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    (0..GRAPHS).try_for_each(|seed| runtime.block_on(lifecycle(seed)))
}
