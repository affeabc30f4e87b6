//! Judges the account that is given of a shutdown or a rollback: everybody who went down, once, and how; and that those
//! who asked twice were told the same.

use service_core::{Outcome, ShutdownReport};

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
        if let Some(expected) = seen.expected {
            rule!(expected.is(&entry.outcome), "{service} went down {}, which should be {expected:?}", entry.outcome);
        }
        if let Some(outcome) = &seen.outcome {
            rule!(
                alike(outcome, &entry.outcome),
                "{service} went down {outcome}, and the report says {}",
                entry.outcome
            );
        }
    }
    for (service, &count) in counts.iter().enumerate() {
        let seen = &seen[service];
        let expected = match seen.at {
            At::Stopped | At::Undone => Some(1),
            At::Failed if seen.rise.undone != Verdict::Clean => Some(1),
            At::Failed => Some(0),
            _ => Some(0),
        };
        let open = seen.rise.unsure;
        rule!(
            open || expected == Some(count),
            "{service}, which was {:?}, stands {count} times in the report",
            seen.at
        );
    }
    Ok(())
}

fn alike(one: &Outcome, other: &Outcome) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
