//! The hooks of simulated services: each does what its scenario says, and records it in the trace.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use service_core::{Context, Definition, Health, Result, Retry};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::failure::fail;
use crate::harness::{Harness, Instance};
use crate::scenario::{
    BackgroundTask, Behaviour, DependencyKind, Outcome, Scenario, ServiceSpec, SupervisedTask, TaskRun, ms,
};
use crate::trace::Hook;

impl Harness {
    /// The definition of a service of a scenario.
    pub(crate) fn define(self: &Arc<Self>, scenario: &Scenario, service: usize) -> Definition<Instance> {
        let spec = Arc::new(scenario.services[service].clone());
        let names = |kind: DependencyKind| {
            let dependencies = spec.dependencies.iter().filter(move |dependency| dependency.kind == kind);
            dependencies.map(|dependency| Scenario::name(dependency.on)).collect::<Vec<_>>()
        };
        let (harness, init_spec) = (self.clone(), spec.clone());
        let attempts = Arc::new(Mutex::new(0));
        let runs = Arc::new(AtomicUsize::new(0));
        let mut definition = Definition::new(Scenario::name(service))
            .init(move |cx| {
                let attempt = {
                    let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
                    *attempts += 1;
                    *attempts
                };
                if let Some(task) = init_spec.supervised_task.clone() {
                    harness.spawn_supervised(task, service, attempt, &runs, &cx);
                }
                harness.clone().init(init_spec.clone(), service, attempt, cx)
            })
            .requires(names(DependencyKind::Requires))
            .wants(names(DependencyKind::Wants))
            .after(names(DependencyKind::After))
            .init_timeout(ms(spec.init_timeout))
            .drain_timeout(ms(spec.drain_timeout))
            .shutdown_timeout(ms(spec.shutdown_timeout))
            .retry(Retry::new(spec.attempts, ms(spec.retry_delay), ms(4 * spec.retry_delay)));
        if let Some(policy) = spec.restart {
            definition = definition.restart(policy.restart());
        }
        if spec.lazy {
            definition = definition.lazy();
        }
        if spec.optional {
            definition = definition.optional();
        }
        if let Some(start) = spec.start {
            let harness = self.clone();
            definition = definition.start(move |_, cx| harness.clone().run(service, Hook::Start, start, Some(cx)));
        }
        if let Some(health) = spec.health {
            let harness = self.clone();
            definition = definition.health(move |_| {
                let running = harness.clone().run(service, Hook::Health, health, None);
                async { Health::from_result(running.await) }
            });
        }
        if let Some(shutdown) = spec.shutdown {
            let harness = self.clone();
            definition =
                definition.shutdown(move |_, cx| harness.clone().run(service, Hook::Shutdown, shutdown, Some(cx)));
        }
        definition
    }

    async fn init(
        self: Arc<Self>,
        spec: Arc<ServiceSpec>,
        service: usize,
        attempt: u32,
        cx: Context<Instance>,
    ) -> Result<Instance> {
        let active = self.trace.start(service, Hook::Init(attempt));
        self.context.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| cx.clone());
        for dependency in spec.required() {
            if let Err(error) = cx.get_named::<Instance>(&Scenario::name(dependency)) {
                let violation = format!("`init` of {service} began before a required service was ready: {error}");
                self.trace.report_violation(violation);
            }
        }
        for (number, &task) in spec.background_tasks.iter().enumerate() {
            let (harness, context) = (self.clone(), cx.clone());
            let hook = Hook::BackgroundTask(attempt, number);
            cx.spawn("background task", harness.run_background(service, hook, task, context));
        }
        self.defer_cleanups(&spec, service, attempt, &cx, true);
        let behaviour = spec.init(attempt);
        pass_time(behaviour, Some(&cx)).await;
        self.defer_cleanups(&spec, service, attempt, &cx, false);
        active.finish();
        fail(behaviour.outcome)?;
        Ok(Instance::new(self))
    }

    fn defer_cleanups(
        self: &Arc<Self>,
        spec: &ServiceSpec,
        service: usize,
        attempt: u32,
        cx: &Context<Instance>,
        early: bool,
    ) {
        for (number, cleanup) in spec.cleanups.iter().enumerate().filter(|(_, it)| it.early == early) {
            self.trace.defer(service, attempt, number);
            let hook = Hook::Cleanup(attempt, number);
            cx.defer(self.clone().run(service, hook, cleanup.behaviour, Some(cx.clone())));
        }
    }

    async fn run(
        self: Arc<Self>,
        service: usize,
        hook: Hook,
        behaviour: Behaviour,
        cx: Option<Context<Instance>>,
    ) -> Result<()> {
        let active = self.trace.start(service, hook);
        pass_time(behaviour, cx.as_ref()).await;
        active.finish();
        fail(behaviour.outcome)
    }

    /// Spawns the supervised task of one attempt; `runs` counts the runs of all attempts.
    fn spawn_supervised(
        self: &Arc<Self>,
        task: SupervisedTask,
        service: usize,
        attempt: u32,
        runs: &Arc<AtomicUsize>,
        cx: &Context<Instance>,
    ) {
        let (harness, runs, stopping) = (self.clone(), runs.clone(), cx.stopping());
        cx.tasks().supervised("supervised task", task.policy.restart(), move || {
            let number = runs.fetch_add(1, Ordering::Relaxed);
            let (run, stopping) = (task.runs.get(number).copied(), stopping.clone());
            harness.clone().run_supervised(service, Hook::SupervisedTask(attempt, number), run, stopping)
        });
    }

    async fn run_supervised(
        self: Arc<Self>,
        service: usize,
        hook: Hook,
        run: Option<TaskRun>,
        stopping: CancellationToken,
    ) -> Result<()> {
        let active = self.trace.start(service, hook);
        let ends = async {
            match run {
                None => std::future::pending().await,
                Some(TaskRun { takes: Some(time), .. }) => pass(time).await,
                Some(TaskRun { takes: None, .. }) => self.fail_task[service].notified().await,
            }
            run.map_or(Outcome::Success, |run| run.outcome)
        };
        match stopping.run_until_cancelled(ends).await {
            Some(outcome) => {
                active.finish();
                fail(outcome)
            }
            None => {
                active.stop();
                Ok(())
            }
        }
    }

    async fn run_background(
        self: Arc<Self>,
        service: usize,
        hook: Hook,
        task: BackgroundTask,
        cx: Context<Instance>,
    ) -> Result<()> {
        let active = self.trace.start(service, hook);
        match task.runs {
            Some(time) => pass(time).await,
            None => cx.stopping().cancelled().await,
        }
        pass_time(task.behaviour, None).await;
        if let (Outcome::AwaitsShutdown, Some(registry)) = (task.behaviour.outcome, self.registry()) {
            let began = Instant::now();
            if registry.shutdown().await.is_ok() || began.elapsed() > Duration::ZERO {
                let violation = format!("a task of {service} could wait for the shutdown that waits for this task");
                self.trace.report_violation(violation);
            }
        }
        active.finish();
        fail(task.behaviour.outcome)
    }
}

async fn pass(time: u64) {
    if time > 0 {
        sleep(ms(time)).await;
    }
}

/// Takes the time that the behaviour takes, and never ends if it hangs.
async fn pass_time(behaviour: Behaviour, cx: Option<&Context<Instance>>) {
    match (behaviour.extends, cx) {
        (Some((after, by)), Some(cx)) => {
            pass(after).await;
            cx.extend(ms(by));
            pass(behaviour.takes - after).await;
        }
        _ => pass(behaviour.takes).await,
    }
    if behaviour.outcome == Outcome::Hang {
        std::future::pending::<()>().await;
    }
}
