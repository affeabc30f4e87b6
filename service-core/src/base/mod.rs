//! Plain data that every folder shares: states, failures, budgets, durations, random numbers, JSON, caught panics. It knows
//! no service and no runtime.

mod backoff;
mod budgets;
pub(crate) mod caught;
pub(crate) mod columns;
mod duration_text;
mod failure;
pub(crate) mod json;
#[cfg(feature = "render")]
pub(crate) mod json_reader;
mod key;
mod location;
mod mutex;
mod pin_project;
mod race;
mod restart;
mod result;
mod rng;
mod schedule;
mod shareable;
mod short_name;
mod shutdown_reason;
mod sort;
mod state;
pub(crate) mod stderr;
mod stop_outcome;
mod type_map;
mod type_table;

pub use budgets::{Budgets, Retry};
pub(crate) use caught::caught_payload;
pub(crate) use duration_text::{lasted, seconds};
pub(crate) use failure::{Budget, UserError};
pub use failure::{Failure, Phase};
pub(crate) use key::Key;
pub use location::Location;
pub(crate) use mutex::{Mutex, MutexGuard, RwLock};
pub(crate) use pin_project::pin_project;
pub(crate) use race::race;
pub(crate) use restart::After;
pub use restart::Restart;
pub use result::{BoxError, Result};
pub(crate) use rng::Rng;
pub use schedule::Schedule;
pub use shareable::Shareable;
pub(crate) use short_name::short_name;
pub use shutdown_reason::ShutdownReason;
pub(crate) use sort::sort_by;
pub use state::State;
pub use stop_outcome::StopOutcome;
pub(crate) use type_map::TypeMap;
pub(crate) use type_table::TypeTable;
