//! [`Suite`]: which checks are run, and how long each may block its thread.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime;

use crate::adapter::{DynAdapter, LocalBoxFuture};
use crate::check::{Check, CheckResult};
use crate::completion::panic_message;
use crate::harness::Harness;
use crate::{Adapter, Report, Verdict, checks};

/// Runs the checks against a registry; by default all of them.
///
/// Each check has a thread and a runtime of its own. The runtime's clock is tokio's paused clock, so waiting takes no time.
/// If a check hangs, panics or blocks its thread, it fails, and the suite continues with the next one.
#[derive(Clone, Debug)]
#[must_use = "a suite does nothing until it is run"]
pub struct Suite {
    ids: Option<Vec<String>>,
    timeout: Duration,
}

impl Default for Suite {
    fn default() -> Self {
        Self { ids: None, timeout: Duration::from_secs(60) }
    }
}

impl Suite {
    /// All checks, with a timeout of one minute each.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs only the checks with these ids, such as `B05`.
    pub fn only<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// How long one check may block its thread, on the real clock; one minute by default. A thread that is still blocked
    /// after that is abandoned.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Runs the checks one after the other.
    ///
    /// ```no_run
    /// # use service_conformance::{Adapter, Suite};
    /// # fn example(adapter: impl Adapter) {
    /// let report = Suite::new().run(adapter);
    /// assert_eq!(report.failed().next(), None);
    /// # }
    /// ```
    pub fn run(&self, adapter: impl Adapter) -> Report {
        let adapter: Arc<dyn DynAdapter> = Arc::new(adapter);
        let is_selected = |check: &&Check| self.ids.as_ref().is_none_or(|ids| ids.iter().any(|id| id == check.info.id));
        let verdicts = checks::all().filter(is_selected).map(|check| (check.info, self.run_check(&adapter, check)));
        Report { verdicts: verdicts.collect(), registry: adapter.name() }
    }

    fn run_check(&self, adapter: &Arc<dyn DynAdapter>, check: &'static Check) -> Verdict {
        let mut needs = check.info.needs.iter();
        if let Some(reason) = needs.find_map(|capability| adapter.unsupported(*capability)) {
            return Verdict::NotApplicable(reason.to_owned());
        }
        let (sender, receiver) = mpsc::channel();
        let harness = Harness::new(Arc::clone(adapter));
        let run = check.run;
        let running = thread::Builder::new().name(check.info.id.to_owned()).spawn(move || {
            let result = run_isolated(run, harness);
            // After a timeout there is no receiver.
            let _ = sender.send(result);
        });
        let running = match running {
            Ok(running) => running,
            Err(error) => return Verdict::Failed(format!("the thread of the check cannot be spawned: {error}")),
        };
        match receiver.recv_timeout(self.timeout) {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(how)) => Verdict::Failed(how),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Verdict::Failed(format!("it blocked its thread for {:?}", self.timeout))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => match running.join() {
                Err(payload) => Verdict::Failed(format!("it panicked: {}", panic_message(&*payload))),
                Ok(()) => Verdict::Failed("it ended without a result".to_owned()),
            },
        }
    }
}

/// Runs a check on a runtime of its own, with a paused clock.
fn run_isolated(run: fn(Harness) -> LocalBoxFuture<'static, CheckResult>, harness: Harness) -> CheckResult {
    let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| format!("the runtime of the check cannot be built: {error}"))?;
    runtime.block_on(async move { run(harness).await })
}
