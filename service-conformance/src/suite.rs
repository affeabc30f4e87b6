//! [`Suite`]: which checks are run, and how patiently.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime;

use crate::bench::Bench;
use crate::check::{Check, Finding};
use crate::end::words;
use crate::subject::Erased;
use crate::{Column, Subject, Verdict, checks};

/// Which checks are run, and how patiently. By default all of them.
///
/// Each check has a thread and a runtime of its own, with tokio's clock paused, so that minutes of waiting cost nothing.
/// What hangs, panics or blocks its thread fails that check, and the suite goes on.
#[derive(Clone, Debug)]
#[must_use = "a suite does nothing until it is run"]
pub struct Suite {
    lines: Option<Vec<String>>,
    patience: Duration,
}

impl Default for Suite {
    fn default() -> Self {
        Self { lines: None, patience: Duration::from_secs(60) }
    }
}

impl Suite {
    /// Every check, and a minute for each.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs only the checks of these lines, such as `B05`.
    pub fn only<L: Into<String>>(mut self, lines: impl IntoIterator<Item = L>) -> Self {
        self.lines = Some(lines.into_iter().map(Into::into).collect());
        self
    }

    /// How long, on the clock on the wall, one check may block its thread before it has failed; a minute by default. The
    /// thread is left behind.
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Holds a subject to the checks, one after another.
    ///
    /// ```no_run
    /// # use service_conformance::{Subject, Suite};
    /// # fn example(subject: impl Subject) {
    /// let column = Suite::new().run(subject);
    /// assert_eq!(column.failed().next(), None);
    /// # }
    /// ```
    pub fn run(&self, subject: impl Subject) -> Column {
        let subject: Arc<dyn Erased> = Arc::new(subject);
        let is_run = |check: &&Check| {
            self.lines.as_ref().is_none_or(|lines| lines.iter().any(|line| line == check.description.line))
        };
        let verdicts = checks::all().filter(is_run).map(|check| (check.description, self.hold(&subject, check)));
        Column { verdicts: verdicts.collect(), subject: subject.name() }
    }

    fn hold(&self, subject: &Arc<dyn Erased>, check: &'static Check) -> Verdict {
        let needs = check.description.needs;
        if let Some(why) = needs.iter().find_map(|capability| subject.lacks(*capability)) {
            return Verdict::NotApplicable(why.to_owned());
        }
        let (tell, told) = mpsc::channel();
        let bench = Bench::new(Arc::clone(subject));
        let run = check.run;
        let running = thread::Builder::new().name(check.description.line.to_owned()).spawn(move || {
            let finding = alone(run, bench);
            // Whoever waited for it may have lost patience.
            let _ = tell.send(finding);
        });
        let running = match running {
            Ok(running) => running,
            Err(error) => return Verdict::Failed(format!("no thread to run it on: {error}")),
        };
        match told.recv_timeout(self.patience) {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(how)) => Verdict::Failed(how),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Verdict::Failed(format!("it blocked its thread for {:?}", self.patience))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => match running.join() {
                Err(payload) => Verdict::Failed(format!("it panicked: {}", words(&*payload))),
                Ok(()) => Verdict::Failed("it ended without a word".to_owned()),
            },
        }
    }
}

/// Runs a check on a paused clock of its own.
fn alone(run: fn(Bench) -> crate::subject::Soon<'static, Finding>, bench: Bench) -> Finding {
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| format!("no runtime to run it on: {error}"))?;
    runtime.block_on(async move { run(bench).await })
}
