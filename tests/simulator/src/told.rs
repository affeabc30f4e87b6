//! [`Told`]: what a listener was told. It looks at each service when it is told of it, and meddles if the script says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use service_core::{Event, EventKind, State};
use tokio::sync::watch;

use crate::script::{Deed, Moment, Script};
use crate::stage::{Stage, Token};

/// What the listener is told.
pub(crate) struct Told {
    stage: Arc<Stage>,
    events: Mutex<Vec<Event>>,
    ended: watch::Sender<bool>,
    meddles: Option<(u64, Deed)>,
    has_restarts: bool,
}

impl Told {
    /// Nothing yet.
    pub(crate) fn new(script: &Script, stage: &Arc<Stage>) -> Arc<Self> {
        let meddles = script.meddling.and_then(|it| match it.when {
            Moment::Event(number) => Some((number, it.what)),
            _ => None,
        });
        let has_restarts = script.has_restarts();
        let (stage, events, ended) = (stage.clone(), Mutex::default(), watch::Sender::new(false));
        Arc::new(Self { stage, events, ended, meddles, has_restarts })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Everything that was told.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock())
    }

    /// Ends when the end has been told.
    pub(crate) async fn ended(&self) {
        // The sender is here, so this can't fail.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// For the builder's `on_event`.
    pub(crate) fn hear(&self, event: &Event) {
        self.lock().push(event.clone());
        self.look(event);
        if let Some((number, deed)) = self.meddles
            && event.number == number
        {
            self.stage.meddle(deed);
        }
        if matches!(event.kind, EventKind::ShutDown { .. }) {
            self.stage.window.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.ended.send_replace(true);
        }
    }

    /// The state of a service has already moved when its event is told; it may have moved on since.
    fn look(&self, event: &Event) {
        let Some(name) = event.kind.service() else { return };
        let possible: &[State] = match event.kind {
            EventKind::Ready { .. } => &[State::Ready, State::Draining, State::Stopping, State::Stopped],
            EventKind::Failed { .. } => &[State::Failed],
            EventKind::Blocked { .. } => &[State::Blocked],
            EventKind::Draining { .. } => &[State::Draining, State::Stopping, State::Stopped],
            EventKind::Stopping { .. } => &[State::Stopping, State::Stopped],
            // What fails by itself is undone first.
            EventKind::Undone { .. } => &[State::Failed, State::Stopped],
            EventKind::Stopped { .. } => &[State::Stopped],
            _ => return,
        };
        let window = self.stage.window.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(window) = window else { return };
        let state = window.get_named::<Token>(name).map_or_else(|refusal| refusal.state(), |_| State::Ready);
        // It may be on its way up again by now.
        let returns = self.has_restarts && !matches!(state, State::Idle);
        if !possible.contains(&state) && !returns {
            self.stage.trail.complain(format!("{:?} was told while {name} was {state}", event.kind));
        }
    }
}
