//! [`CurrentTask`]: the task of a service in which this thread is running.

use std::future::Future;
use std::sync::Arc;

use tokio::task::futures::TaskLocalFuture;
use tokio_util::sync::CancellationToken;

use crate::gate::context_stack::Frame;

/// A task of a service.
#[derive(Clone, Debug)]
pub(crate) struct CurrentTask {
    /// The frame of the service that started it.
    pub frame: Frame,
    /// Its name and its own token, if it is in the table of tasks of the service.
    pub task: Option<(Arc<str>, CancellationToken)>,
}

tokio::task_local! {
    static CURRENT: CurrentTask;
}

impl CurrentTask {
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    pub(crate) fn run<F: Future>(self, future: F) -> TaskLocalFuture<Self, F> {
        CURRENT.scope(self, future)
    }
}
