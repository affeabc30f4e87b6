//! [`Turn`]: the order in which the patterns of one service close, so that none refuses what another still hands to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use service_core::{CancellationToken, Context};

/// The open patterns of all services, in the order in which they were started.
static OPEN: Mutex<Vec<Arc<Place>>> = Mutex::new(Vec::new());

/// The turn of a pattern that takes work. Each of its tasks holds it; the pattern has ended when they have dropped it.
///
/// When the service stops, the turn comes after its other tasks have ended, and after the patterns that were started later.
pub(crate) struct Turn<S> {
    cx: Context<S>,
    place: Arc<Place>,
}

struct Place {
    /// The address of the tasks of the service. It is unique, because the turn keeps the service's context.
    service: usize,
    /// The names of the tasks of the pattern.
    tasks: Vec<Arc<str>>,
    ended: CancellationToken,
}

impl<S: 'static> Turn<S> {
    pub(crate) fn take(cx: &Context<S>, tasks: impl IntoIterator<Item = Arc<str>>) -> Arc<Self> {
        let cx = cx.clone();
        let service = std::ptr::from_ref(cx.tasks()).addr();
        let place = Arc::new(Place { service, tasks: tasks.into_iter().collect(), ended: CancellationToken::new() });
        open().push(place.clone());
        Arc::new(Self { cx, place })
    }

    /// A token that is cancelled when the service or the current task of it stops.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.cx.stopping()
    }

    /// Waits for the turn. In a task of the pattern, it comes also when this task is stopped by its name.
    pub(crate) async fn comes(&self) {
        self.stopping().cancelled().await;
        if !self.cx.draining().is_cancelled() || !self.is_stopping().await {
            return;
        }
        // They have been asked to stop already, as the service stops: this only waits for them.
        while let Some(other) = self.other_task() {
            self.cx.tasks().stop(&other, Duration::MAX).await;
        }
        while let Some(later) = self.later() {
            later.ended.cancelled().await;
        }
    }

    /// Whether the service stops, and not only this task of it. Asked in a task that is none of the service's, where the token is
    /// that of the service.
    async fn is_stopping(&self) -> bool {
        let cx = self.cx.clone();
        tokio::spawn(async move { cx.stopping().is_cancelled() }).await.unwrap_or(false)
    }

    /// The name of a task that belongs to no open pattern.
    fn other_task(&self) -> Option<String> {
        let names = self.cx.tasks().names();
        let open = open();
        let of_service = || open.iter().filter(|place| place.service == self.place.service);
        names.into_iter().find(|name| !of_service().any(|place| place.tasks.iter().any(|task| **task == **name)))
    }

    /// The open pattern of the service that was started last, if that is another one.
    fn later(&self) -> Option<Arc<Place>> {
        let last = open().iter().rfind(|place| place.service == self.place.service).cloned();
        last.filter(|last| !Arc::ptr_eq(last, &self.place))
    }
}

impl<S> Drop for Turn<S> {
    fn drop(&mut self) {
        open().retain(|place| !Arc::ptr_eq(place, &self.place));
        self.place.ended.cancel();
    }
}

fn open() -> MutexGuard<'static, Vec<Arc<Place>>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
