//! Propagation: a service that needs an unhealthy one is degraded at best.

use crate::plan::{Bond, Plan};
use crate::report::Health;

/// Takes the health that each service reports about itself, if it was checked, and degrades each service that requires or
/// wants an unhealthy one, at any distance.
pub(crate) fn along_the_graph(plan: &Plan, mut reported: Vec<Option<Health>>) -> Vec<Option<Health>> {
    // For each service, the unhealthy one that degrades it, which may be far below.
    let mut unhealthy: Vec<Option<usize>> = vec![None; reported.len()];
    for (at, service) in plan.services().iter().enumerate() {
        if reported[at].as_ref().is_some_and(|health| !health.is_up()) {
            unhealthy[at] = Some(at);
            continue;
        }
        let needs = service.needs.iter().filter(|need| need.bond != Bond::After);
        let Some(by) = needs.filter_map(|need| unhealthy[need.index]).next() else { continue };
        unhealthy[at] = Some(by);
        if reported[at] == Some(Health::Healthy) {
            reported[at] = Some(Health::degraded(format!("{} is unhealthy", plan.services()[by].facts.name)));
        }
    }
    reported
}

#[cfg(test)]
mod tests {
    use super::along_the_graph;
    use crate::plan::fixtures::{plan, service};
    use crate::report::Health;

    // shows: H02
    #[test]
    fn a_service_that_needs_an_unhealthy_one_is_degraded_and_names_it() {
        let plan = plan(vec![
            service("A"),
            service("B").requires(&["A"]),
            service("C").wants(&["B"]),
            service("D").after(&["A"]),
            service("E").requires(&["B"]),
        ]);
        let unhealthy = Health::unhealthy("no disk");
        let own = Health::degraded("slow");
        let fine = || Some(Health::Healthy);
        let reported = along_the_graph(&plan, vec![Some(unhealthy.clone()), fine(), fine(), fine(), Some(own.clone())]);
        let by_a = Some(Health::degraded("A is unhealthy"));
        assert_eq!(reported, [Some(unhealthy), by_a.clone(), by_a, fine(), Some(own)]);
    }
}
