//! [`Table`]: several subjects side by side.

use std::fmt;

use crate::{Column, Counts, Verdict};

/// Several subjects side by side, as a table in Markdown. All have been run against the same checks.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// A table of these columns, from left to right.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect() }
    }

    /// What is behind the table: how each check failed, and why others were not applicable, subject by subject.
    pub fn notes(&self) -> String {
        let mut notes = String::new();
        for column in &self.columns {
            notes.push_str(&format!("{}\n", column.subject));
            for (check, verdict) in &column.verdicts {
                let why = match verdict {
                    Verdict::Passed => continue,
                    Verdict::Failed(how) => how,
                    Verdict::NotApplicable(why) => why,
                };
                notes.push_str(&format!("  {} {}: {verdict}: {why}\n", check.line, check.behaviour));
            }
        }
        notes
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row =
            |first: &str, second: &str, cells: Vec<String>| format!("| {first} | {second} | {} |", cells.join(" | "));
        let cells = |cell: &dyn Fn(&Column) -> String| self.columns.iter().map(cell).collect::<Vec<_>>();
        writeln!(f, "{}", row("line", "behaviour", cells(&|it| it.subject.clone())))?;
        writeln!(f, "{}", row("---", "---", cells(&|_| "---".to_owned())))?;
        let Some(first) = self.columns.first() else { return Ok(()) };
        for (check, _) in &first.verdicts {
            let verdict = |column: &Column| {
                let verdict = column.verdicts.iter().find(|(other, _)| other == check);
                verdict.map_or_else(|| "not run".to_owned(), |(_, verdict)| verdict.to_string())
            };
            writeln!(f, "{}", row(check.line, check.behaviour, cells(&verdict)))?;
        }
        let mut sum = |what: &str, of: &dyn Fn(Counts) -> usize| {
            writeln!(f, "{}", row("", &format!("**{what}**"), cells(&|it| format!("**{}**", of(it.counts())))))
        };
        sum("passes", &|it| it.passed)?;
        sum("fails", &|it| it.failed)?;
        sum("not applicable", &|it| it.not_applicable)
    }
}
