//! [`AnyTypeEntry`]: what a slot needs of the entry of its instance's type, whatever the type is.

use std::any::Any;
use std::sync::Arc;

use super::fast_gate::FastGate;

/// What a slot needs of the [`TypeEntry`](super::TypeEntry) of its instance, whatever the type is.
pub(crate) trait AnyTypeEntry: Send + Sync {
    fn fast_gate(&self) -> &FastGate;
    /// The instance that is ready in the process's registry.
    fn set_current(&self, instance: Option<Arc<dyn Any + Send + Sync>>);
}
