//! What the rules say about how long one service takes to come up, to be undone and to go down, if nothing from outside
//! interferes: from its part of the script alone, in milliseconds.

use crate::script::{Act, End, Part};

/// Longer than anything.
const NEVER: u64 = u64::MAX / 4;

/// What a service was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Init,
    Start,
    Health,
}

/// How a service fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Error,
    Panic,
    TimedOut,
}

/// What a service that is coming up is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// An attempt, which began with the stage; until when `init` runs in it.
    Attempt { init_until: u64 },
    /// Undoing an attempt; how that goes.
    Undo(Verdict),
    /// The pause between two attempts; how undoing the first one went.
    Pause(Verdict),
}

/// A supervised task fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    /// So long after its attempt began.
    pub at: u64,
    /// Whether nothing starts it again; if something does, and its service goes down at that very instant, nobody can say.
    pub for_good: bool,
}

/// How a service comes up, or does not.
#[derive(Clone, Debug)]
pub(crate) struct Rise {
    /// What it is at, from when to when.
    pub stages: Vec<(u64, u64, Stage)>,
    /// When it is ready, or has failed and is undone.
    pub lasts: u64,
    /// How it fails, if it does: in what, and when.
    pub fails: Option<(Doing, Cause)>,
    /// How undoing the last attempt went.
    pub undone: Verdict,
    /// An extension was asked for at the very instant of the deadline, so nobody can say.
    pub unsure: bool,
    /// Which attempt was the last one, of all lives.
    pub last: u32,
    /// How its supervised task fails.
    pub lost: Option<Lost>,
}

/// How going down goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Clean,
    Failed,
    Abandoned,
}

/// How a service goes down, or is undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fall {
    /// How long joining its chores takes.
    pub drain: u64,
    /// How long `shutdown` and the cleanups take.
    pub own: u64,
    pub verdict: Verdict,
    pub unsure: bool,
}

/// One phase with a deadline.
struct Phase {
    now: u64,
    deadline: u64,
    unsure: bool,
}

impl Phase {
    /// Runs one act, and says how it failed, if it did.
    fn run(&mut self, act: Act) -> Option<Cause> {
        if let Some((after, by)) = act.extends {
            let asks = self.now + after;
            self.unsure |= asks == self.deadline;
            if asks <= self.deadline {
                self.deadline = self.deadline.max(asks + by);
            }
        }
        let ends = if act.ends == End::Never { NEVER } else { self.now + act.lasts };
        // At the same instant, ending wins over being late.
        if ends > self.deadline {
            self.now = self.now.max(self.deadline);
            return Some(Cause::TimedOut);
        }
        self.now = ends;
        match act.ends {
            End::Error => Some(Cause::Error),
            End::Panic(_) => Some(Cause::Panic),
            _ => None,
        }
    }
}

impl Part {
    /// How it comes up, after so many attempts in earlier lives, if its supervised task fails like this.
    pub(crate) fn rise(&self, before: u32, lost: Option<Lost>) -> Rise {
        let mut stages = Vec::new();
        let mut phase = Phase { now: 0, deadline: self.init_timeout, unsure: false };
        let mut number = before + 1;
        loop {
            let began = phase.now;
            let mut fails = phase.run(self.init(number)).map(|cause| (Doing::Init, cause));
            let init_until = phase.now;
            if let (None, Some(act)) = (fails, self.start) {
                fails = phase.run(act).map(|cause| (Doing::Start, cause));
            }
            if let (None, Some(act)) = (fails, self.health) {
                fails = phase.run(act).map(|cause| (Doing::Health, cause));
            }
            stages.push((began, phase.now, Stage::Attempt { init_until }));
            let Some((doing, cause)) = fails else {
                let (lasts, unsure) = (phase.now, phase.unsure);
                return Rise { stages, lasts, fails: None, undone: Verdict::Clean, unsure, last: number, lost };
            };
            // A hook that is late has not deferred what it defers last.
            let whole = doing != Doing::Init || cause != Cause::TimedOut;
            let undo = self.undo(phase.now - began, whole, lost);
            phase.unsure |= undo.unsure;
            stages.push((phase.now, phase.now + undo.lasts(), Stage::Undo(undo.verdict)));
            phase.now += undo.lasts();
            let pause = self.pause_after(number - before).filter(|_| cause != Cause::TimedOut);
            match pause {
                Some(pause) if phase.now + pause < phase.deadline => {
                    stages.push((phase.now, phase.now + pause, Stage::Pause(undo.verdict)));
                    phase.now += pause;
                    number += 1;
                }
                _ => {
                    let (lasts, unsure) = (phase.now, phase.unsure);
                    let fails = Some((doing, cause));
                    return Rise { stages, lasts, fails, undone: undo.verdict, unsure, last: number, lost };
                }
            }
        }
    }

    /// How long until the next attempt, if there is one.
    fn pause_after(&self, attempt: u32) -> Option<u64> {
        (attempt < self.attempts).then(|| (self.pause << (attempt - 1)).min(4 * self.pause))
    }

    /// How an attempt is undone that has lasted so long; whether its `init` had come to its end.
    pub(crate) fn undo(&self, lasted: u64, whole: bool, lost: Option<Lost>) -> Fall {
        self.go_down(lasted, whole, None, lost)
    }

    /// How it goes down, so long after the attempt began that brought it up.
    pub(crate) fn fall(&self, lasted: u64, lost: Option<Lost>) -> Fall {
        self.go_down(lasted, true, self.shutdown, lost)
    }

    fn go_down(&self, lasted: u64, whole: bool, shutdown: Option<Act>, lost: Option<Lost>) -> Fall {
        let (mut failed, mut abandoned) = (lost.is_some_and(|lost| lost.for_good && lost.at < lasted), false);
        let mut drain = 0;
        for chore in &self.chores {
            let act = if chore.act.ends == End::Never { NEVER } else { chore.act.lasts };
            let left = match chore.runs {
                Some(time) => (time + act).saturating_sub(lasted),
                None => act,
            };
            if left > self.drain_timeout {
                abandoned = true;
            } else {
                failed |= !chore.act.ends.is_well();
            }
            drain = drain.max(left.min(self.drain_timeout));
        }
        // At the same instant, it may fail, or be told to end.
        let unsure = lost.is_some_and(|lost| lost.at == lasted);
        let mut phase = Phase { now: 0, deadline: self.shutdown_timeout, unsure };
        let cleanups = self.cleanups.iter().filter(|it| !it.early).rev().filter(|_| whole);
        let cleanups = cleanups.chain(self.cleanups.iter().filter(|it| it.early).rev());
        for act in shutdown.into_iter().chain(cleanups.map(|it| it.act)) {
            match phase.run(act) {
                Some(Cause::TimedOut) => abandoned = true,
                cause => failed |= cause.is_some(),
            }
        }
        let verdict = match () {
            () if abandoned => Verdict::Abandoned,
            () if failed => Verdict::Failed,
            () => Verdict::Clean,
        };
        Fall { drain, own: phase.now, verdict, unsure: phase.unsure }
    }
}

impl Rise {
    /// How it is undone, and how long after it began, when it is aborted so long after it began. `None` if it fails by
    /// itself instead. Two answers where two things happen at that very instant.
    pub(crate) fn aborted(&self, part: &Part, at: u64) -> Vec<Option<(u64, Fall)>> {
        let undone = |own, verdict| Fall { drain: 0, own, verdict, unsure: false };
        let mut answers = Vec::new();
        for (place, &(from, to, stage)) in self.stages.iter().enumerate() {
            if !(from..=to).contains(&at) {
                continue;
            }
            match stage {
                Stage::Attempt { init_until } => {
                    let lasted = at - from;
                    if lasted == 0 {
                        // Before anything had begun.
                        answers.push(Some((at, undone(0, Verdict::Clean))));
                    }
                    if at <= init_until {
                        answers.push(Some((at, part.undo(lasted, false, self.lost))));
                    }
                    if at >= init_until {
                        answers.push(Some((at, part.undo(lasted, true, self.lost))));
                    }
                }
                Stage::Undo(_) if place + 1 == self.stages.len() => answers.push(None),
                Stage::Undo(verdict) => answers.push(Some((at, undone(to - at, verdict)))),
                Stage::Pause(verdict) => answers.push(Some((at, undone(0, verdict)))),
            }
        }
        answers
    }

    /// When the attempt began that brought it up.
    pub(crate) fn last_attempt(&self) -> u64 {
        let attempts = self.stages.iter().rev();
        attempts
            .filter(|(_, _, stage)| matches!(stage, Stage::Attempt { .. }))
            .map(|&(from, ..)| from)
            .next()
            .unwrap_or(0)
    }

    /// How often it is tried.
    pub(crate) fn attempts(&self) -> u32 {
        self.stages.iter().filter(|(_, _, stage)| matches!(stage, Stage::Attempt { .. })).count() as u32
    }
}

impl Fall {
    /// From its beginning to its end.
    pub(crate) fn lasts(self) -> u64 {
        self.drain + self.own
    }
}
