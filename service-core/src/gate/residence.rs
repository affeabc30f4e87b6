//! [`Residence`]: what a slot asks of the entry of its type, whatever the type.

use super::fast_gate::Door;
use super::instance::Instance;

/// What a slot asks of the home of its instance, whatever the type.
pub(crate) trait Residence: Send + Sync {
    fn door(&self) -> &Door;
    /// The process's instance is up.
    fn move_in(&self, registry: u32, instance: &Instance);
    /// The process's instance is up no more.
    fn move_out(&self, registry: u32);
}
