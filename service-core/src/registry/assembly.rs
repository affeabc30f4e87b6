//! [`Assembly`]: the parts that a registry is made of, before its plan is proved. [`Prepared`]: the same, afterwards.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::catalog::linked;
use super::registry::Registry;
use super::service_graph;
use crate::base::caught;
use crate::events::{self, Callback};
use crate::health::HealthChecker;
use crate::lifecycle::launch;
use crate::plan::{Plan, Request, prove};
use crate::report::{BootError, BootFailure, PlanError};
use crate::service::{Declared, Hooks};
use crate::shared::Options;

/// Starts to listen for signals. It is a pointer, so that a program that does not react to signals does not contain the code
/// that does.
pub(super) type Listen = fn() -> io::Result<ShutDownOnSignals>;

/// Lets signals shut down a registry.
pub(super) type ShutDownOnSignals = Box<dyn FnOnce(&Registry)>;

/// The parts that a registry is made of. By default: everything that is linked in.
#[derive(Default)]
pub(super) struct Assembly {
    pub request: Request,
    pub added: Vec<Declared>,
    pub stand_ins: Vec<Declared>,
    pub options: Options,
    pub observers: Vec<Callback>,
    pub listeners: Vec<Callback>,
    /// `None` if the registry does not react to signals.
    pub signals: Option<Listen>,
    #[cfg(feature = "systemd")]
    /// `None` if the builder does not say.
    pub systemd: Option<crate::systemd::Systemd>,
}

impl Assembly {
    /// Proves the plan.
    pub(super) fn plan(self) -> Result<Plan, PlanError> {
        let request = self.request.clone();
        let catalog = self.catalog();
        prove(catalog.into_iter().map(|declared| declared.facts).collect(), &request)
    }

    /// Proves the plan, and returns what a registry is launched from. If the environment asks for the graph of the process's
    /// registry, this prints it and exits the process instead.
    ///
    /// # Errors
    /// If the plan is unsound, or without a tokio runtime.
    pub(super) fn prepare(mut self, origin: String) -> Result<Prepared, BootError> {
        if !self.options.isolated
            && let Some(format) = service_graph::requested()
        {
            service_graph::print_and_exit(format, self.plan());
        }
        let observers = std::mem::take(&mut self.observers);
        let listeners = std::mem::take(&mut self.listeners);
        let options = Options { origin, ..self.options.clone() };
        let (signals, request) = (self.signals, self.request.clone());
        #[cfg(feature = "systemd")]
        let systemd = std::mem::take(&mut self.systemd).unwrap_or_default();
        let (facts, hooks): (Vec<_>, Vec<_>) = self.catalog().into_iter().map(|it| (it.facts, it.hooks)).unzip();
        let plan = prove(facts, &request)?;
        let runtime = Handle::try_current().map_err(|_| BootError::new(BootFailure::NoRuntime, None))?;
        if !has_timer(&runtime) {
            return Err(BootError::new(BootFailure::NoTimer, None));
        }
        let hooks = plan.services().iter().map(|service| Arc::clone(&hooks[service.source])).collect();
        Ok(Prepared {
            runtime,
            plan,
            hooks,
            options,
            observers,
            listeners,
            signals,
            #[cfg(feature = "systemd")]
            systemd,
        })
    }

    /// Every definition that is linked in or was added, with supplied values and replacements.
    fn catalog(self) -> Vec<Declared> {
        let mut catalog = linked();
        catalog.extend(self.added);
        for declared in self.stand_ins {
            // A supplied value completes the linked definition; a replacement is added beside it, and the plan prefers it.
            let linked = catalog.iter_mut().find(|it| it.facts.key == declared.facts.key && !declared.facts.replaced);
            match linked {
                Some(linked) => *linked = declared,
                None => catalog.push(declared),
            }
        }
        catalog
    }
}

/// Whether timers work on this runtime. tokio tells by a panic, whose message is printed.
fn has_timer(runtime: &Handle) -> bool {
    let _entered = runtime.enter();
    caught::caught_now(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

/// What a registry is launched from, with a proved plan.
pub(super) struct Prepared {
    runtime: Handle,
    plan: Plan,
    hooks: Vec<Arc<dyn Hooks>>,
    options: Options,
    observers: Vec<Callback>,
    listeners: Vec<Callback>,
    signals: Option<Listen>,
    #[cfg(feature = "systemd")]
    systemd: crate::systemd::Systemd,
}

impl Prepared {
    /// A registry that is not booted yet. It listens for signals already, if it is to.
    ///
    /// # Errors
    /// If the handlers of the signals cannot be installed.
    pub(super) fn launch(self) -> Result<Registry, BootError> {
        let signals = self.signals.map(|listen| listen()).transpose();
        let signals = signals.map_err(|error| BootError::new(BootFailure::Signals(Arc::new(error)), None))?;
        #[cfg(feature = "systemd")]
        let notifier = self.systemd.notifier(&self.plan, &self.options);
        let Self { runtime, plan, hooks, options, observers: added, listeners, .. } = self;
        let mut observers: Vec<Callback> = vec![Box::new(events::log)];
        #[cfg(feature = "systemd")]
        observers.extend(notifier.clone().map(|it| Box::new(it.observer()) as Callback));
        observers.extend(added);
        let hooks: Arc<[_]> = hooks.into();
        let shared = launch(&runtime, plan, hooks.clone(), options, observers, listeners);
        let health = Arc::new(HealthChecker::new(shared.clone(), hooks));
        let registry = Registry::new(shared, health);
        #[cfg(feature = "systemd")]
        if let Some(notifier) = notifier {
            registry.shared().owned_tasks.spawn(notifier.run(Arc::downgrade(registry.shared())));
        }
        if let Some(shut_down_on_signals) = signals {
            shut_down_on_signals(&registry);
        }
        Ok(registry)
    }
}
