//! [`Errand`]: the task in which this thread is running, where that is one of ours.

use std::future::Future;
use std::sync::Arc;

use crate::gate::context_stack::Frame;

/// Which task of which service it is.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    /// The frame of the service that has started it.
    pub frame: Frame,
    /// Its name, where it is in the service's table.
    pub task: Option<Arc<str>>,
}

tokio::task_local! {
    static ERRAND: Errand;
}

impl Errand {
    pub(crate) fn current() -> Option<Self> {
        ERRAND.try_with(Self::clone).ok()
    }

    pub(crate) async fn run<F: Future>(self, future: F) -> F::Output {
        ERRAND.scope(self, future).await
    }
}
