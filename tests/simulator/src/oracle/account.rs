//! Judges the account that is given of a shutdown or a rollback: everybody who went down, once, and how; and that those
//! who asked twice were told the same.

use std::mem::discriminant;

use service_core::ShutdownReport;

use super::follow::{At, Seen};
use super::rule;
use crate::forecast::Verdict;
use crate::script::Script;
use crate::{Boot, Life};

pub(super) fn account(script: &Script, life: &Life, seen: &[Seen]) -> Result<(), String> {
    let mut told = Vec::new();
    for down in &life.down {
        match down {
            Ok(report) => {
                rule!(report.is_clean(), "an unclean shutdown was called a success");
                told.push(report);
            }
            Err(error) => {
                let Some(report) = error.report() else {
                    return Err(format!("the shutdown was not waited for: {error}"));
                };
                rule!(!report.is_clean(), "a clean shutdown was called a failure");
                told.push(report);
            }
        }
    }
    if let [one, other] = told[..] {
        rule!(format!("{one:?}") == format!("{other:?}"), "two who asked were told different things");
    }
    if let Boot::Failed(error) = &life.boot {
        told.extend(error.rollback());
    }
    told.first().map_or(Ok(()), |report| entries(script, report, seen))
}

fn entries(script: &Script, report: &ShutdownReport, seen: &[Seen]) -> Result<(), String> {
    let mut counts = vec![0; script.parts.len()];
    for entry in &report.services {
        let service = Script::number(&entry.name);
        counts[service] += 1;
        rule!(entry.still_held == 0, "{} references to {service} outlive it", entry.still_held);
        let seen = &seen[service];
        let outcome = &entry.outcome;
        let fits = seen.expected.is_none_or(|expected| expected.is(outcome));
        rule!(fits, "{service} went down {outcome}, which should be {:?}", seen.expected);
        let told = seen.outcome.as_ref().is_some_and(|told| discriminant(told) == discriminant(outcome));
        rule!(told, "{service} went down {:?}, and the report says {outcome}", seen.outcome);
    }
    for (service, (&count, seen)) in counts.iter().zip(seen).enumerate() {
        // What failed by itself goes down with a mishap, or is not worth a word.
        let due = usize::from(seen.outcome.is_some());
        rule!(count == due, "{service}, which was {:?}, stands {count} times in the report", seen.at);
        let expected = seen.expected.filter(|_| seen.at == At::Failed && !seen.has_past);
        let fits = expected.is_none_or(|expected| (expected == Verdict::Clean) == seen.outcome.is_none());
        rule!(fits, "{service} was undone {:?}, which should be {expected:?}", seen.outcome);
    }
    Ok(())
}
