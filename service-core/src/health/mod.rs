//! Health checks: one in flight for each service, a cache, and how ill health propagates along the graph.

mod check_state;
mod checker;
mod propagation;

pub(crate) use checker::HealthChecker;
