//! Which candidates are on: the one place where a plan runs the user's code.

use std::panic::catch_unwind;

use super::facts::When;
use super::registered::Candidate;
use crate::report::Problem;

/// Asks each `when`, in the plan's own order, and takes a panic for a yes, so that it causes no second problem.
///
/// What the builder boots `with`, or has a stand-in for, is on without being asked.
pub(super) fn ask(candidates: &[Candidate], with: &[usize], problems: &mut Vec<Problem>) -> Vec<bool> {
    let mut ask = |(at, candidate): (usize, &Candidate)| {
        let Some(When { text, holds }) = candidate.facts.when else { return true };
        if with.contains(&at) || candidate.facts.replaced {
            return true;
        }
        catch_unwind(holds).unwrap_or_else(|panic| {
            let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
                (Some(message), _) => (*message).to_owned(),
                (_, Some(message)) => message.clone(),
                _ => "no message".to_owned(),
            };
            problems.push(Problem::WhenPanicked { service: candidate.site(), when: text, message });
            true
        })
    };
    candidates.iter().enumerate().map(&mut ask).collect()
}
