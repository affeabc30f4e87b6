//! Random plans: the same seed gives the same plan.

use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;

use crate::name::name;
use crate::service_spec::{ServiceSpec, service};

/// An acyclic graph of services, sorted by name. Each hook takes up to 300 ms, and each service requires up to three
/// others.
///
/// Every duration is an even number of milliseconds, so that no hook ends at an odd one. A check that makes something
/// happen at an odd one avoids a case that is left open: whether a service is ready whose `init` ends at the very instant
/// at which the boot fails.
pub(crate) fn random_services(seed: u64, size: usize) -> Vec<ServiceSpec> {
    let mut rng = Rng::with_seed(seed);
    let mut names: Vec<_> = (0..size).map(name).collect();
    rng.shuffle(&mut names);
    let mut specs = Vec::with_capacity(size);
    for at in 0..size {
        let mut requires: Vec<_> = (0..rng.usize(..4).min(at)).map(|_| names[rng.usize(..at)].clone()).collect();
        requires.sort();
        requires.dedup();
        let spec = service(&names[at]).requires(requires);
        specs.push(spec.init_takes(2 * rng.u64(..=150)).shutdown_takes(2 * rng.u64(..=150)));
    }
    specs.sort_by(|one: &ServiceSpec, other| one.name.cmp(&other.name));
    specs
}

/// The length of the critical path: how long all services take if everything independent is concurrent.
pub(crate) fn critical_path(specs: &[ServiceSpec], takes: impl Fn(&ServiceSpec) -> Duration) -> Duration {
    fn path_to<'a>(
        spec: &'a ServiceSpec,
        all: &HashMap<&str, &'a ServiceSpec>,
        takes: &impl Fn(&ServiceSpec) -> Duration,
        known: &mut HashMap<&'a str, Duration>,
    ) -> Duration {
        if let Some(known) = known.get(spec.name.as_str()) {
            return *known;
        }
        let required = spec.requires.iter().filter_map(|it| all.get(it.as_str()).copied());
        let below = required.map(|it| path_to(it, all, takes, known)).max().unwrap_or_default();
        known.insert(&spec.name, below + takes(spec));
        below + takes(spec)
    }
    let all: HashMap<_, _> = specs.iter().map(|it| (it.name.as_str(), it)).collect();
    let mut known = HashMap::new();
    specs.iter().map(|it| path_to(it, &all, &takes, &mut known)).max().unwrap_or_default()
}
