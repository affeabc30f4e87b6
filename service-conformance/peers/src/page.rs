//! The page of the book that holds the table: `docs/conformance.md`, between two marks.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;

use service_conformance::{Report, Table, Verdict};

#[cfg(test)]
mod tests;

const BEGIN: &str = "<!-- table: begin -->\n";
const END: &str = "<!-- table: end -->\n";

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md"))
}

/// The page before the table, the text between the marks, and the page after it.
fn read() -> io::Result<[String; 3]> {
    let page = fs::read_to_string(path())?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?)));
    let (before, (table, after)) = parts.ok_or_else(|| io::Error::other("the page has no marks around its table"))?;
    Ok([before, table, after].map(str::to_owned))
}

/// Why behaviours are not applicable to a registry: each reason once, with the ids of its behaviours.
fn reasons(report: &Report) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (check, verdict) in &report.verdicts {
        let Verdict::NotApplicable(why) = verdict else { continue };
        let at = reasons.iter().position(|(known, _)| known == why).unwrap_or_else(|| {
            reasons.push((why, Vec::new()));
            reasons.len() - 1
        });
        let ids = &mut reasons[at].1;
        if !ids.contains(&check.id) {
            ids.push(check.id);
        }
    }
    let mut text = String::new();
    for (why, ids) in reasons {
        let _ = writeln!(text, "- {why}: {}", ids.join(", "));
    }
    text
}

/// Writes the table to the page.
pub(crate) fn write(table: &Table, reports: &[Report]) -> io::Result<()> {
    let [before, _, after] = read()?;
    let mut text = format!("\n{table}\n");
    for report in reports.iter().filter(|report| report.counts().not_applicable > 0) {
        let _ = write!(text, "Not applicable to {}:\n\n{}\n", report.registry, reasons(report));
    }
    fs::write(path(), format!("{before}{BEGIN}{text}{END}{after}"))
}
