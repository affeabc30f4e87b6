//! What checks say about a log and about words, each as a finding.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

use crate::check::Finding;
use crate::log::{Deed, Hook, Log};
use crate::script::Script;

/// What a subject may need for its own, on the paused clock.
const SLACK: Duration = Duration::from_millis(10);

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Finding {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn equal<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Finding {
    ensure(found == expected, || format!("{what}: {found:?}, not {expected:?}"))
}

/// Not before, and not noticeably after.
pub(crate) fn about(what: &str, found: Duration, expected: Duration) -> Finding {
    let fits = (expected..=expected + SLACK).contains(&found);
    ensure(fits, || format!("{what}: after {found:?}, not {expected:?}"))
}

/// That words tell all of this.
pub(crate) fn tells(words: &str, all: &[&str]) -> Finding {
    match all.iter().find(|told| !words.contains(**told)) {
        Some(missing) => Err(format!("the error does not tell `{missing}`: {words}")),
        None => Ok(()),
    }
}

impl Log {
    /// That no hook of anything has run.
    pub(crate) fn is_empty(&self) -> Finding {
        ensure(self.entries().is_empty(), || format!("hooks have run: {self}"))
    }

    /// That this never happened to a service.
    pub(crate) fn never(&self, service: &str, hook: Hook) -> Finding {
        ensure(self.count(service, hook, Deed::Began) == 0, || format!("a hook of {service} has run: {self}"))
    }

    /// That a hook of a service ran to a good end once, and began no second time.
    pub(crate) fn once(&self, service: &str, hook: Hook) -> Finding {
        let count = |deed| self.count(service, hook, deed);
        ensure((count(Deed::Began), count(Deed::Ended)) == (1, 1), || {
            format!(
                "{hook} of {service} began {} times and ended well {} times",
                count(Deed::Began),
                count(Deed::Ended)
            )
        })
    }

    /// That every service whose `init` ended well was shut down once since, and no other.
    pub(crate) fn balanced(&self) -> Finding {
        let ready = self.of(Hook::Init, Deed::Ended);
        let down = self.of(Hook::Shutdown, Deed::Began);
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        ensure(set(&ready) == set(&down), || format!("ready were {ready:?}, shut down were {down:?}"))?;
        ensure(ready.len() == down.len(), || format!("not each was shut down once: {down:?}"))
    }

    /// That each of these came up after, and went down before, what it requires.
    pub(crate) fn in_order(&self, scripts: &[Script]) -> Finding {
        for script in scripts {
            for required in &script.requires {
                let (above, below) = (script.name.as_str(), required.as_str());
                if let Some(began) = self.index(above, Hook::Init, Deed::Began) {
                    let ready = self.index(below, Hook::Init, Deed::Ended);
                    ensure(ready.is_some_and(|ready| ready < began), || {
                        format!("init of {above} began before {below} was ready")
                    })?;
                }
                if let (Some(_), Some(began)) =
                    (self.index(above, Hook::Init, Deed::Ended), self.index(below, Hook::Shutdown, Deed::Began))
                {
                    let down = self.over(above, Hook::Shutdown);
                    ensure(down.is_some_and(|down| down < began), || {
                        format!("shutdown of {below} began before {above} was down")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Where in the log a hook of a service was over, however it ended.
    fn over(&self, service: &str, hook: Hook) -> Option<usize> {
        let ends = [Deed::Ended, Deed::Failed, Deed::Panicked, Deed::Dropped];
        ends.into_iter().filter_map(|deed| self.index(service, hook, deed)).min()
    }

    /// How many `init` hooks ran at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        let (mut running, mut most) = (0_usize, 0);
        for entry in self.entries().iter().filter(|entry| entry.hook == Hook::Init) {
            running = if entry.deed == Deed::Began { running + 1 } else { running.saturating_sub(1) };
            most = most.max(running);
        }
        most
    }
}
