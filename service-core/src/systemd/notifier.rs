//! [`Notifier`]: sends notifications to systemd. Urgent ones are sent by its observer, the others by a task of the registry.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::channel::Channel;
use super::status_tracker::{StatusTracker, Update};
use crate::base::Mutex;
use crate::report::{Event, EventKind};
use crate::shared::Shared;

/// How often systemd is asked for more time while a boot or a shutdown is running.
const EXTEND: Duration = Duration::from_secs(5);

/// The least time between two messages that are not urgent.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends notifications to systemd.
#[derive(Debug)]
pub(crate) struct Notifier {
    channel: io::Result<Channel>,
    /// How often to notify systemd that the process is alive.
    alive: Option<Duration>,
    outbox: Mutex<Outbox>,
    changed: Notify,
}

#[derive(Debug)]
struct Outbox {
    tracker: StatusTracker,
    /// Whether the status has changed since the latest message.
    is_stale: bool,
    /// The messages that systemd had no room for yet, in order.
    unsent: VecDeque<String>,
    problem: Option<String>,
}

/// When the task has something to send again, apart from what changes.
#[derive(Debug)]
struct Timers {
    alive_at: Instant,
    extend_at: Instant,
}

impl Notifier {
    /// `watchdog` is the time within which systemd expects a sign of life.
    pub(super) fn new(
        channel: io::Result<Channel>,
        watchdog: Option<Duration>,
        tracker: StatusTracker,
        problem: Option<String>,
    ) -> Self {
        let problem = problem.or_else(|| channel.as_ref().err().map(ToString::to_string));
        Self {
            channel,
            alive: watchdog.map(|time| time / 2),
            outbox: Mutex::new(Outbox { tracker, is_stale: false, unsent: VecDeque::new(), problem }),
            changed: Notify::new(),
        }
    }

    /// The observer of the registry's events. It never waits.
    pub(crate) fn observer(self: Arc<Self>) -> impl Fn(&Event) + Send + Sync {
        move |event| self.observe(event)
    }

    fn observe(&self, event: &Event) {
        let mut outbox = self.outbox.lock();
        match outbox.tracker.apply(event, Instant::now()) {
            Update::Urgent(message) => {
                // The message contains the latest status.
                outbox.is_stale = false;
                outbox.unsent.push_back(message);
                outbox.send(&self.channel);
            }
            Update::Status => outbox.is_stale = true,
            Update::None => return,
        }
        drop(outbox);
        self.changed.notify_one();
    }

    /// Sends what is not urgent, and the signs of life. Ends with the registry.
    pub(crate) async fn run(self: Arc<Self>, registry: Weak<Shared>) {
        let mut timers = Timers { alive_at: Instant::now(), extend_at: Instant::now() };
        let mut is_problem_reported = false;
        // systemd would kill a process whose timers stand still because one handler blocks its thread.
        let _kept = self.alive.and_then(|_| registry.upgrade()?.busy());
        loop {
            let Some(registry) = registry.upgrade() else { return };
            let (wake, problem) = self.send_due(&mut timers, registry.probes.dead().is_none());
            // After the lock is released, because this notifier observes the event.
            if let Some(error) = problem.filter(|_| !is_problem_reported) {
                is_problem_reported = true;
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
            // Several changes in a short time become one status.
            if !is_due {
                sleep(PAUSE).await;
            }
        }
    }

    /// Sends what is due. Returns when the next message is due, and what went wrong first.
    fn send_due(&self, timers: &mut Timers, is_alive: bool) -> (Option<Instant>, Option<String>) {
        let now = Instant::now();
        let mut outbox = self.outbox.lock();
        outbox.send(&self.channel);
        if outbox.unsent.is_empty() {
            let mut message = String::new();
            if let Some(interval) = self.alive.filter(|_| timers.alive_at <= now) {
                timers.alive_at = now + interval;
                if is_alive {
                    message.push_str("WATCHDOG=1\n");
                }
            }
            let is_stale = std::mem::take(&mut outbox.is_stale);
            if is_stale {
                message.push_str(&outbox.tracker.status());
            }
            if outbox.tracker.is_changing() && (is_stale || timers.extend_at <= now) {
                timers.extend_at = now + EXTEND;
                message.push_str(&outbox.tracker.extension(now));
            }
            if !message.is_empty() {
                outbox.unsent.push_back(message);
                outbox.send(&self.channel);
            }
        }
        let wake = if outbox.unsent.is_empty() {
            let extend_at = outbox.tracker.is_changing().then_some(timers.extend_at);
            [self.alive.map(|_| timers.alive_at), extend_at].into_iter().flatten().min()
        } else {
            Some(now + PAUSE)
        };
        (wake, outbox.problem.clone())
    }
}

impl Outbox {
    /// Sends the messages until systemd has no room for the next.
    fn send(&mut self, channel: &io::Result<Channel>) {
        while let Some(message) = self.unsent.front() {
            let sent = channel.as_ref().map_or(Ok(()), |channel| channel.send(message));
            match sent {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.problem.get_or_insert_with(|| error.to_string());
                }
                Ok(()) => {}
            }
            self.unsent.pop_front();
        }
    }
}
