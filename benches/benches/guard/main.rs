//! What a guarded call costs, beside everything one would otherwise write: instructions counted by valgrind, which do not
//! depend on how busy the machine is, and times of the same run. `cargo bench -p benches --bench guard` writes it all to
//! `docs/guard-cost.md`, with the instructions of one guarded call as the compiler made them; with `-- --check` it only holds
//! the instruction counts to their bounds.

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
    if words.contains(&"--check") {
        return check();
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

/// Whether the instruction counts keep their bounds: no times, so a busy machine changes nothing.
fn check() -> Result<()> {
    let mut costs = Vec::new();
    for case in Case::ALL {
        let is_asked = case.bound().is_some() || Case::ALL.iter().any(|it| it.bound().is_some_and(|it| it.0 == case));
        if is_asked {
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
