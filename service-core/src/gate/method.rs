//! [`Method`]: what the guard knows about one guarded method.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::policy::Policy;

/// A guarded method: its name, what its calls do while the service is not ready, and its lane. In a static that the macro
/// writes.
#[derive(Debug)]
pub struct Method {
    name: &'static str,
    policy: Policy,
    /// The address of the gate that assigned the lane, which is a multiple of 64, plus the lane.
    lane: AtomicUsize,
}

impl Method {
    /// A method of this name.
    pub const fn new(name: &'static str, policy: Policy) -> Self {
        Self { name, policy, lane: AtomicUsize::new(0) }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn policy(&self) -> Policy {
        self.policy
    }

    /// The lane that the gate at this address assigned. If another gate was the last to assign one (a method of a generic
    /// trait impl has one static for the gates of all types), the result is larger than any lane, because gates lie further
    /// apart than they have lanes.
    #[inline(always)]
    pub(crate) fn lane_at(&self, gate: usize) -> usize {
        self.lane.load(Ordering::Relaxed).wrapping_sub(gate)
    }

    pub(crate) fn set_lane(&self, gate: usize, lane: usize) {
        self.lane.store(gate | lane, Ordering::Relaxed);
    }
}
