//! What a service is given and what it may do: its hooks, its [`Context`], its tasks, and its definition.

mod context;
mod declare;
mod definition;
mod hooks;
mod incarnation;
mod lifecycle;
mod task_body;
mod task_output;
mod tasks;

pub use context::Context;
pub use declare::{Declare, Declared};
pub use definition::Definition;
pub(crate) use hooks::{HandedOverDyn, Hooks, Kept};
pub(crate) use incarnation::Incarnation;
pub use lifecycle::Lifecycle;
pub use task_output::TaskOutput;
pub use tasks::Tasks;
