//! [`Notifier`]: tells systemd what it is to be told: what matters at once, where it happens, and the rest from a task of
//! the registry's.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::account::{Account, Telling};
use super::channel::Channel;
use crate::base::{Mutex, MutexGuard};
use crate::report::{Event, EventKind};
use crate::shared::Shared;

/// How often systemd is asked for more time while a boot or a shutdown goes on.
const EXTEND: Duration = Duration::from_secs(5);

/// The least time between two that are not urgent.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells systemd what it is to be told.
#[derive(Debug)]
pub(crate) struct Notifier {
    channel: io::Result<Channel>,
    /// How often to say that it is alive.
    alive: Option<Duration>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    account: Account,
    has_news: bool,
    /// What systemd had no room for yet, in order.
    owed: VecDeque<String>,
    problem: Option<String>,
}

impl Notifier {
    /// `watchdog` is how often it must say that it is alive.
    pub(super) fn new(
        channel: io::Result<Channel>,
        watchdog: Option<Duration>,
        account: Account,
        problem: Option<String>,
    ) -> Self {
        let problem = problem.or_else(|| channel.as_ref().err().map(ToString::to_string));
        Self {
            channel,
            alive: watchdog.map(|time| time / 2),
            state: Mutex::new(State { account, has_news: false, owed: VecDeque::new(), problem }),
            changed: Notify::new(),
        }
    }

    /// An observer that is this one and the other, which is told first.
    pub(crate) fn beside(notifier: Option<Arc<Self>>, observer: fn(&Event)) -> impl Fn(&Event) + Send + Sync {
        move |event| {
            observer(event);
            if let Some(notifier) = &notifier {
                notifier.tell(event);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Told of every event, where it happens; never waits.
    fn tell(&self, event: &Event) {
        let mut state = self.state();
        match state.account.on(event, Instant::now()) {
            Telling::Now(message) => {
                // It has the latest status.
                state.has_news = false;
                state.owed.push_back(message);
                self.send_owed(&mut state);
            }
            Telling::Soon => state.has_news = true,
            Telling::Nothing => return,
        }
        drop(state);
        self.changed.notify_one();
    }

    fn send_owed(&self, state: &mut State) {
        while let Some(message) = state.owed.front() {
            let sent = self.channel.as_ref().map_or(Ok(()), |channel| channel.send(message));
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    state.problem.get_or_insert_with(|| error.to_string());
                }
                Ok(()) => {}
            }
            state.owed.pop_front();
        }
    }

    /// Tells what is not urgent, and that it is alive. Ends with the registry, whose task it is.
    pub(crate) async fn run(self: Arc<Self>, registry: Weak<Shared>) {
        let (mut alive_at, mut extend_at) = (Instant::now(), Instant::now());
        let mut problem_told = false;
        loop {
            let Some(registry) = registry.upgrade() else { return };
            let now = Instant::now();
            let wake = {
                let mut state = self.state();
                self.send_owed(&mut state);
                if state.owed.is_empty() {
                    let mut message = String::new();
                    if let Some(interval) = self.alive.filter(|_| alive_at <= now) {
                        alive_at = now + interval;
                        if registry.probes.dead().is_none() {
                            message.push_str("WATCHDOG=1\n");
                        }
                    }
                    let has_news = std::mem::take(&mut state.has_news);
                    if has_news {
                        message.push_str(&state.account.status());
                    }
                    if state.account.is_changing() && (has_news || extend_at <= now) {
                        extend_at = now + EXTEND;
                        message.push_str(&state.account.extension(now));
                    }
                    if !message.is_empty() {
                        state.owed.push_back(message);
                        self.send_owed(&mut state);
                    }
                }
                if state.owed.is_empty() {
                    let extend_at = state.account.is_changing().then_some(extend_at);
                    [self.alive.map(|_| alive_at), extend_at].into_iter().flatten().min()
                } else {
                    Some(now + PAUSE)
                }
            };
            // Not while the state is locked: whoever is told of the event may be us.
            let problem = self.state().problem.clone().filter(|_| !problem_told);
            if let Some(error) = problem {
                problem_told = true;
                registry.log.emit(EventKind::SystemdUnreachable { error: error.into() });
            }
            drop(registry);
            let is_due = match wake {
                Some(at) => timeout_at(at, self.changed.notified()).await.is_err(),
                None => {
                    self.changed.notified().await;
                    false
                }
            };
            // Much may happen at once; one status tells it all.
            if !is_due {
                sleep(PAUSE).await;
            }
        }
    }
}
