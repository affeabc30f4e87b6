//! A server that is stopped under load answers every request that it has received. 200 clients send requests without a
//! pause, and the server is stopped and started again. On Linux the server has no capabilities: it runs as `nobody` if the
//! test runs as root.
//!
//! The default is ten restarts; `RESTARTS=50 cargo test -p service-http --test restarts` runs more. In half of them
//! each request has a new connection. In the other half clients keep their connections.

mod load;
mod server;
mod tally;

use std::process::ExitCode;

use service_core::Result;

use crate::tally::Tally;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    if std::env::var_os("SERVE").is_some() {
        return Ok(server::run().await);
    }
    if std::env::args().any(|it| it == "--list") {
        return Ok(ExitCode::SUCCESS);
    }
    let restarts: u32 = std::env::var("RESTARTS").ok().and_then(|it| it.parse().ok()).unwrap_or(10);
    let mut all = [Tally::default(), Tally::default()];
    for restart in 0..restarts {
        let kept = restart % 2 == 1;
        let tally = load::run_once(kept, restart).await?;
        all[usize::from(kept)] += tally;
    }
    println!("{restarts} restarts under {} clients", load::CLIENTS);
    println!("  a connection for each request: {}", all[0]);
    println!("  kept connections:              {}", all[1]);
    let is_well = all.iter().all(|tally| tally.answered > 0 && tally.is_clean());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
