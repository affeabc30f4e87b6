//! The patterns of the toolkit, each beside the same by hand with tokio, and beside the crate that does it best where there is one.
//! `cargo bench -p benches --bench toolkit` writes `docs/toolkit-cost.md`. Instructions are counted by valgrind, so they do not depend
//! on the load of the machine.

mod calls;
mod case;
mod fixture;
mod flows;
mod pool;

use std::fmt::Write;
use std::path::Path;

use service_core::Result;

use case::{Case, Way};

const OPERATIONS: u64 = 10_000;

const INTRODUCTION: &str = "\
# What the toolkit costs

`cargo bench -p benches --bench toolkit` writes this page; run it to measure your own machine. It counts the instructions of one
operation with valgrind: on one thread, between the 10,000th and the 20,000th operation. Calls and work wait once, and do nothing
else. The code by hand is in `benches/benches/toolkit`; what it does, and what of the pattern it leaves out, is below the table.

| pattern | operation | toolkit | by hand | ratio | crate | ratio |
|---|---|---:|---:|---:|---:|---:|
";

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["repeat", case, way, operations] = arguments[..] {
        // A counted run of this program.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(Case::named(case)?.repeat(Way::named(way)?, operations.parse()?));
    }
    let mut text = String::from(INTRODUCTION);
    for case in Case::ALL
        .into_iter()
        .filter(|case| arguments.iter().all(|name| name.starts_with('-') || *name == case.pattern()))
    {
        let (toolkit, by_hand) = (instructions(case, Way::Toolkit)?, instructions(case, Way::ByHand)?);
        let row = format!(
            "| {} | {} | {toolkit:.0} | {by_hand:.0} | {:.2} |",
            case.pattern(),
            case.operation(),
            toolkit / by_hand
        );
        let beside = match case.best_crate() {
            None => " | |".to_owned(),
            Some(name) => {
                let best = instructions(case, Way::Crate)?;
                format!(" `{name}` {best:.0} | {:.2} |", toolkit / best)
            }
        };
        writeln!(text, "{row}{beside}")?;
    }
    text.push_str("\n## By hand\n\n");
    for case in Case::ALL {
        writeln!(text, "- {}: {}", case.pattern(), case.by_hand())?;
    }
    println!("{text}");
    if arguments.iter().all(|argument| argument.starts_with('-')) {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/toolkit-cost.md"), text)?;
    }
    Ok(())
}

/// The number of instructions of one operation.
fn instructions(case: Case, way: Way) -> Result<f64> {
    let total = |operations: u64| {
        benches::instructions(&["repeat", &format!("{case:?}"), &format!("{way:?}"), &operations.to_string()])
    };
    let (few, many) = (total(OPERATIONS)?, total(2 * OPERATIONS)?);
    Ok(many.saturating_sub(few) as f64 / OPERATIONS as f64)
}
