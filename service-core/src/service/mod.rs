//! What a service is given and what it may do: its hooks, its [`Context`], its tasks, and its definition.

mod blocking_task;
mod context;
mod declared;
mod definition;
mod field_default;
mod given;
mod hooks;
mod incarnation;
mod io_keeper;
mod job;
mod lazy_token;
mod lifecycle;
mod stop_tokens;
mod supplied;
mod task_body;
mod task_output;
mod task_table;
mod tasks;

pub use context::Context;
pub use declared::Declared;
pub use definition::Definition;
pub use field_default::FieldDefault;
pub use given::{GivenHooks, HasHooks, WithoutLifecycle};
pub use hooks::MakeHooks;
pub(crate) use hooks::{Boxed, Hooks};
pub(crate) use incarnation::Incarnation;
pub use io_keeper::IoKeeper;
pub use job::Job;
pub use lifecycle::Lifecycle;
pub(crate) use supplied::SuppliedDyn;
pub use task_output::TaskOutput;
pub use tasks::Tasks;
