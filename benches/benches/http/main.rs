//! Throughput and latency of a server of service-http beside plain `axum::serve`, with the same handlers in one run, and
//! the memory of an idle connection.
//!
//! The rounds of the servers alternate, so that the load of the machine affects all alike. The clients run in the same
//! process, so the numbers compare servers; they are not what a server can do.

mod load;
mod servers;

use std::time::Duration;

use service_core::{Registry, Result};

use self::load::{Round, resident_bytes};

/// How many rounds each server has; `ROUNDS=20 cargo bench -p benches --bench http` runs more.
const ROUNDS: usize = 8;

const ROUND: Duration = Duration::from_millis(1_500);

/// Clients that send one request after the other.
const CLIENTS: usize = 32;

const IDLE: usize = 2_000;

#[tokio::main]
async fn main() -> Result<()> {
    let registry = Registry::boot().await?;
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let servers = servers::start(&registry).await?;
    let mut measured = vec![Vec::new(); servers.len()];
    // The first round warms up.
    for round in 0..=rounds {
        for (rounds, (_, address, path)) in measured.iter_mut().zip(&servers) {
            let done = load::round(*address, path, CLIENTS, ROUND).await?;
            if round > 0 {
                rounds.push(done);
            }
        }
    }
    println!("{CLIENTS} clients, {rounds} rounds of {ROUND:?} each; the median of the rounds");
    let plain = [summary(&measured[0]), summary(&measured[1])];
    for (index, ((name, _, _), rounds)) in servers.iter().zip(&measured).enumerate() {
        let (rate, p99) = summary(rounds);
        let (plain_rate, plain_p99) = plain[index % 2];
        let difference = |is: f64, was: f64| 100.0 * (is / was - 1.0);
        println!(
            "  {name:40} {rate:8.0} requests/s {:+5.1} %   p99 {p99:6.0} µs {:+5.1} %",
            difference(rate, plain_rate),
            difference(p99, plain_p99)
        );
    }
    println!("memory of an idle connection that has carried one request, without that of the kernel");
    // Kept, so that no server reuses the memory of another one.
    let mut kept = Vec::new();
    for (name, address, path) in servers.iter().step_by(2) {
        let before = resident_bytes();
        let connections = load::idle(*address, path, IDLE).await?;
        let bytes = resident_bytes().saturating_sub(before) / connections.len();
        println!("  {name:40} {bytes:8} bytes, {} connections", connections.len());
        kept.push(connections);
    }
    drop(kept);
    registry.shutdown().await?;
    Ok(())
}

/// The median of the rates, and the median of the 99th percentiles in microseconds.
fn summary(rounds: &[Round]) -> (f64, f64) {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    (
        median(rounds.iter().map(|round| round.requests_per_second).collect()),
        median(rounds.iter().map(|round| round.p99.as_secs_f64() * 1e6).collect()),
    )
}
