//! [`Script`]: everything that is to happen in one life of one registry, as plain data. Times are in milliseconds, which
//! is what tokio's clock counts in.

use std::fmt;

use crate::pump::{Policy, Pump};

/// What is to happen in one life of one registry.
#[derive(Clone, Debug)]
pub struct Script {
    /// The services; each depends only on those before it.
    pub parts: Vec<Part>,
    /// The budgets of the registry.
    pub terms: Terms,
    /// What somebody does from outside, if anything.
    pub meddling: Option<Meddling>,
    /// A listener panics on every event with this remainder modulo 3.
    pub listener_panics: Option<u64>,
    /// How long it is up.
    pub serves: u64,
    /// How it ends, if nothing ends it before.
    pub exit: Exit,
}

/// The budgets of a registry.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Of the whole boot.
    pub boot: Option<u64>,
    /// Of the rollback.
    pub rollback: u64,
    /// Of the shutdown.
    pub shutdown: u64,
    /// The lame-duck delay.
    pub lame_duck: u64,
    /// How many may start at once.
    pub concurrency: Option<usize>,
}

/// What one service is, and does.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it depends on.
    pub needs: Vec<Need>,
    /// Not booted unless something else requires it.
    pub lazy: bool,
    /// Its failure does not fail the boot.
    pub optional: bool,
    /// Of coming up.
    pub init_timeout: u64,
    /// Of joining its chores.
    pub drain_timeout: u64,
    /// Of `shutdown` and the cleanups.
    pub shutdown_timeout: u64,
    /// How often `init` is tried, and the pause after the first attempt; it doubles up to four times its length.
    pub attempts: u32,
    /// The pause after the first attempt.
    pub pause: u64,
    /// What each attempt of `init` does, of all its lives; the last one stands for all that follow.
    pub inits: Vec<Act>,
    /// What `start` does.
    pub start: Option<Act>,
    /// What the first `health` does.
    pub health: Option<Act>,
    /// What `shutdown` does.
    pub shutdown: Option<Act>,
    /// Its background tasks, spawned when `init` begins.
    pub chores: Vec<Chore>,
    /// Its cleanups, deferred when `init` begins, or just before it ends.
    pub cleanups: Vec<Cleanup>,
    /// Its supervised task. With one, or with a policy, `init` is tried once in each life.
    pub pump: Option<Pump>,
    /// Whether it is restarted.
    pub restart: Option<Policy>,
}

/// A dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// On which service.
    pub on: usize,
    /// Of what kind.
    pub bond: Bond,
}

/// The kind of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bond {
    /// `requires`
    Requires,
    /// `wants`
    Wants,
    /// `after`
    After,
}

/// What one run of one hook does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// How long it takes; 0 ends in its first poll.
    pub lasts: u64,
    /// It asks for more time: after how long, and how much.
    pub extends: Option<(u64, u64)>,
    /// How it ends.
    pub ends: End,
}

/// How a hook ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Well,
    /// With an error; an unhealthy answer, where the hook is `health`.
    Error,
    /// With a panic.
    Panic(Payload),
    /// Not at all.
    Never,
    /// Well, after it has asked for the shutdown of its own registry and has waited for it, which must not take long.
    AsksShutdown,
}

/// What a panic carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A `String`.
    Text,
    /// A `&'static str`.
    Str,
    /// Something that is no text.
    Other,
}

/// A background task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chore {
    /// How long it runs; until `stopping()` is cancelled if it is not said.
    pub runs: Option<u64>,
    /// What it does then.
    pub act: Act,
}

/// A deferred cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// Whether it is deferred when `init` begins, or just before it ends.
    pub early: bool,
    /// What it does.
    pub act: Act,
}

/// What somebody does from outside, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meddling {
    /// When.
    pub when: Moment,
    /// What.
    pub what: Deed,
}

/// When somebody meddles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long after the boot began.
    At(u64),
    /// When hooks have begun and ended so often: from inside the one that does.
    Step(usize),
    /// When a listener is told of the event of this number: from inside it.
    Event(u64),
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Cancels the registry's token.
    Cancel,
    /// Drops the future of `boot()`; once that has ended, all handles of the registry.
    Drop,
    /// Requests the shutdown; while nobody has a handle of the registry, cancels the token instead.
    Request,
    /// Breaks the supervised task of a service: its run, or the next one that can be broken, ends.
    Break(usize),
}

/// How a registry that is up ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `shutdown()`
    Shutdown,
    /// `shutdown()`, twice at once.
    ShutdownTwice,
    /// `request_shutdown()`, then `stopped()`.
    Request,
    /// Its token is cancelled.
    Cancel,
    /// All handles are dropped.
    Drop,
}

impl Need {
    /// Requires this service.
    pub const fn requires(on: usize) -> Self {
        Self { on, bond: Bond::Requires }
    }
}

impl Act {
    /// Takes so long, and goes well.
    pub const fn well(lasts: u64) -> Self {
        Self { lasts, extends: None, ends: End::Well }
    }

    /// Takes so long, and ends so.
    pub const fn ends(lasts: u64, ends: End) -> Self {
        Self { lasts, extends: None, ends }
    }
}

impl End {
    /// Whether it is no failure.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Well | Self::AsksShutdown)
    }
}

impl Part {
    /// Comes up and goes down in this time each, on generous budgets.
    pub fn calm(needs: Vec<Need>, up: u64, down: u64) -> Self {
        Self {
            needs,
            lazy: false,
            optional: false,
            init_timeout: 30_000,
            drain_timeout: 10_000,
            shutdown_timeout: 10_000,
            attempts: 1,
            pause: 0,
            inits: vec![Act::well(up)],
            start: None,
            health: None,
            shutdown: Some(Act::well(down)),
            chores: Vec::new(),
            cleanups: Vec::new(),
            pump: None,
            restart: None,
        }
    }

    /// What this attempt, from 1, of `init` does.
    pub fn init(&self, attempt: u32) -> Act {
        let last = self.inits.len() - 1;
        self.inits[(attempt as usize - 1).min(last)]
    }
}

impl Script {
    /// These services, on default budgets, shut down after a second.
    pub fn of(parts: Vec<Part>) -> Self {
        Self {
            parts,
            terms: Terms { boot: None, rollback: 25_000, shutdown: 25_000, lame_duck: 0, concurrency: None },
            meddling: None,
            listener_panics: None,
            serves: 1_000,
            exit: Exit::Shutdown,
        }
    }

    /// The name of a service. Names do not sort like numbers, so that no order is right by accident.
    pub fn name(service: usize) -> String {
        format!("s{}", (service * 7_919) % 10_007)
    }

    /// The service of this name.
    pub fn number(name: &str) -> usize {
        // 7,919 × 8,967 = 1 modulo 10,007.
        name[1..].parse::<usize>().map_or(usize::MAX, |number| number * 8_967 % 10_007)
    }

    /// Whether anything may have more than one life.
    pub fn has_restarts(&self) -> bool {
        self.parts.iter().any(|part| part.restart.is_some())
    }

    /// Whether a boot brings each service up: all that are not lazy, and what they require.
    pub fn eager(&self) -> Vec<bool> {
        let mut eager: Vec<_> = self.parts.iter().map(|part| !part.lazy).collect();
        for service in (0..self.parts.len()).rev() {
            if eager[service] {
                for need in self.parts[service].needs.iter().filter(|need| need.bond == Bond::Requires) {
                    eager[need.on] = true;
                }
            }
        }
        eager
    }

    /// Whether a service may have the instance of another: what only comes after it has not.
    pub fn holds(&self, service: usize, on: usize) -> bool {
        self.parts[service].needs.iter().any(|need| need.on == on && need.bond != Bond::After)
    }

    /// Those that depend on each service, ascending.
    pub fn dependants(&self) -> Vec<Vec<usize>> {
        let mut dependants = vec![Vec::new(); self.parts.len()];
        for (service, part) in self.parts.iter().enumerate() {
            part.needs.iter().for_each(|need| dependants[need.on].push(service));
        }
        dependants
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (service, part) in self.parts.iter().enumerate() {
            writeln!(f, "{service}: {part:?}")?;
        }
        let Self { parts: _, terms, meddling, listener_panics, serves, exit } = self;
        write!(f, "{terms:?}, {meddling:?}, a listener panics {listener_panics:?}, serves {serves}, {exit:?}")
    }
}
