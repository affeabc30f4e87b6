use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use crate::event_bus::{EmittedEvent, EventBus};

/// Sees every event that is emitted on an [`EventBus`], of all types, whether or not there is a listener.
///
/// An event is seen when it is emitted, before its listeners have handled it. The bus keeps the events for the watch until they are
/// looked at; events that the bus refuses are not seen.
///
/// ```
/// # use service_core::{Context, Lifecycle, Registry, Result, service};
/// use std::time::Duration;
/// use service_toolkit::event_bus::EventBus;
/// use service_toolkit::testing::EventWatch;
///
/// struct UserCreated {
///     mail: &'static str,
/// }
///
/// # #[service]
/// # struct Events { bus: EventBus }
/// # impl Lifecycle for Events {
/// #     async fn init(cx: &Context<Self>) -> Result<Self> { Ok(Self { bus: EventBus::new(cx) }) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let registry = Registry::boot().await?;
/// # let bus = registry.get::<Events>()?.bus.clone();
/// let mut events = EventWatch::new(&bus);
/// tokio::spawn(async move { bus.emit(UserCreated { mail: "ada@example.org" }).await });
/// let event = events.next::<UserCreated>(Duration::from_millis(100)).await;
/// assert_eq!(event.mail, "ada@example.org");
/// # Ok(())
/// # }
/// ```
pub struct EventWatch {
    events: UnboundedReceiver<EmittedEvent>,
}

impl EventWatch {
    /// Sees the events that are emitted from now on.
    #[must_use]
    pub fn new(bus: &EventBus) -> Self {
        Self { events: bus.tap() }
    }

    /// Waits for an event of one type, and passes over events of other types.
    ///
    /// # Panics
    ///
    /// If there is none within this time. The message lists the events that came instead.
    #[track_caller]
    pub fn next<E: Send + Sync + 'static>(&mut self, within: Duration) -> impl Future<Output = Arc<E>> {
        self.wait(within, |_| true, Location::caller())
    }

    /// Waits for an event of one type that a function accepts, and passes over all others.
    ///
    /// # Panics
    ///
    /// If there is none within this time. The message lists the events that came instead.
    #[track_caller]
    pub fn next_where<E: Send + Sync + 'static>(
        &mut self,
        within: Duration,
        accepts: impl Fn(&E) -> bool,
    ) -> impl Future<Output = Arc<E>> {
        self.wait(within, accepts, Location::caller())
    }

    async fn wait<E: Send + Sync + 'static>(
        &mut self,
        within: Duration,
        accepts: impl Fn(&E) -> bool,
        place: &'static Location<'static>,
    ) -> Arc<E> {
        let mut passed = Vec::new();
        let found = timeout(within, async {
            while let Some((name, event)) = self.events.recv().await {
                match event.downcast::<E>() {
                    Ok(event) if accepts(&event) => return Some(event),
                    _ => passed.push(name),
                }
            }
            None
        });
        if let Ok(Some(event)) = found.await {
            return event;
        }
        let wanted = type_name::<E>();
        let instead =
            if passed.is_empty() { "no event came".to_owned() } else { format!("instead came {}", passed.join(", ")) };
        panic!("no event `{wanted}` that is accepted at {place} within {within:?}: {instead}")
    }
}

impl fmt::Debug for EventWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWatch").field("waiting", &self.events.len()).finish()
    }
}
