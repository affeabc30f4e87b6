//! What each service is called: its type's name where nothing else has it, and no longer than needed where one does.

use std::borrow::Cow;
use std::collections::HashMap;

use super::facts::Facts;
use super::registered::Candidate;
use crate::base::Location;
use crate::report::Problem;

#[cfg(test)]
mod tests;

/// Gives every candidate a name that no other has. A chosen name stays as it is; sharing one is a problem.
pub(super) fn name_all(candidates: &mut [Candidate], problems: &mut Vec<Problem>) {
    let unfit = candidates.iter().map(|candidate| &candidate.facts).filter(|facts| !is_for_people(&facts.name));
    problems.extend(unfit.map(|facts| Problem::UnfitName { name: facts.name.clone(), location: facts.location }));
    let facts: Vec<&Facts> = candidates.iter().map(|candidate| &candidate.facts).collect();
    let mut lengths = vec![0; facts.len()];
    let mut takers: HashMap<Cow<'_, str>, Vec<usize>>;
    loop {
        takers = HashMap::with_capacity(facts.len());
        for (at, facts) in facts.iter().enumerate() {
            takers.entry(name(facts, lengths[at])).or_default().push(at);
        }
        // What shares a name grows by one step, together, until it is alone or has nothing left to say.
        let sharing = takers.values().filter(|takers| takers.len() > 1).flatten();
        let growing: Vec<usize> = sharing.copied().filter(|&at| lengths[at] < longest(facts[at])).collect();
        if growing.is_empty() {
            break;
        }
        growing.into_iter().for_each(|at| lengths[at] += 1);
    }
    let mut changed = Vec::new();
    for (name, takers) in takers {
        let (chosen, unchosen): (Vec<_>, Vec<_>) = takers.into_iter().partition(|&at| facts[at].name_is_chosen);
        changed.extend(unchosen.iter().enumerate().filter_map(|(number, &at)| match number + chosen.len() {
            0 if lengths[at] == 0 => None,
            0 => Some((at, name.clone().into_owned())),
            // Not even the column tells them apart: a macro made them at once.
            number => Some((at, format!("{name}#{}", number + 1))),
        }));
        if chosen.len() > 1 {
            let locations = chosen.iter().map(|&at| facts[at].location).collect();
            problems.push(Problem::DuplicateName { name: name.into_owned(), locations });
        }
    }
    changed.into_iter().for_each(|(at, name)| candidates[at].facts.name = name);
}

/// It says something, on one line.
fn is_for_people(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

/// The name at some length: as it is, then with one more module each, then with its line, then with its column.
fn name(facts: &Facts, length: usize) -> Cow<'_, str> {
    let Facts { name, location, .. } = facts;
    let Location { module, file, line, column } = location;
    let modules = module.split("::").count();
    match length {
        0 => name.into(),
        _ if length <= modules => {
            let outer = modules - length;
            let skipped: usize = module.split("::").take(outer).map(|segment| segment.len() + "::".len()).sum();
            format!("{}::{name}", &module[skipped..]).into()
        }
        _ if length == modules + 1 => format!("{module}::{name}@{file}:{line}").into(),
        _ => format!("{module}::{name}@{file}:{line}:{column}").into(),
    }
}

fn longest(facts: &Facts) -> usize {
    match facts.name_is_chosen {
        true => 0,
        false => facts.location.module.split("::").count() + 2,
    }
}
