//! The page of the book that holds the table: `docs/conformance.md`, between two marks.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;

use service_conformance::{Column, Table, Verdict};

#[cfg(test)]
mod tests;

const BEGIN: &str = "<!-- table: begin -->\n";
const END: &str = "<!-- table: end -->\n";

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md"))
}

/// The page before the table, what stands between the marks, and the page after it.
fn read() -> io::Result<[String; 3]> {
    let page = fs::read_to_string(path())?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let (before, (table, after)) = parts.ok_or_else(|| io::Error::other("the page has no marks around its table"))?;
    Ok([before, table, after].map(str::to_owned))
}

/// Why lines are not applicable to a subject: each reason once, with its lines.
fn reasons(column: &Column) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (check, verdict) in &column.verdicts {
        let Verdict::NotApplicable(why) = verdict else { continue };
        let at = reasons.iter().position(|(known, _)| known == why).unwrap_or_else(|| {
            reasons.push((why, Vec::new()));
            reasons.len() - 1
        });
        let lines = &mut reasons[at].1;
        if !lines.contains(&check.line) {
            lines.push(check.line);
        }
    }
    let mut text = String::new();
    for (why, lines) in reasons {
        let _ = writeln!(text, "- {why}: {}", lines.join(", "));
    }
    text
}

/// Puts the table into the page.
pub(crate) fn write(table: &Table, columns: &[Column]) -> io::Result<()> {
    let [before, _, after] = read()?;
    let mut text = format!("\n{table}\n");
    for column in columns.iter().filter(|column| column.counts().not_applicable > 0) {
        let _ = write!(text, "Not applicable to {}:\n\n{}\n", column.subject, reasons(column));
    }
    fs::write(path(), format!("{before}{BEGIN}{text}{END}{after}"))
}
