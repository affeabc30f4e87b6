//! [`EventListener`]: records every event of a run, and compares it with the state of its service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_core::{Event, EventKind, State};
use tokio::sync::watch;

use crate::harness::{Harness, Instance};
use crate::scenario::{Action, Scenario, Trigger};

/// The states of a service after one attempt of its start, if it is not restarted.
const AFTER_AN_ATTEMPT: [State; 6] =
    [State::Starting, State::Ready, State::Draining, State::Stopping, State::Failed, State::Stopped];

/// Records every event of a run. Performs the injected action if an event triggers it.
pub(crate) struct EventListener {
    harness: Arc<Harness>,
    events: Mutex<Vec<Event>>,
    is_shut_down: watch::Sender<bool>,
    injection: Option<(u64, Action)>,
    has_restarts: bool,
}

impl EventListener {
    pub(crate) fn new(scenario: &Scenario, harness: &Arc<Harness>) -> Arc<Self> {
        let injection = scenario.injection.and_then(|it| match it.trigger {
            Trigger::Event(number) => Some((number, it.action)),
            _ => None,
        });
        Arc::new(Self {
            harness: harness.clone(),
            events: Mutex::default(),
            is_shut_down: watch::Sender::new(false),
            injection,
            has_restarts: scenario.has_restarts(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was no event.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// All events, in order.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock())
    }

    /// Waits for the event that ends the shutdown.
    pub(crate) async fn shut_down(&self) {
        // The sender is here, so this can't fail.
        let _ = self.is_shut_down.subscribe().wait_for(|is_shut_down| *is_shut_down).await;
    }

    /// For the builder's `on_event`.
    pub(crate) fn on_event(&self, event: &Event) {
        self.lock().push(event.clone());
        self.check_state(event);
        if let Some((number, action)) = self.injection
            && event.number == number
        {
            self.harness.inject(action);
        }
        if matches!(event.kind, EventKind::ShutDown { .. }) {
            self.harness.context.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.is_shut_down.send_replace(true);
        }
    }

    /// When listeners receive an event, its service is already in the new state, or in a later one.
    fn check_state(&self, event: &Event) {
        let Some(name) = event.kind.service() else { return };
        let possible: &[State] = match event.kind {
            EventKind::Ready { .. } => &[State::Ready, State::Draining, State::Stopping, State::Stopped],
            EventKind::Failed { .. } => &[State::Failed],
            EventKind::Blocked { .. } => &[State::Blocked],
            EventKind::Draining { .. } => &[State::Draining, State::Stopping, State::Stopped],
            EventKind::Stopping { .. } => &[State::Stopping, State::Stopped],
            EventKind::Unwound { ref outcome, .. } if outcome.is_clean() => &[State::Failed, State::Stopped],
            // Another attempt may follow.
            EventKind::Unwound { .. } => &AFTER_AN_ATTEMPT,
            EventKind::Stopped { .. } => &[State::Stopped],
            _ => return,
        };
        let context = self.harness.context.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(context) = context else { return };
        let state = context.get_named::<Instance>(name).map_or_else(|refusal| refusal.state(), |_| State::Ready);
        // It may already be restarting.
        let is_restarted = self.has_restarts && !matches!(state, State::Idle);
        if !possible.contains(&state) && !is_restarted {
            self.harness.trace.report_violation(format!("{:?} was emitted while {name} was {state}", event.kind));
        }
    }
}
