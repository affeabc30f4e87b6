//! [`Table`]: the reports of several registries side by side.

use std::fmt;

use crate::{Counts, Report, Verdict};

/// The reports of several registries side by side, as a Markdown table. All registries must have run the same checks.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<Report>,
}

impl Table {
    /// A table with these columns, from left to right.
    pub fn new(columns: impl IntoIterator<Item = Report>) -> Self {
        Self { columns: columns.into_iter().collect() }
    }

    /// The reasons behind the table, registry by registry: how checks failed, and why others are not applicable.
    pub fn notes(&self) -> String {
        let mut notes = String::new();
        for report in &self.columns {
            notes.push_str(&format!("{}\n", report.registry));
            for (check, verdict) in &report.verdicts {
                let why = match verdict {
                    Verdict::Passed => continue,
                    Verdict::Failed(how) => how,
                    Verdict::NotApplicable(why) => why,
                };
                notes.push_str(&format!("  {} {}: {verdict}: {why}\n", check.id, check.behaviour));
            }
        }
        notes
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row =
            |first: &str, second: &str, cells: Vec<String>| format!("| {first} | {second} | {} |", cells.join(" | "));
        let cells = |cell: &dyn Fn(&Report) -> String| self.columns.iter().map(cell).collect::<Vec<_>>();
        writeln!(f, "{}", row("line", "behaviour", cells(&|it| it.registry.clone())))?;
        writeln!(f, "{}", row("---", "---", cells(&|_| "---".to_owned())))?;
        let Some(first) = self.columns.first() else { return Ok(()) };
        for (check, _) in &first.verdicts {
            let verdict = |report: &Report| {
                let verdict = report.verdicts.iter().find(|(other, _)| other == check);
                verdict.map_or_else(|| "not run".to_owned(), |(_, verdict)| verdict.to_string())
            };
            writeln!(f, "{}", row(check.id, check.behaviour, cells(&verdict)))?;
        }
        let mut sum = |what: &str, of: &dyn Fn(Counts) -> usize| {
            writeln!(f, "{}", row("", &format!("**{what}**"), cells(&|it| format!("**{}**", of(it.counts())))))
        };
        sum("passes", &|it| it.passed)?;
        sum("fails", &|it| it.failed)?;
        sum("not applicable", &|it| it.not_applicable)
    }
}
