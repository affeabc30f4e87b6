//! [`EventBus`]: typed events from any service to any number of listeners.

mod mailbox;
mod shared;

use std::any::{TypeId, type_name};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use service_core::{CancellationToken, Context, TaskOutput, record};
#[cfg(feature = "testing")]
use tokio::sync::mpsc;

use self::mailbox::Mailbox;
#[cfg(feature = "testing")]
pub(crate) use self::shared::EmittedEvent;
use self::shared::{Counts, Shared, add};
use crate::caught::{caught, error_text};
use crate::until_cancelled::until_cancelled;

/// The number of events that may wait for one listener, unless [`EventBus::with_capacity`] says otherwise.
const CAPACITY: usize = 100;

/// Sends events to listeners by the type of the event, as Spring's `ApplicationEventPublisher` does. Cheap to clone.
///
/// A service owns the bus, and the services that emit or subscribe require that service. Each listener has its own task and its own
/// bounded queue, so the listeners of an event run concurrently, and each handles its events in the order in which they were
/// emitted: that of the calls of `emit_nowait` and of the first polls of `emit`, also if an `emit` waits for a place. A listener
/// that fails, panics or hangs affects no other listener: a failure and a panic are logged and counted, and the listener goes on
/// with the next event.
///
/// # Backpressure
///
/// [`emit`](Self::emit) waits while the queue of a listener is full. [`emit_nowait`](Self::emit_nowait) never waits: a listener
/// whose queue is full does not get the event, and a warning names the event and the listener. A free place goes to the event that
/// has waited longest, so the queue is full while an event waits. A listener must not `emit` an event that leads back to itself,
/// because it would wait for its own queue; use `emit_nowait` there.
///
/// # Shutdown
///
/// A subscription belongs to the context of the subscriber. A subscriber stops before the bus that it requires; its listener then
/// takes no new events and handles those that are queued, within the drain budget of the subscriber. If the budget ends first, the
/// registry names the listener in its report, and a warning says how many events were lost. A service that emits while it stops is
/// heard only by listeners that stop after it: it must require the services of those listeners, because services that do not
/// require each other stop at the same time. Once the owner of the bus drains, the bus refuses events. [`stats`](Self::stats)
/// counts each event that did not reach a listener.
///
/// ```
/// use std::sync::Arc;
/// use service_core::{Context, Lifecycle, Registry, Result, service};
/// use service_toolkit::event_bus::EventBus;
///
/// struct UserCreated {
///     mail: &'static str,
/// }
///
/// #[service]
/// struct Events {
///     bus: EventBus,
/// }
///
/// impl Lifecycle for Events {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         Ok(Self { bus: EventBus::new(cx) })
///     }
/// }
///
/// #[service(requires = [Events])]
/// struct Notifications;
///
/// impl Lifecycle for Notifications {
///     async fn init(cx: &Context<Self>) -> Result<Self> {
///         let events: Arc<Events> = cx.get();
///         events.bus.subscribe(cx, "welcome mail", |event: Arc<UserCreated>| async move {
///             println!("welcome, {}", event.mail);
///         });
///         Ok(Self)
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<()> {
///     let registry = Registry::boot().await?;
///     let events = registry.get::<Events>()?;
///     assert_eq!(events.bus.emit(UserCreated { mail: "ada@example.org" }).await, 1);
///     registry.shutdown().await?; // handles the queued event first
///     assert_eq!(events.bus.stats().handled, 1);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct EventBus {
    shared: Arc<Shared>,
}

/// What an [`EventBus`] has done so far. The fields count since the bus was made, except for `queued`.
///
/// `handled + failed + lost + queued` is the number of events that were put into queues, each counted once for each listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventBusStats {
    /// Calls of `emit` and `emit_nowait`.
    pub emitted: u64,
    /// Events that a listener has handled successfully.
    pub handled: u64,
    /// Events whose listener returned an error or panicked.
    pub failed: u64,
    /// Events that are queued for a listener or being handled by it.
    pub queued: u64,
    /// Events that no listener was subscribed to.
    pub unheard: u64,
    /// Deliveries given up because the queue of the listener was full: by `emit_nowait`, or by an `emit` that was dropped while it waited.
    pub dropped: u64,
    /// Events that were emitted after the bus began to drain, and deliveries to a listener that began to stop meanwhile.
    pub refused: u64,
    /// Events that were queued for a listener that was aborted.
    pub lost: u64,
}

impl EventBusStats {
    /// The number of events that reached nobody, or not all listeners: `unheard`, `dropped`, `refused` and `lost`.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.unheard + self.dropped + self.refused + self.lost
    }
}

impl EventBus {
    /// Makes a bus that is owned by a service. Up to 100 events may wait for each listener.
    #[must_use]
    pub fn new<S>(cx: &Context<S>) -> Self {
        Self::with_capacity(cx, CAPACITY)
    }

    /// Makes a bus with another limit for the events that may wait for each listener, besides the one that it handles. A limit of zero
    /// is taken as one.
    #[must_use]
    pub fn with_capacity<S>(cx: &Context<S>, capacity: usize) -> Self {
        let capacity = capacity.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        let shared =
            Shared { capacity, draining: cx.draining(), listeners: Mutex::default(), counts: Counts::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Receives each event that is emitted from now on.
    #[cfg(feature = "testing")]
    pub(crate) fn tap(&self) -> mpsc::UnboundedReceiver<EmittedEvent> {
        let (tap, events) = mpsc::unbounded_channel();
        self.shared.lock().taps.push(tap);
        events
    }

    /// Calls a handler for each event of the type that it takes. Returns whether the subscription was made: a service that is
    /// stopping makes none.
    ///
    /// The listener is a task of the service of this context, with the given name. [`Tasks::stop`](service_core::Tasks::stop) with
    /// this name ends the subscription after the queued events. The handler returns nothing or a `Result`.
    pub fn subscribe<S, E, F, R>(&self, cx: &Context<S>, name: impl Into<Arc<str>>, handler: F) -> bool
    where
        S: 'static,
        E: Send + Sync + 'static,
        F: Fn(Arc<E>) -> R + Send + Sync + 'static,
        R: Future<Output: TaskOutput> + Send + 'static,
    {
        let name = name.into();
        let mailbox = Arc::new(Mailbox::<E>::new(name.clone(), self.shared.capacity));
        let (cx_of_task, shared) = (cx.clone(), self.shared.clone());
        // The listener is in the table before its task runs, so that an event emitted right after this call reaches it.
        let number = self.shared.insert(TypeId::of::<E>(), Box::new(mailbox.clone()));
        let mut listener = Listener { mailbox, number, busy: false, shared };
        cx.spawn(name, async move {
            let stopping = cx_of_task.stopping();
            while let Some(Some(event)) = until_cancelled(&stopping, listener.next()).await {
                listener.handle(&handler, event, &stopping).await;
            }
            listener.unsubscribe();
            while let Some(event) = listener.next().await {
                listener.handle(&handler, event, &stopping).await;
            }
        })
    }

    /// Gives an event to each of its listeners, and waits for those whose queue is full. Returns the number of listeners that have it
    /// in their queue; it does not wait until they have handled it.
    ///
    /// A listener with a free place gets the event immediately. If this future is dropped while it waits, the listeners that it waits for
    /// do not get the event, and a warning names them.
    pub async fn emit<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let (mut accepted, waiting) = self.offer(event, Mailbox::wait);
        for delivery in waiting {
            accepted += usize::from(delivery.end().await);
        }
        accepted
    }

    /// Gives an event to each of its listeners that has a free place, without waiting. Returns the number of listeners that have it
    /// in their queue. For each of the others, a warning names the event and the listener.
    pub fn emit_nowait<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let (accepted, full) = self.offer(event, |mailbox, _, _| mailbox.name.clone());
        for listener in full {
            add(&self.shared.counts.dropped);
            let (event, listener) = (type_name::<E>(), &*listener);
            record!(domain: "event_bus", action: "emit", status: cancelled,
                event, listener, "event dropped: the queue of the listener is full");
        }
        accepted
    }

    /// What the bus has done so far.
    #[must_use]
    pub fn stats(&self) -> EventBusStats {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.shared.counts;
        EventBusStats {
            emitted: get(&counts.emitted),
            handled: get(&counts.handled),
            failed: get(&counts.failed),
            queued: get(&counts.queued),
            unheard: get(&counts.unheard),
            dropped: get(&counts.dropped),
            refused: get(&counts.refused),
            lost: get(&counts.lost),
        }
    }

    /// The number of listeners of one type of event.
    #[must_use]
    pub fn listeners<E: 'static>(&self) -> usize {
        self.shared.lock().table.get(&TypeId::of::<E>()).map_or(0, Vec::len)
    }

    /// Puts the event into each queue that has a place. Returns how many, and the result of `on_full` for each that has none.
    fn offer<E: Send + Sync + 'static, T>(
        &self,
        event: E,
        on_full: impl Fn(&Arc<Mailbox<E>>, &Arc<E>, &Arc<Shared>) -> T,
    ) -> (usize, Vec<T>) {
        let (event, shared, counts) = (Arc::new(event), &self.shared, &self.shared.counts);
        add(&counts.emitted);
        if shared.draining.is_cancelled() {
            add(&counts.refused);
            record!(domain: "event_bus", action: "emit", status: cancelled,
                event = type_name::<E>(), "event refused: the service that owns the event bus is stopping");
            return (0, Vec::new());
        }
        // Under the lock, so that two events have the same order in the queues of all listeners. A record is not written under it,
        // and the event is not dropped, because both run code of the user.
        let listeners = shared.lock();
        #[cfg(feature = "testing")]
        for tap in &listeners.taps {
            // The test may have dropped its end.
            let _sent = tap.send((type_name::<E>(), event.clone()));
        }
        let entries = listeners.table.get(&TypeId::of::<E>()).map_or(&[][..], Vec::as_slice);
        let (mut accepted, mut full, is_unheard) = (0, Vec::new(), entries.is_empty());
        for mailbox in entries.iter().filter_map(|(_, mailbox)| mailbox.downcast_ref::<Arc<Mailbox<E>>>()) {
            if mailbox.offer(&event, counts) {
                accepted += 1;
            } else {
                full.push(on_full(mailbox, &event, shared));
            }
        }
        drop(listeners);
        if is_unheard {
            add(&counts.unheard);
            record!(level: DEBUG, domain: "event_bus", action: "emit", status: success,
                event = type_name::<E>(), "event without a listener");
        }
        (accepted, full)
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBus").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// The state of the task of one subscription.
struct Listener<E: Send + Sync + 'static> {
    mailbox: Arc<Mailbox<E>>,
    number: u64,
    /// Whether it handles an event.
    busy: bool,
    shared: Arc<Shared>,
}

impl<E: Send + Sync + 'static> Listener<E> {
    async fn next(&self) -> Option<Arc<E>> {
        self.mailbox.next(&self.shared.counts).await
    }

    async fn handle<R>(&mut self, handler: &(impl Fn(Arc<E>) -> R + Sync), event: Arc<E>, stopping: &CancellationToken)
    where
        R: Future<Output: TaskOutput> + Send,
    {
        self.busy = true;
        let mut handling = pin!(caught(async { handler(event).await }));
        let result = match until_cancelled(stopping, &mut handling).await {
            Some(result) => result,
            None => {
                // At once, so that nobody waits for a place behind a handler that takes long.
                self.unsubscribe();
                handling.await
            }
        };
        self.busy = false;
        let counts = &self.shared.counts;
        counts.queued.fetch_sub(1, Ordering::Relaxed);
        let (event, listener) = (type_name::<E>(), &*self.mailbox.name);
        match result.map(TaskOutput::into_result) {
            Ok(Ok(())) => return add(&counts.handled),
            Ok(Err(error)) => {
                let error = error_text(&*error);
                record!(level: WARN, domain: "event_bus", action: "listen", status: error,
                    event, listener, %error, "listener failed");
            }
            Err(panic) => {
                record!(level: WARN, domain: "event_bus", action: "listen", status: error,
                    event, listener, panic, "listener panicked");
            }
        }
        add(&counts.failed);
    }

    /// Takes no more events; those that are queued stay.
    fn unsubscribe(&self) {
        {
            let mut listeners = self.shared.lock();
            let entries = listeners.table.entry(TypeId::of::<E>());
            entries.and_modify(|entries| entries.retain(|(number, _)| *number != self.number));
        }
        self.mailbox.close(&self.shared.counts);
    }
}

impl<E: Send + Sync + 'static> Drop for Listener<E> {
    fn drop(&mut self) {
        self.unsubscribe();
        let queued = self.mailbox.clear();
        let lost = u64::from(self.busy) + queued.len() as u64;
        if lost > 0 {
            self.shared.counts.queued.fetch_sub(lost, Ordering::Relaxed);
            self.shared.counts.lost.fetch_add(lost, Ordering::Relaxed);
            let (event, listener) = (type_name::<E>(), &*self.mailbox.name);
            record!(domain: "event_bus", action: "listen", status: cancelled,
                event, listener, lost, "events lost: the listener was aborted before it had handled them");
        }
    }
}
