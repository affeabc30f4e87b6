//! Prints three registries side by side, held to service-conformance. With `--write`, the page of the book is brought up
//! to date too.

mod auto_di;
mod continuo;
#[path = "../../tests/suite/ours.rs"]
mod ours;
mod page;

use service_conformance::{Column, Subject, Suite, Table};

/// How often a peer is run: what depends on the seed of a hash map shows itself sooner or later.
const TIMES: usize = 50;

fn many_times<S: Subject>(subject: impl Fn() -> S) -> Column {
    let suite = Suite::new();
    let first = suite.run(subject());
    (1..TIMES).fold(first, |column, _| column.and(suite.run(subject())))
}

fn main() -> std::io::Result<()> {
    let columns =
        [Suite::new().run(ours::ServiceCore), many_times(|| auto_di::AutoDi), many_times(|| continuo::Continuo)];
    let table = Table::new(columns.clone());
    println!("{table}\n{}", table.notes());
    if std::env::args().any(|argument| argument == "--write") {
        page::write(&table, &columns)?;
    }
    Ok(())
}
