//! Reports, graphs and their exports of 10,000 services. Each is to take at most 50 ms.

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{Shape, best_of, millis};
use service_core::Result;
use tokio::runtime::Builder;

const SERVICES: usize = 10_000;
const RUNS: usize = 5;
const STEPS: [&str; 12] = [
    "report()",
    "report as text",
    "timeline",
    "timeline of all",
    "path()",
    "what_if()",
    "trace",
    "graph()",
    "graph as text",
    "to_json()",
    "diff_json()",
    "shutdown timeline",
];

fn main() -> Result<()> {
    println!("{SERVICES} services, best of {RUNS} runs");
    for shape in Shape::ALL {
        println!("\n{shape}, {} dependencies", shape.edges(SERVICES));
        let steps = measure(shape)?;
        for (step, time) in STEPS.iter().zip(steps) {
            println!("  {step:18} {:>12}", millis(time));
        }
    }
    Ok(())
}

fn measure(shape: Shape) -> Result<[Duration; 12]> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let registry = runtime.block_on(shape.builder(SERVICES).boot())?;
    let (report, graph) = (registry.report(), registry.graph());
    let json = graph.to_json();
    assert!(graph.diff_json(&json)?.is_empty());
    let timed = |run: &dyn Fn() -> usize| {
        let began = Instant::now();
        black_box(run());
        began.elapsed()
    };
    let shown = registry.clone();
    let down = runtime.block_on(registry.shutdown())?;
    let steps = best_of(RUNS, || {
        [
            timed(&|| shown.report().services.len()),
            timed(&|| report.to_string().len()),
            timed(&|| report.timeline().to_string().len()),
            timed(&|| report.timeline().all(true).to_string().len()),
            timed(&|| report.path().steps.len()),
            timed(&|| usize::from(report.what_if("service-05000", 0.5).is_some())),
            timed(&|| report.to_trace_with(&down).len()),
            timed(&|| shown.graph().services().count()),
            timed(&|| graph.to_string().len()),
            timed(&|| graph.to_json().len()),
            timed(&|| graph.diff_json(&json).map_or(0, |diff| diff.changed.len())),
            timed(&|| down.timeline().all(true).to_string().len()),
        ]
    });
    Ok(steps)
}
