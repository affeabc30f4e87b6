//! What a guarded call costs, beside everything one would otherwise write: instructions counted by valgrind, which do not
//! depend on how busy the machine is, and times of the same run. `cargo bench -p benches --bench guard` writes it all to
//! `docs/guard-cost.md`, with the instructions of one guarded call as the compiler made them.

mod assembly;
mod case;
mod count;
mod crowd;
mod report;
mod subject;

use std::path::Path;
use std::time::{Duration, Instant};

use benches::best_of;
use service_core::Result;

use case::Case;
use report::Measured;
use subject::Subject;

const RUNS: usize = 25;
const CALLS: u64 = 200_000;

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if let ["repeat", name, calls] = words[..] {
        // Run by itself, under valgrind.
        return repeat(Case::named(name)?, calls.parse()?);
    }
    let mut costs = Vec::new();
    for case in Case::ALL {
        costs.push(Measured { case, instructions: count::instructions(case)?, time: time(case)? });
    }
    let report = report::text(&costs, &crowd::measure()?, &assembly::of_a_guarded_call()?);
    println!("{report}");
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guard-cost.md"), report)?;
    Ok(())
}

fn repeat(case: Case, calls: u64) -> Result<()> {
    let subject = Subject::up()?;
    case.repeat(&subject, calls);
    subject.down()
}

/// The time of one call.
fn time(case: Case) -> Result<Duration> {
    let subject = Subject::up()?;
    let [best] = best_of(RUNS, || {
        let began = Instant::now();
        case.repeat(&subject, CALLS);
        [began.elapsed()]
    });
    subject.down()?;
    Ok(best)
}
