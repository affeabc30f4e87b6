//! How a service is, by what it says and by how those are whom it needs.

use crate::plan::Bond;
use crate::plan::Plan;
use crate::report::Health;

/// Of each service what it says about itself, if it is asked; who needs one that is unhealthy is degraded at best.
pub(crate) fn along_the_graph(plan: &Plan, mut said: Vec<Option<Health>>) -> Vec<Option<Health>> {
    // The ill one that each is degraded by, which may be far below.
    let mut ill: Vec<Option<usize>> = vec![None; said.len()];
    for (at, service) in plan.services().iter().enumerate() {
        if said[at].as_ref().is_some_and(|health| !health.is_up()) {
            ill[at] = Some(at);
            continue;
        }
        let needs = service.needs.iter().filter(|need| need.bond != Bond::After);
        let Some(by) = needs.filter_map(|need| ill[need.index]).next() else { continue };
        ill[at] = Some(by);
        if said[at] == Some(Health::Healthy) {
            said[at] = Some(Health::degraded(format!("{} is unhealthy", plan.services()[by].facts.name)));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::along_the_graph;
    use crate::plan::fixtures::{plan, service};
    use crate::report::Health;

    #[test]
    fn h02_what_needs_an_ill_one_is_degraded_and_says_by_whom() {
        let plan = plan(vec![
            service("A"),
            service("B").requires(&["A"]),
            service("C").wants(&["B"]),
            service("D").after(&["A"]),
            service("E").requires(&["B"]),
        ]);
        let ill = Health::unhealthy("no disk");
        let own = Health::degraded("slow");
        let fine = || Some(Health::Healthy);
        let said = along_the_graph(&plan, vec![Some(ill.clone()), fine(), fine(), fine(), Some(own.clone())]);
        let by_a = Some(Health::degraded("A is unhealthy"));
        assert_eq!(said, [Some(ill), by_a.clone(), by_a, fine(), Some(own)]);
    }
}
