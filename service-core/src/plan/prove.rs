//! [`prove`]: from the catalog of definitions to a plan, or to everything that is wrong with it.

use super::facts::Facts;
use super::plan::Plan;
use super::request::{Wanted, Wish};
use super::resolution::Resolution;
use super::resolved_graph::{Draft, resolve};
use super::selection::{Named, Selection};
use super::{check, naming, registered, when};
use crate::report::PlanError;

#[cfg(test)]
mod tests;

/// Proves the services sound together. Of the user's code only the functions in `when` run.
///
/// Neither the plan nor the text of an error depends on the order of the catalog.
pub(crate) fn prove(catalog: Vec<Facts>, wish: &Wish) -> Result<Plan, PlanError> {
    let mut problems = Vec::new();
    let mut candidates = registered::admit(catalog, &mut problems);
    naming::name_all(&mut candidates, &mut problems);

    // What is off can be given, and `with` turns it on, so these two look among all that is registered.
    let mut resolution = Resolution::new(&candidates);
    check::known("with", &wish.with, &resolution, &mut problems);
    check::known("give", &wish.supplied, &resolution, &mut problems);
    let (with, supplied) = (find(&wish.with, &resolution), find(&wish.supplied, &resolution));
    check::supplied(&candidates, &supplied, &mut problems);
    let on = when::ask(&candidates, &with, &mut problems);
    resolution.narrow(&on);
    check::known("only", &wish.only, &resolution, &mut problems);
    let named = Named { only: (!wish.only.is_empty()).then(|| find(&wish.only, &resolution)), with, supplied };

    let meanings = resolve(&candidates, &on, &resolution);
    let selection = Selection::new(&candidates, &on, &meanings, &named);
    let draft = Draft { candidates: &candidates, resolution: &resolution, meanings: &meanings, selection };
    check::dependencies(&draft, &mut problems);
    check::given(&draft, &named, &mut problems);
    let graph = draft.graph();
    let order = graph.order().unwrap_or_else(|| {
        check::cycles(&draft, &graph, &mut problems);
        Vec::new()
    });
    if !problems.is_empty() {
        return Err(PlanError::new(problems));
    }
    let wirings = draft.wire(&graph, &order);
    let mut candidates: Vec<_> = candidates.into_iter().map(Some).collect();
    let services = wirings.into_iter().filter_map(|wiring| {
        let candidate = candidates[wiring.candidate].take()?;
        Some(wiring.around(candidate))
    });
    Ok(Plan::new(services.collect()))
}

fn find(wanted: &[Wanted], resolution: &Resolution<'_>) -> Vec<usize> {
    wanted.iter().flat_map(|wanted| resolution.find(&wanted.key)).copied().collect()
}
