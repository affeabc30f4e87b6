//! [`Unready`]: what keeps a service from being ready.

/// What keeps a service from being ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unready {
    /// It waits for these services.
    WaitsFor(Vec<usize>),
    /// As many services start as `concurrency` allows.
    WaitsForPlace,
    /// It starts, in this attempt.
    Starts(u32),
    /// An attempt of its start has failed, and is being unwound.
    Unwinds,
    /// It is stopped, to start again; first these stop, which hold its instance.
    Restarts(Vec<usize>),
}
