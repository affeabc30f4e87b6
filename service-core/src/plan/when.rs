//! Evaluates `when`: the only user code that a plan runs.

use std::panic::catch_unwind;

use super::facts::When;
use super::registered::Registered;
use crate::report::Problem;

/// Whether each definition is enabled, by its `when`. A panic is reported and counts as enabled, so that it causes no second
/// problem.
///
/// A definition that the builder names in `.with(…)`, or replaces, is enabled without a call of its `when`.
pub(super) fn evaluate(registered: &[Registered], with: &[usize], problems: &mut Vec<Problem>) -> Vec<bool> {
    let mut ask = |(at, definition): (usize, &Registered)| {
        let Some(When { text, holds }) = definition.facts.when else { return true };
        if with.contains(&at) || definition.facts.replaced {
            return true;
        }
        catch_unwind(holds).unwrap_or_else(|panic| {
            let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
                (Some(message), _) => (*message).to_owned(),
                (_, Some(message)) => message.clone(),
                _ => "no message".to_owned(),
            };
            problems.push(Problem::WhenPanicked { service: definition.service_location(), when: text, message });
            true
        })
    };
    registered.iter().enumerate().map(&mut ask).collect()
}
