//! Draws scripts: the same seed, the same script. Most graphs are small, because most mistakes show in small ones, and
//! a few are large; most services behave, because a boot that fails at once shows little.

use crate::pump::{After, Policy, Pump, Run};
use crate::script::{Act, Bond, Chore, Cleanup, Deed, End, Exit, Meddling, Moment, Need, Part, Payload, Script, Terms};
use crate::{Dice, Shape};

/// From this seed on, scripts have restarts.
pub const RESTARTS: u64 = 1 << 32;

/// How a script is flavoured: how likely what is.
struct Mood {
    /// Percent of hooks that go wrong.
    faults: usize,
    /// Percent of services with tasks, cleanups, retries and so on.
    extras: usize,
    /// The longest time that a hook takes. A short one makes many things happen at the same instant.
    longest: u64,
    /// Percent of dependencies that only want, or only come after.
    loose: usize,
    /// Percent of services that are lazy, and of those that are optional.
    kinds: usize,
    /// Whether hooks may hang, and budgets are short.
    hangs: bool,
}

impl Script {
    /// The script of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let dice = &mut dice;
        let mood = Mood {
            faults: dice.pick(&[0, 0, 1, 4, 12]),
            extras: dice.pick(&[0, 10, 40]),
            longest: dice.pick(&[0, 3, 10, 1_000]),
            loose: dice.pick(&[0, 0, 30]),
            kinds: dice.pick(&[0, 0, 20]),
            hangs: dice.chance(50),
        };
        let services = match dice.below(1_000) {
            0..850 => 1 + dice.below(9),
            850..970 => 10 + dice.below(21),
            970..998 => 30 + dice.below(71),
            _ => 100 + dice.below(201),
        };
        let edges = dice.pick(&Shape::ALL).edges(services, dice);
        let parts: Vec<_> = edges.into_iter().map(|on| mood.part(on, dice)).collect();
        let restarts = seed >= RESTARTS;
        let parts = if restarts { parts.into_iter().map(|part| mood.restarts(part, dice)).collect() } else { parts };
        let meddles = if restarts { Mood::late_meddling } else { Mood::meddling };
        let meddling = dice.chance(30).then(|| meddles(&mood, services, dice));
        let mut terms = mood.terms(dice);
        if restarts {
            // What fails again and again, but seldom enough, is tried for ever.
            terms.boot.get_or_insert(30 * mood.longest + 100);
        }
        Self {
            terms,
            meddling,
            listener_panics: dice.chance(10).then(|| dice.time(0, 2)),
            serves: dice.time(0, if restarts { 10 * mood.longest + 200 } else { mood.longest }),
            exit: dice.pick(&[
                Exit::Shutdown,
                Exit::Shutdown,
                Exit::ShutdownTwice,
                Exit::Request,
                Exit::Cancel,
                Exit::Drop,
            ]),
            parts,
        }
    }
}

impl Mood {
    fn terms(&self, dice: &mut Dice) -> Terms {
        let total = |dice: &mut Dice| if dice.chance(20) { dice.pick(&[0, 1, 50, 500, 3_000]) } else { 25_000 };
        Terms {
            boot: dice.chance(10).then(|| dice.time(0, 3 * self.longest)),
            rollback: total(dice),
            shutdown: total(dice),
            lame_duck: if dice.chance(10) { dice.time(1, 500) } else { 0 },
            concurrency: dice.chance(20).then(|| 1 + dice.below(4)),
        }
    }

    fn part(&self, on: Vec<usize>, dice: &mut Dice) -> Part {
        let budget = |dice: &mut Dice| if self.hangs { dice.time(0, 2 * self.longest + 50) } else { 10_000 };
        let attempts = if dice.chance(self.extras) { 1 + dice.below(4) as u32 } else { 1 };
        let chores = if dice.chance(self.extras) { dice.below(3) } else { 0 };
        let cleanups = if dice.chance(self.extras) { dice.below(4) } else { 0 };
        Part {
            needs: on.into_iter().map(|on| Need { on, bond: self.bond(dice) }).collect(),
            lazy: dice.chance(self.kinds),
            optional: dice.chance(self.kinds),
            init_timeout: budget(dice),
            drain_timeout: budget(dice),
            shutdown_timeout: budget(dice),
            attempts,
            pause: dice.time(0, self.longest),
            inits: (0..attempts).map(|_| self.act(if attempts > 1 { 40 } else { self.faults }, dice)).collect(),
            start: dice.chance(self.extras).then(|| self.act(self.faults, dice)),
            health: dice.chance(self.extras).then(|| Act { extends: None, ..self.act(self.faults, dice) }),
            shutdown: dice.chance(90).then(|| self.act(self.faults, dice)),
            chores: (0..chores).map(|_| self.chore(dice)).collect(),
            cleanups: (0..cleanups)
                .map(|_| Cleanup { early: dice.chance(50), act: self.act(self.faults, dice) })
                .collect(),
            pump: None,
            restart: None,
        }
    }

    /// The same, with a policy and a supervised task.
    fn restarts(&self, part: Part, dice: &mut Dice) -> Part {
        let mut needs = part.needs;
        for need in &mut needs {
            if dice.chance(15) {
                need.bond = dice.pick(&[Bond::Wants, Bond::After]);
            }
        }
        // Most come up the first time.
        let inits = 1 + dice.below(4);
        let faults = |life: usize| if life == 0 { self.faults / 2 } else { self.faults.max(25) };
        let inits = (0..inits).map(|life| self.act(faults(life), dice)).collect();
        let runs = dice.below(6);
        let runs = (0..runs).map(|_| self.run(dice)).collect();
        Part {
            needs,
            inits,
            attempts: 1,
            optional: part.optional || dice.chance(30),
            pump: dice.chance(60).then(|| Pump { policy: self.policy(dice), runs }),
            restart: dice.chance(70).then(|| self.policy(dice)),
            ..part
        }
    }

    fn run(&self, dice: &mut Dice) -> Run {
        let lasts = dice.chance(80).then(|| dice.time(0, 3 * self.longest));
        let ends = match dice.below(8) {
            0 => End::Well,
            1..6 => End::Error,
            _ => End::Panic(dice.pick(&[Payload::Text, Payload::Str, Payload::Other])),
        };
        Run { lasts, ends }
    }

    fn policy(&self, dice: &mut Dice) -> Policy {
        // A pause is never 0, so that two lives of a service never begin at the same instant.
        let delay = dice.time(1, self.longest + 1);
        Policy {
            after: dice.pick(&[After::Any, After::Failure, After::Failure, After::Failure, After::Never]),
            restarts: dice.pick(&[0, 1, 2, 3, 5]),
            period: dice.time(1, 8 * self.longest + 10),
            delay,
            max_delay: delay * dice.pick(&[1, 2, 3, 8]),
            quiet: dice.time(0, 4 * self.longest + 4),
        }
    }

    fn bond(&self, dice: &mut Dice) -> Bond {
        if dice.chance(self.loose) { dice.pick(&[Bond::Wants, Bond::After]) } else { Bond::Requires }
    }

    fn act(&self, faults: usize, dice: &mut Dice) -> Act {
        let lasts = if dice.chance(15) { 0 } else { dice.time(0, self.longest) };
        let extends = (self.hangs && dice.chance(10)).then(|| (dice.time(0, lasts), dice.time(0, 2 * self.longest)));
        let ends = if dice.chance(faults) { self.fault(dice) } else { End::Well };
        Act { lasts, extends, ends }
    }

    fn fault(&self, dice: &mut Dice) -> End {
        match dice.below(if self.hangs { 3 } else { 2 }) {
            0 => End::Error,
            1 => End::Panic(dice.pick(&[Payload::Text, Payload::Str, Payload::Other])),
            _ => End::Never,
        }
    }

    fn chore(&self, dice: &mut Dice) -> Chore {
        let runs = dice.chance(50).then(|| dice.time(0, 2 * self.longest));
        let mut act = Act { extends: None, ..self.act(2 * self.faults, dice) };
        if act.ends == End::Well && dice.chance(5) {
            act.ends = End::AsksShutdown;
        }
        Chore { runs, act }
    }

    fn meddling(&self, services: usize, dice: &mut Dice) -> Meddling {
        let when = match dice.below(3) {
            0 => Moment::At(dice.time(0, 4 * self.longest)),
            1 => Moment::Step(dice.below(8 * services)),
            _ => Moment::Event(dice.time(0, 6 * services as u64)),
        };
        Meddling { when, what: dice.pick(&[Deed::Cancel, Deed::Drop, Deed::Request]) }
    }

    /// The same, where most of it happens after the boot.
    fn late_meddling(&self, services: usize, dice: &mut Dice) -> Meddling {
        let when = match dice.below(3) {
            0 => Moment::At(dice.time(0, 12 * self.longest)),
            1 => Moment::Step(dice.below(30 * services)),
            _ => Moment::Event(dice.time(0, 20 * services as u64)),
        };
        let what = match dice.below(4) {
            0 => Deed::Break(dice.below(services)),
            1 => Deed::Cancel,
            2 => Deed::Drop,
            _ => Deed::Request,
        };
        Meddling { when, what }
    }
}
