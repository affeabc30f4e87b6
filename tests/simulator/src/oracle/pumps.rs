//! Follows the runs of the supervised tasks by what they themselves did: each is started again exactly where its policy
//! says so, after exactly that pause. Says which of them failed last, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use service_core::EventKind;

use super::rule;
use crate::Life;
use crate::pump::{History, Next, Pump};
use crate::script::Script;
use crate::stage::ms;
use crate::trail::{Did, Hook, Step};

/// How a supervised task failed the last time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    pub at: Duration,
    /// Nothing starts it again.
    pub for_good: bool,
    /// It was started again too often, so the failure is that of its service.
    pub escalates: bool,
}

/// The latest failures of the tasks of a service, by the attempt.
pub(super) type Losses = BTreeMap<u32, Loss>;

/// The task of one attempt.
struct Task {
    history: History,
    began: Duration,
    is_running: bool,
    /// When it is due to run again.
    again: Option<Duration>,
    is_over: bool,
}

pub(super) fn pumps(script: &Script, life: &Life) -> Result<Vec<Losses>, String> {
    let mut losses = vec![Losses::new(); script.parts.len()];
    let mut tasks: BTreeMap<(usize, u32), Task> = BTreeMap::new();
    let mut pauses = Vec::new();
    for step in &life.steps {
        let Hook::Run(attempt, number) = step.hook else { continue };
        let service = step.service;
        let Some(pump) = &script.parts[service].pump else { return Err(format!("{service} has no such task")) };
        let task = tasks.entry((service, attempt)).or_insert_with(|| Task {
            history: History::new(pump.policy),
            began: step.at,
            is_running: false,
            again: Some(step.at),
            is_over: false,
        });
        let lost = task.follow(pump, number, step).map_err(|broken| format!("{step:?}: {broken}"))?;
        if let Some(again) = task.again.filter(|_| !task.is_running) {
            pauses.push((step.at, service, again - step.at));
        }
        match lost {
            Some(lost) => losses[service].insert(attempt, lost),
            None => losses[service].remove(&attempt),
        };
    }
    for event in &life.events {
        if let EventKind::TaskRestarting { service, delay, .. } = &event.kind {
            let told = (event.at, Script::number(service), *delay);
            let Some(place) = pauses.iter().position(|pause| *pause == told) else {
                return Err(format!("nobody's task is started again so: {:?}", event.kind));
            };
            pauses.swap_remove(place);
        }
    }
    Ok(losses)
}

impl Task {
    fn follow(&mut self, pump: &Pump, number: usize, step: &Step) -> Result<Option<Loss>, String> {
        let at = step.at;
        match step.did {
            Did::Began => {
                rule!(self.again == Some(at), "it runs, and was due at {:?}", self.again);
                (self.is_running, self.began, self.again) = (true, at, None);
                return Ok(None);
            }
            Did::Ended => {}
            // Its service goes down.
            Did::Heeded => {
                (self.is_running, self.is_over) = (false, true);
                return Ok(None);
            }
            Did::Dropped | Did::Owed => return Err("it was cut off".to_owned()),
        }
        rule!(self.is_running && !self.is_over, "it was not running");
        self.is_running = false;
        let Some(run) = pump.runs.get(number) else { return Err("nobody has ended it".to_owned()) };
        let ran = at - self.began;
        rule!(run.lasts.is_none_or(|lasts| ran == ms(lasts)), "it ran for {ran:?}");
        let failed = !run.ends.is_well();
        match self.history.next(at, ran, failed) {
            Next::Again(delay) => {
                self.again = Some(at + delay);
                return Ok(failed.then_some(Loss { at, for_good: false, escalates: false }));
            }
            Next::Over if !failed => self.is_over = true,
            next => {
                self.is_over = true;
                return Ok(Some(Loss { at, for_good: true, escalates: next == Next::GiveUp }));
            }
        }
        Ok(None)
    }
}
