//! [`prove`]: from the catalog of definitions to a plan, or to everything that is wrong with it.

use super::facts::Facts;
use super::plan::Plan;
use super::request::{Request, Requested};
use super::resolution::Resolution;
use super::resolved_graph::{ResolvedGraph, resolve};
use super::selection::{Named, Selection};
use super::{check, naming, registered, when};
use crate::report::PlanError;

#[cfg(test)]
mod tests;

/// Proves that the services form a sound plan. The only user code that runs is the functions in `when`.
///
/// Neither the plan nor the text of an error depends on the order of the catalog.
pub(crate) fn prove(catalog: Vec<Facts>, request: &Request) -> Result<Plan, PlanError> {
    let mut problems = Vec::new();
    let mut registered = registered::collect(catalog, &mut problems);
    naming::name_all(&mut registered, &mut problems);

    // A disabled service can be given, and `with` enables it, so both look among all registered definitions.
    let mut resolution = Resolution::new(&registered);
    check::known("with", &request.with, &resolution, &mut problems);
    check::known("give", &request.supplied, &resolution, &mut problems);
    let (with, supplied) = (find(&request.with, &resolution), find(&request.supplied, &resolution));
    check::supplied(&registered, &supplied, &mut problems);
    let on = when::evaluate(&registered, &with, &mut problems);
    resolution.narrow(&on);
    check::known("only", &request.only, &resolution, &mut problems);
    let named = Named { only: (!request.only.is_empty()).then(|| find(&request.only, &resolution)), with, supplied };

    let targets = resolve(&registered, &on, &resolution);
    let selection = Selection::new(&registered, &on, &targets, &named);
    let resolved = ResolvedGraph { registered: &registered, resolution: &resolution, targets: &targets, selection };
    check::dependencies(&resolved, &mut problems);
    check::given(&resolved, &named, &mut problems);
    let graph = resolved.graph();
    let order = graph.order().unwrap_or_else(|| {
        check::cycles(&resolved, &graph, &mut problems);
        Vec::new()
    });
    if !problems.is_empty() {
        return Err(PlanError::new(problems));
    }
    let wirings = resolved.wire(&graph, &order, &named);
    let mut registered: Vec<_> = registered.into_iter().map(Some).collect();
    let services = wirings.into_iter().filter_map(|wiring| {
        let definition = registered[wiring.definition].take()?;
        Some(wiring.around(definition))
    });
    Ok(Plan::new(services.collect()))
}

fn find(requested: &[Requested], resolution: &Resolution<'_>) -> Vec<usize> {
    requested.iter().flat_map(|requested| resolution.find(&requested.key)).copied().collect()
}
