//! Judges what the boot's error and the boot's report say: who failed, what that blocked, and nothing else.

use std::collections::BTreeSet;

use service_core::{BootError, BootFailure, BootReport, Failure, Phase, ShutdownReason, State};

use super::follow::{At, Followed, Seen};
use super::rule;
use crate::forecast::{Cause, Doing};
use crate::script::{Bond, Deed, Script};
use crate::{Boot, Life};

pub(super) fn blame(script: &Script, life: &Life, followed: &Followed) -> Result<(), String> {
    match &life.boot {
        Boot::Up(report) => praise(script, report, &followed.at_boot),
        Boot::Failed(error) => failed(script, life, error, followed),
        Boot::Dropped => Ok(()),
    }
}

fn failed(script: &Script, life: &Life, error: &BootError, followed: &Followed) -> Result<(), String> {
    let seen = &followed.seen[..];
    let is_unclear = seen.iter().any(|seen| seen.is_unclear);
    rule!(error.rollback().is_some(), "the error says nothing of the rollback");
    match error.failure() {
        // Nobody can say who had failed.
        BootFailure::Services { .. } if is_unclear => {}
        BootFailure::Services { failures, blocked } => {
            let named: Vec<_> = failures.iter().map(|failure| Script::number(failure.service())).collect();
            let failed: Vec<_> = (0..seen.len()).filter(|&service| seen[service].at == At::Failed).collect();
            let sorted: BTreeSet<_> = named.iter().copied().collect();
            rule!(sorted.iter().eq(&failed), "the error names {named:?}, and {failed:?} failed");
            rule!(sorted.len() == named.len(), "the error names somebody twice: {named:?}");
            for failure in failures {
                this(script, seen, failure)?;
            }
            let stuck = blocked_by(script, seen);
            let named: Vec<_> = blocked.iter().map(|(service, _)| Script::number(service)).collect();
            let sorted: BTreeSet<_> = named.iter().copied().collect();
            rule!(sorted.iter().eq(&stuck), "the error calls {named:?} blocked, and {stuck:?} are");
            for (service, by) in blocked {
                rule!(failed.contains(&Script::number(by)), "{service} is blocked by {by}, which has not failed");
            }
        }
        BootFailure::TimedOut { .. } => {
            rule!(script.terms.boot.is_some(), "the boot is out of time, and has no budget");
        }
        BootFailure::Cancelled => {
            let cancels = |deed| matches!(deed, Deed::Cancel | Deed::Drop | Deed::Request);
            rule!(script.meddling.is_some_and(|it| cancels(it.what)), "nobody cancelled the boot");
        }
        BootFailure::ShutDown(ShutdownReason::Failed(_)) if followed.is_broken => {}
        other => {
            // A listener that got hold of nothing can't request a shutdown; so nobody does before the boot has ended.
            let name = std::mem::discriminant(other);
            return Err(format!("the boot failed for a reason that is not in the script: {name:?}, {error}"));
        }
    }
    let told = life.events.iter().any(|it| matches!(it.kind, service_core::EventKind::Booted { .. }));
    rule!(!told, "the boot failed, and listeners were told that it had not");
    Ok(())
}

/// Whether a failure is that of its service.
fn this(script: &Script, seen: &[Seen], failure: &Failure) -> Result<(), String> {
    let service = Script::number(failure.service());
    let rise = &seen[service].rise;
    let Some((doing, cause)) = rise.fails.filter(|_| !rise.unsure) else { return Ok(()) };
    let phase = match failure.phase() {
        Phase::Init => Doing::Init,
        Phase::Start => Doing::Start,
        _ => Doing::Health,
    };
    rule!(phase == doing, "{service} failed in {doing:?}, and the error says {phase:?}");
    let said = match (failure.is_timeout(), failure.panic_message()) {
        (true, _) => Cause::TimedOut,
        (_, Some(_)) => Cause::Panic,
        _ => Cause::Error,
    };
    rule!(said == cause, "{service} failed by {cause:?}, and the error says {said:?}: {failure}");
    // The path leads down by what requires.
    let path: Vec<_> = failure.path().iter().map(|name| Script::number(name)).collect();
    rule!(path.last() == Some(&service), "the path {path:?} does not end at {service}");
    for pair in path.windows(2) {
        let mut needs = script.parts[pair[0]].needs.iter();
        let requires = needs.any(|need| need.on == pair[1] && need.bond == Bond::Requires);
        rule!(requires, "{} does not require {}", pair[0], pair[1]);
    }
    Ok(())
}

/// Those that could never start, because something they require has failed.
fn blocked_by(script: &Script, seen: &[Seen]) -> Vec<usize> {
    let eager = script.eager();
    let mut stuck = vec![false; seen.len()];
    for (service, part) in script.parts.iter().enumerate() {
        let mut needs = part.needs.iter().filter(|need| need.bond == Bond::Requires);
        stuck[service] = eager[service]
            && seen[service].at != At::Failed
            && needs.any(|need| stuck[need.on] || seen[need.on].at == At::Failed);
    }
    (0..seen.len()).filter(|&service| stuck[service]).collect()
}

/// What the report of a boot that went well says.
fn praise(script: &Script, report: &BootReport, seen: &[Option<Seen>]) -> Result<(), String> {
    rule!(report.services.len() == seen.len(), "the report is about {} services", report.services.len());
    for entry in &report.services {
        let service = Script::number(&entry.name);
        // What happened at the very instant may be in the report, or not.
        let Some(seen) = &seen[service] else { continue };
        rule!(entry.failure.is_some() == seen.failure.is_some(), "the report of {service} says {:?}", entry.failure);
        let ready = entry.state == State::Ready;
        // What was asked for at the same instant may already be going down.
        rule!(!ready || seen.ready.is_some(), "the report calls {service} ready");
        if seen.ready.is_some() {
            rule!(
                entry.attempts == seen.rise.attempts() || seen.rise.unsure,
                "{service} took {} attempts",
                entry.attempts
            );
            let own = crate::stage::ms(seen.rise.lasts);
            rule!(entry.own == own || seen.rise.unsure, "{service} took {own:?}, and the report says {:?}", entry.own);
        }
        let wants = script.parts[service].needs.iter().filter(|need| need.bond == Bond::Wants);
        for need in wants.filter(|need| entry.missing.contains(&Script::name(need.on))) {
            rule!(
                report.services.iter().any(|it| it.name == Script::name(need.on) && it.state != State::Ready),
                "{} is not missing",
                need.on
            );
        }
    }
    Ok(())
}
