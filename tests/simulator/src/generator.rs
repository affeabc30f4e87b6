//! Generates scenarios: the same seed gives the same scenario. Most graphs are small, because small graphs show most
//! mistakes, and a few are large. Most services succeed, because a boot that fails immediately shows little.

use fastrand::Rng;

use crate::GraphShape;
use crate::scenario::{
    Action, BackgroundTask, Behaviour, Cleanup, Dependency, DependencyKind, Injection, Outcome, PanicPayload,
    RegistryConfig, RestartOn, RestartPolicy, Scenario, ServiceSpec, SupervisedTask, TaskRun, Teardown, Trigger,
};

/// From this seed on, scenarios have restarts.
pub const RESTART_SEEDS: u64 = 1 << 32;

impl Scenario {
    /// The scenario of a seed.
    pub fn generate(seed: u64) -> Self {
        Generator::new(seed).scenario()
    }
}

/// The source of one scenario: random numbers, and how likely each feature is in this scenario.
struct Generator {
    rng: Rng,
    has_restarts: bool,
    /// Percent of hooks that fail.
    faults: u8,
    /// Percent of services with tasks, cleanups, retries and other extras.
    extras: u8,
    /// The longest time that a hook takes. If it is short, many things happen at the same instant.
    longest: u64,
    /// Percent of dependencies that are `wants` or `after`.
    weak: u8,
    /// Percent of services that are lazy, and of services that are optional.
    flags: u8,
    /// Whether hooks may hang, and budgets are short.
    hangs: bool,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        Self {
            has_restarts: seed >= RESTART_SEEDS,
            faults: pick(&mut rng, &[0, 0, 1, 4, 12]),
            extras: pick(&mut rng, &[0, 10, 40]),
            longest: pick(&mut rng, &[0, 3, 10, 1_000]),
            weak: pick(&mut rng, &[0, 0, 30]),
            flags: pick(&mut rng, &[0, 0, 20]),
            hangs: rng.bool(),
            rng,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        pick(&mut self.rng, from)
    }

    /// True with this probability.
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// A number of milliseconds from 0 to `most`.
    fn time(&mut self, most: u64) -> u64 {
        self.rng.u64(0..=most)
    }

    fn scenario(&mut self) -> Scenario {
        let count = match self.rng.u16(..1_000) {
            0..850 => self.rng.usize(1..10),
            850..970 => self.rng.usize(10..31),
            970..998 => self.rng.usize(30..101),
            _ => self.rng.usize(100..301),
        };
        let edges = GraphShape::random(&mut self.rng).edges(count, &mut self.rng);
        let services = edges.into_iter().map(|on| self.service(on)).collect();
        let injection = self.chance(30).then(|| self.injection(count));
        let mut config = self.config();
        if self.has_restarts {
            // Without a budget, a service that fails seldom enough is retried forever.
            config.boot_timeout.get_or_insert(30 * self.longest + 100);
        }
        Scenario {
            services,
            config,
            injection,
            listener_panics: self.chance(10).then(|| self.rng.u64(..3)),
            uptime: self.time(if self.has_restarts { 10 * self.longest + 200 } else { self.longest }),
            teardown: self.pick(&[
                Teardown::Shutdown,
                Teardown::Shutdown,
                Teardown::ConcurrentShutdowns,
                Teardown::RequestShutdown,
                Teardown::Cancel,
                Teardown::Drop,
            ]),
        }
    }

    fn config(&mut self) -> RegistryConfig {
        RegistryConfig {
            boot_timeout: self.chance(10).then(|| self.time(3 * self.longest)),
            rollback_timeout: self.common_budget(),
            shutdown_timeout: self.common_budget(),
            lame_duck: if self.chance(10) { self.rng.u64(1..=500) } else { 0 },
            concurrency: self.chance(20).then(|| self.rng.usize(1..=4)),
        }
    }

    /// The budget of a whole rollback or shutdown.
    fn common_budget(&mut self) -> u64 {
        if self.chance(20) { self.pick(&[0, 1, 50, 500, 3_000]) } else { 25_000 }
    }

    /// The budget of one service.
    fn budget(&mut self) -> u64 {
        if self.hangs { self.time(2 * self.longest + 50) } else { 10_000 }
    }

    fn service(&mut self, on: Vec<usize>) -> ServiceSpec {
        let attempts = if self.chance(self.extras) { self.rng.u32(1..=4) } else { 1 };
        let tasks = if self.chance(self.extras) { self.rng.usize(..3) } else { 0 };
        let cleanups = if self.chance(self.extras) { self.rng.usize(..4) } else { 0 };
        let dependencies = on.into_iter().map(|on| Dependency { on, kind: self.dependency_kind(self.weak) }).collect();
        let spec = ServiceSpec {
            dependencies,
            lazy: self.chance(self.flags),
            optional: self.chance(self.flags),
            init_timeout: self.budget(),
            drain_timeout: self.budget(),
            shutdown_timeout: self.budget(),
            attempts,
            retry_delay: self.time(self.longest),
            inits: (0..attempts).map(|_| self.behaviour(if attempts > 1 { 40 } else { self.faults })).collect(),
            start: self.chance(self.extras).then(|| self.behaviour(self.faults)),
            health: self.chance(self.extras).then(|| Behaviour { extends: None, ..self.behaviour(self.faults) }),
            shutdown: self.chance(90).then(|| self.behaviour(self.faults)),
            background_tasks: (0..tasks).map(|_| self.background_task()).collect(),
            cleanups: (0..cleanups)
                .map(|_| Cleanup { early: self.rng.bool(), behaviour: self.behaviour(self.faults) })
                .collect(),
            supervised_task: None,
            restart: None,
        };
        if self.has_restarts { self.with_restarts(spec) } else { spec }
    }

    /// The same service with a restart policy and a supervised task.
    fn with_restarts(&mut self, spec: ServiceSpec) -> ServiceSpec {
        let mut dependencies = spec.dependencies;
        for dependency in dependencies.iter_mut().filter(|it| it.kind == DependencyKind::Requires) {
            dependency.kind = self.dependency_kind(15);
        }
        // Most services start at the first attempt.
        let faults = |attempt: usize| if attempt == 0 { self.faults / 2 } else { self.faults.max(25) };
        let faults: Vec<_> = (0..self.rng.usize(1..=4)).map(faults).collect();
        let inits = faults.into_iter().map(|faults| self.behaviour(faults)).collect();
        let runs = (0..self.rng.usize(..6)).map(|_| self.task_run()).collect();
        ServiceSpec {
            dependencies,
            inits,
            attempts: 1,
            optional: spec.optional || self.chance(30),
            supervised_task: self.chance(60).then(|| SupervisedTask { policy: self.restart_policy(), runs }),
            restart: self.chance(70).then(|| self.restart_policy()),
            ..spec
        }
    }

    fn task_run(&mut self) -> TaskRun {
        let takes = self.chance(80).then(|| self.time(3 * self.longest));
        let outcome = match self.rng.u8(..8) {
            0 => Outcome::Success,
            1..6 => Outcome::Error,
            _ => self.panic(),
        };
        TaskRun { takes, outcome }
    }

    fn restart_policy(&mut self) -> RestartPolicy {
        // Never 0, so that two incarnations of a service never begin at the same instant.
        let delay = self.rng.u64(1..=self.longest + 1);
        let on = [RestartOn::Any, RestartOn::Failure, RestartOn::Failure, RestartOn::Failure, RestartOn::Never];
        RestartPolicy {
            on: self.pick(&on),
            max_restarts: self.pick(&[0, 1, 2, 3, 5]),
            period: self.rng.u64(1..=8 * self.longest + 10),
            delay,
            max_delay: delay * self.pick(&[1, 2, 3, 8]),
            reset_after: self.time(4 * self.longest + 4),
        }
    }

    /// `wants` or `after` with this probability, else `requires`.
    fn dependency_kind(&mut self, weak: u8) -> DependencyKind {
        if self.chance(weak) {
            self.pick(&[DependencyKind::Wants, DependencyKind::After])
        } else {
            DependencyKind::Requires
        }
    }

    fn behaviour(&mut self, faults: u8) -> Behaviour {
        let takes = if self.chance(15) { 0 } else { self.time(self.longest) };
        let extends = self.hangs && self.chance(10);
        let extends = extends.then(|| (self.time(takes), self.time(2 * self.longest)));
        let outcome = if self.chance(faults) { self.fault() } else { Outcome::Success };
        Behaviour { takes, extends, outcome }
    }

    fn fault(&mut self) -> Outcome {
        match self.rng.u8(..if self.hangs { 3 } else { 2 }) {
            0 => Outcome::Error,
            1 => self.panic(),
            _ => Outcome::Hang,
        }
    }

    fn panic(&mut self) -> Outcome {
        Outcome::Panic(self.pick(&[PanicPayload::String, PanicPayload::Str, PanicPayload::Other]))
    }

    fn background_task(&mut self) -> BackgroundTask {
        let runs = self.rng.bool().then(|| self.time(2 * self.longest));
        let mut behaviour = Behaviour { extends: None, ..self.behaviour(2 * self.faults) };
        if behaviour.outcome == Outcome::Success && self.chance(5) {
            behaviour.outcome = Outcome::AwaitsShutdown;
        }
        BackgroundTask { runs, behaviour }
    }

    /// An injected action. With restarts, most of them are triggered after the boot.
    fn injection(&mut self, services: usize) -> Injection {
        let (times, steps, events) = if self.has_restarts { (12, 30, 20) } else { (4, 8, 6) };
        let trigger = match self.rng.u8(..3) {
            0 => Trigger::Time(self.time(times * self.longest)),
            1 => Trigger::Step(self.rng.usize(..steps * services)),
            _ => Trigger::Event(self.time(events * services as u64)),
        };
        let action = match self.rng.u8(..if self.has_restarts { 4 } else { 3 }) {
            0 => Action::Cancel,
            1 => Action::Drop,
            2 => Action::RequestShutdown,
            _ => Action::FailTask(self.rng.usize(..services)),
        };
        Injection { trigger, action }
    }
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}
