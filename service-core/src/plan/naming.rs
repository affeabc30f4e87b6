//! Names: a service is called by its type's name, made longer by as many modules as it needs to be unique.

use std::borrow::Cow;

use super::facts::Facts;
use super::registered::Registered;
use crate::base::{Location, sort_by};
use crate::report::Problem;

#[cfg(test)]
mod tests;

/// Gives every definition a unique name. A name that the user chose is never changed; two equal ones are a problem.
pub(super) fn name_all(registered: &mut [Registered], problems: &mut Vec<Problem>) {
    let unfit = registered.iter().map(|definition| &definition.facts).filter(|facts| !is_readable(&facts.name));
    problems.extend(unfit.map(|facts| Problem::UnfitName { name: facts.name.clone(), location: facts.location }));
    let facts: Vec<&Facts> = registered.iter().map(|definition| &definition.facts).collect();
    let mut lengths = vec![0; facts.len()];
    let named = loop {
        // Sorted, so that those that share a name stand together.
        let mut named: Vec<_> = facts.iter().enumerate().map(|(at, facts)| (name(facts, lengths[at]), at)).collect();
        sort_by(&mut named, Ord::cmp);
        // All that share a name are made longer by one step, until each is unique or at its longest.
        let sharing = named.chunk_by(|a, b| a.0 == b.0).filter(|takers| takers.len() > 1).flatten();
        let growing: Vec<usize> = sharing.map(|(_, at)| *at).filter(|&at| lengths[at] < longest(facts[at])).collect();
        if growing.is_empty() {
            break named;
        }
        growing.into_iter().for_each(|at| lengths[at] += 1);
    };
    let mut changed = Vec::new();
    for takers in named.chunk_by(|a, b| a.0 == b.0) {
        let name = &*takers[0].0;
        let (chosen, unchosen): (Vec<_>, Vec<_>) =
            takers.iter().map(|(_, at)| *at).partition(|&at| facts[at].name_is_chosen);
        changed.extend(unchosen.iter().enumerate().filter_map(|(number, &at)| match number + chosen.len() {
            0 if lengths[at] == 0 => None,
            0 => Some((at, name.to_owned())),
            // They share even the column: one macro call made them.
            number => Some((at, format!("{name}#{}", number + 1))),
        }));
        if chosen.len() > 1 {
            let locations = chosen.iter().map(|&at| facts[at].location).collect();
            problems.push(Problem::DuplicateName { name: name.to_owned(), locations });
        }
    }
    changed.into_iter().for_each(|(at, name)| registered[at].facts.name = name);
}

/// Whether a name is not empty and has no control characters.
fn is_readable(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

/// The name at a length: the type, then one more module for each step, then the line, then the column.
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
