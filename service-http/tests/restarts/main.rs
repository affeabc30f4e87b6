//! 200 clients ask without a pause while the server is told to go, again and again: what it took is answered.
//!
//! `RESTARTS=50 cargo test -p service-http --test restarts` for more than ten. Half of the restarts see a new connection
//! for each request, the other half connections that are kept.

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
        // Another moment each time: in the middle of a round of answers, between two, and anywhere else.
        let tally = load::one_life(kept, restart).await?;
        all[usize::from(kept)] += tally;
    }
    println!("{restarts} restarts under {} clients", load::CLIENTS);
    println!("  a connection for each request: {}", all[0]);
    println!("  kept connections:              {}", all[1]);
    let is_well = all.iter().all(|tally| tally.answered > 0 && tally.is_clean());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
