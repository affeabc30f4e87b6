//! [`OwnedTasks`]: the tasks that belong to a registry and to none of its services. They end with it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use crate::base::{Mutex, pin_project};

/// How long aborted tasks may take to notice.
const CANCEL_GRACE: Duration = Duration::from_millis(500);

/// The tasks of one registry.
pub(crate) struct OwnedTasks {
    runtime: Handle,
    /// `None` once the registry has ended.
    tasks: Mutex<Option<Vec<Task>>>,
    at_end: Mutex<Vec<AtEnd>>,
}

/// What a registry waits for at its end.
type AtEnd = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Debug)]
struct Task {
    abort: AbortHandle,
    /// Closed when the future of the task is dropped.
    ended: oneshot::Receiver<()>,
}

pin_project! {
    /// The future of a task. A struct, because an `async` block would keep the future twice.
    struct Owned<F> {
        has_ended: bool,
        // Fields are dropped in order.
        #[pin]
        future: F,
        running: oneshot::Sender<()>,
    }
}

impl<F: Future> Future for Owned<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // If the registry has ended, it is aborted before it runs, even if another thread polls it first.
        if *this.has_ended { Poll::Pending } else { this.future.poll(cx) }
    }
}

impl OwnedTasks {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { runtime, tasks: Mutex::new(Some(Vec::new())), at_end: Mutex::default() }
    }

    /// Runs a task that ends with the registry at the latest.
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let has_ended = self.tasks.lock().is_none();
        let (running, ended) = oneshot::channel::<()>();
        // Outside of the lock: a runtime that has ended drops the future immediately, and that may call this function again.
        let task = self.runtime.spawn(Owned { has_ended, future, running });
        let mut finished = Vec::new();
        let mut tasks = self.tasks.lock();
        let is_refused = tasks.is_none();
        if let Some(tasks) = &mut *tasks {
            // Finished tasks are removed only when the vector is full, and its capacity then at least doubles, so that the
            // cost of each spawn is constant on average.
            if tasks.len() == tasks.capacity() {
                finished.extend(tasks.extract_if(.., |task| task.abort.is_finished()));
                tasks.reserve(tasks.len() + 1);
            }
            tasks.push(Task { abort: task.abort_handle(), ended });
        }
        drop(tasks);
        drop(finished);
        if is_refused {
            task.abort();
        }
        task
    }

    /// The registry waits for this future at its end. If its runtime ends first, the future is dropped.
    #[cfg(feature = "signals")]
    pub(crate) fn at_end(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.at_end.lock().push(Box::pin(future));
    }

    /// Aborts the running tasks, refuses new ones, and waits for what is to be waited for.
    pub(crate) async fn end(&self) {
        let tasks = self.tasks.lock().take().unwrap_or_default();
        tasks.iter().for_each(|task| task.abort.abort());
        let ended = async {
            for task in tasks {
                // An error means that it has ended.
                let _ = task.ended.await;
            }
        };
        // A timeout means that some of them block their threads.
        let _ = timeout(CANCEL_GRACE, ended).await;
        let at_end = std::mem::take(&mut *self.at_end.lock());
        for future in at_end {
            future.await;
        }
    }
}
