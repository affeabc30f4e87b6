//! Deterministic simulation testing of service-core: complete runs of registries, from boot to shutdown, of random graphs,
//! with a fault of any kind at any moment, on tokio's paused clock. An oracle judges each run. It is written against the
//! rules of the design and knows nothing about the implementation.
//!
//! [`check_seed`] generates the [`Scenario`] of a seed, runs it and judges the [`Run`]; a violation panics with the
//! command that replays it: `SEED=7 cargo test -p simulator --release seed -- --nocapture`. This command prints the
//! scenario as JSON; a file with it in `regressions` is run first in every later test. Environment variables: `SIMULATIONS`
//! is the number of random runs, and `SERVICES` the size of the graphs on which every fault and every restart is tried at
//! every moment. The seeds from [`RESTART_SEEDS`] on generate supervised tasks that fail and services that are restarted.
//! `tests/calls.rs` simulates guarded calls.
//!
//! # Glossary
//!
//! - scenario: everything that happens in one run, as data. It consists of services, faults and an injected action.
//! - fault: an error, a panic or a hang of a hook, at a place that the scenario names.
//! - injection: an action from outside, such as dropping the boot, and what triggers it.
//! - generator: makes a random scenario from a seed.
//! - harness: what the instrumented hooks, the listener and the driver of one run share.
//! - trace: what the hooks did and when, recorded by the hooks themselves.
//! - oracle: decides whether a run violates a rule, by replaying its events and its trace against a reference model.
//! - attempt: one call of `init`. Incarnation: one life of a service; a restart begins the next one.
//! - regression: a recorded scenario that once violated a rule.
//!
//! # What it catches
//!
//! Each of these mutations of service-core was found within 20,000 runs; those of a drain within the 2,000 runs of
//! `tests/calls.rs`:
//!
//! - Start: a service that only wants a failed one is blocked; a start that was aborted becomes ready; the service with
//!   the longest remaining path does not start first; one start too many at once; only `requires` is waited for; a service
//!   starts during the shutdown; a failed service keeps its slot; an optional failure is fatal.
//! - Stop: a service stops under a dependant that is up; a start is not aborted; the registry ends while a hook runs; a
//!   cleanup, a `shutdown`, the tasks, an unwinding, or the last poll at a deadline is left out; an instance is not
//!   released; the common budget, the boot timeout, dropped handles or the lame-duck delay are ignored; a boot whose
//!   future was dropped is not reported as cancelled; a drain does not wait for calls, or refuses the tasks that they
//!   spawn.
//! - Restart: a service that only wants the restarted one is left out, or one that only starts after it is included; a
//!   service stops under a holder of its instance, or waits for one that only starts after it; a service that is about to
//!   be restarted counts as ready; a start that holds the old instance goes on; a service stays blocked after its
//!   dependency has recovered; the boot does not wait for a restart; one restart too many, or two for one instance; a
//!   delay or a restart is left out; an earlier incarnation is forgotten; the failure of an aborted start counts; a
//!   service that is up again is reported as failed; a restart is reported during the shutdown; a service that is not
//!   optional stays blocked.
//!
//! Not judged: whether a failed task restarts its service during the lame-duck delay, and calls that outlive the task that
//! made them. Not simulated: services of the process's registry, signals, hooks that block their thread, and lazy services
//! whose first use coincides with the stop of others.

mod boot_outcome;
mod check;
mod driver;
mod event_listener;
mod failure;
mod generator;
mod graph_shape;
mod graphs;
mod harness;
mod hooks;
mod oracle;
mod regression;
mod run;
pub mod scenario;
mod trace;

pub use boot_outcome::BootOutcome;
pub use check::{check, check_seed};
pub use generator::RESTART_SEEDS;
pub use graph_shape::GraphShape;
pub use graphs::graphs;
pub use oracle::judge;
pub use regression::{Regression, regressions};
pub use run::Run;
pub use scenario::Scenario;
pub use trace::{Hook, HookEvent, TraceEntry};
