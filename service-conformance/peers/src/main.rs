//! Runs service-conformance against three registries, and prints the results side by side. With `--write`, it updates the
//! page of the book too.

mod auto_di;
mod continuo;
mod page;
#[path = "../../tests/suite/service_core_adapter.rs"]
mod service_core_adapter;

use service_conformance::{Adapter, Report, Suite, Table};

/// How many times each peer is run: its behaviour may depend on the random seed of a hash map.
const TIMES: usize = 50;

fn many_times<A: Adapter>(adapter: impl Fn() -> A) -> Report {
    let suite = Suite::new();
    let first = suite.run(adapter());
    (1..TIMES).fold(first, |report, _| report.merge(suite.run(adapter())))
}

fn main() -> std::io::Result<()> {
    let reports = [
        Suite::new().run(service_core_adapter::ServiceCore),
        many_times(|| auto_di::AutoDi),
        many_times(|| continuo::Continuo),
    ];
    let table = Table::new(reports.clone());
    println!("{table}\n{}", table.notes());
    if std::env::args().any(|argument| argument == "--write") {
        page::write(&table, &reports)?;
    }
    Ok(())
}
