//! What a user pays apart from guarded calls: boot, shutdown, memory, access. `cargo bench -p benches --bench cost` writes
//! `docs/cost.md`. With `-- --check`, it fails if a cost exceeds the one on that page by more than 5 %.

mod case;
mod counting;
mod floor;
mod peers;
mod program;
mod run;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use benches::{Shape, best_of, millis};
use service_core::Result;

use case::{CASES, Case, Check};
use counting::Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

const INTRODUCTION: &str = "\
# What a registry costs

`cargo bench -p benches --bench cost` writes this page; run it to measure your own machine. Instructions are counted by valgrind,
so they do not depend on the load; a copy of many bytes counts by the vector and not by the byte. A cost of a service is that of
each service from the 200th to the 1,000th, which are definitions made at run time, on one thread; with a peer, whose services are
types, from the 8th to the 40th. The boots by hand are in `benches/benches/cost/floor.rs`, those with the peers in `peers`. Generated
code is as long as the snapshots of `service-macros`, LLVM code as long as rustc emits it for a debug build. `-- --check` fails if a
cost of ours is more than 5 % above this page, except those of LLVM code and of programs.
";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cost.md")
}

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["run", part, shape, count] = arguments[..] {
        // A counted run of this program.
        return run::run(part, shape, count.parse()?);
    }
    if arguments.contains(&"--check") {
        return check();
    }
    let mut text = String::from(INTRODUCTION);
    text += "\n| | |\n|---|---:|\n";
    for case in &CASES {
        text += &row(case, (case.measure)()?);
    }
    text += &times()?;
    println!("{text}");
    std::fs::write(page(), text)?;
    Ok(())
}

fn row(case: &Case, cost: u64) -> String {
    format!("| {} | {cost} |\n", case.title)
}

/// Fails if a cost is more than 5 % above the page. It takes no times, so the load of the machine has no effect.
fn check() -> Result<()> {
    let text = std::fs::read_to_string(page())?;
    let mut grown = Vec::new();
    for case in CASES.iter().filter(|case| case.check == Check::Checked) {
        let known = text.lines().find_map(|line| line.strip_prefix(&format!("| {} | ", case.title)));
        let known: u64 = known.and_then(|rest| rest.strip_suffix(" |")).ok_or("the page has no such row")?.parse()?;
        let cost = (case.measure)()?;
        println!("{}: {cost}, was {known}", case.title);
        // Small counts may grow by one.
        if cost > known + (known / 20).max(1) {
            grown.push(format!("{}: {cost}, was {known}", case.title));
        }
    }
    match grown.is_empty() {
        true => Ok(()),
        false => Err(format!("more than 5 % above docs/cost.md:\n{}", grown.join("\n")).into()),
    }
}

/// The times of one lifecycle of 1,000 services beside each other, next to the careful one by hand, in turns.
fn times() -> Result<String> {
    const SERVICES: usize = 1_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let timed = |run: &dyn Fn()| -> Duration {
        let began = Instant::now();
        run();
        began.elapsed()
    };
    let [careful, ours] = best_of(15, || {
        let careful = timed(&|| runtime.block_on(floor::careful(Shape::Star, SERVICES, true)));
        let ours = timed(&|| {
            runtime.block_on(async {
                let registry = Shape::Star.builder(SERVICES).boot().await.unwrap_or_else(|error| panic!("{error}"));
                registry.shutdown().await.unwrap_or_else(|error| panic!("{error}"));
            });
        });
        [careful, ours]
    });
    Ok(format!(
        "\nDefinition, boot and shutdown of 1,000 services beside each other, best of 15 in turns: {} by hand with a task, a budget and \
         events, {} with a registry.\n",
        millis(careful),
        millis(ours)
    ))
}
