//! The cost of a guarded call, compared with other ways to share a value: instructions counted by valgrind, which do not
//! depend on the load of the machine, and times. `cargo bench -p benches --bench guard` writes them to `docs/guard-cost.md`,
//! together with the instructions that the compiler generated. With `-- --check` it only checks that the instruction counts are
//! within their bounds.

mod assembly;
mod case;
mod contention;
mod count;
mod fixture;
mod report;

use std::path::Path;
use std::time::{Duration, Instant};

use benches::best_of;
use service_core::Result;

use case::Case;
use fixture::Fixture;
use report::Measured;

const RUNS: usize = 25;
const CALLS: u64 = 200_000;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["repeat", name, calls] = arguments[..] {
        // `count` runs this program under valgrind.
        return repeat(Case::named(name)?, calls.parse()?);
    }
    if arguments.contains(&"--check") {
        return check();
    }
    let mut costs = Vec::new();
    for case in Case::ALL {
        costs.push(Measured { case, instructions: count::instructions(case)?, time: time(case)? });
    }
    let report = report::text(&costs, &contention::measure()?, &assembly::of_a_guarded_call()?);
    println!("{report}");
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guard-cost.md"), report)?;
    Ok(())
}

/// Fails if an instruction count exceeds its bound. It takes no times, so the load of the machine has no effect.
fn check() -> Result<()> {
    let mut costs = Vec::new();
    for case in Case::ALL {
        let is_needed = case.bound().is_some() || Case::ALL.iter().any(|it| it.bound().is_some_and(|it| it.0 == case));
        if is_needed {
            costs.push(Measured { case, instructions: count::instructions(case)?, time: Duration::ZERO });
        }
    }
    let bounds = report::bounds(&costs);
    for report::Bound { case, beside, more, most } in &bounds {
        println!("{case:?}: {more:.0} instructions more than {beside:?}, at most {most:.0}");
    }
    match bounds.iter().find(|it| it.more > it.most) {
        Some(bound) => Err(format!("{:?} costs too many instructions", bound.case).into()),
        None => Ok(()),
    }
}

fn repeat(case: Case, calls: u64) -> Result<()> {
    let fixture = Fixture::boot()?;
    case.repeat(&fixture, calls);
    fixture.shutdown()
}

/// The time of one call.
fn time(case: Case) -> Result<Duration> {
    let fixture = Fixture::boot()?;
    let [best] = best_of(RUNS, || {
        let began = Instant::now();
        case.repeat(&fixture, CALLS);
        [began.elapsed()]
    });
    fixture.shutdown()?;
    Ok(best)
}
