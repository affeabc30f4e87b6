//! [`Assembly`]: the parts that a registry is made of, before its plan is proved. [`Prepared`]: the same, afterwards.

use std::sync::Arc;

use super::catalog::linked;
use super::registry::Registry;
use crate::events::{self, Callback};
use crate::health::HealthChecker;
use crate::lifecycle::launch;
use crate::plan::{Plan, Request, prove};
use crate::report::{BootError, BootFailure, PlanError};
use crate::service::{Declared, Hooks};
use crate::shared::Options;
use crate::signals::Signals;

/// The parts that a registry is made of. By default: everything that is linked in.
#[derive(Default)]
pub(super) struct Assembly {
    pub request: Request,
    pub added: Vec<Declared>,
    pub stand_ins: Vec<Declared>,
    pub options: Options,
    pub observers: Vec<Callback>,
    pub listeners: Vec<Callback>,
    pub signals: bool,
    #[cfg(feature = "systemd")]
    pub systemd: crate::systemd::Systemd,
}

impl Assembly {
    /// Proves the plan.
    pub(super) fn plan(self) -> Result<Plan, PlanError> {
        let request = self.request.clone();
        let catalog = self.catalog();
        prove(catalog.into_iter().map(|declared| declared.facts).collect(), &request)
    }

    /// Proves the plan, and returns what a registry is launched from.
    pub(super) fn prepare(mut self, origin: String) -> Result<Prepared, BootError> {
        let observers = std::mem::take(&mut self.observers);
        let listeners = std::mem::take(&mut self.listeners);
        let options = Options { origin, ..self.options.clone() };
        let (signals, request) = (self.signals, self.request.clone());
        #[cfg(feature = "systemd")]
        let systemd = std::mem::take(&mut self.systemd);
        let (facts, hooks): (Vec<_>, Vec<_>) = self.catalog().into_iter().map(|it| (it.facts, it.hooks)).unzip();
        let plan = prove(facts, &request)?;
        let hooks = plan.services().iter().map(|service| Arc::clone(&hooks[service.source])).collect();
        Ok(Prepared {
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

/// What a registry is launched from, with a proved plan.
pub(super) struct Prepared {
    plan: Plan,
    hooks: Vec<Arc<dyn Hooks>>,
    options: Options,
    observers: Vec<Callback>,
    listeners: Vec<Callback>,
    signals: bool,
    #[cfg(feature = "systemd")]
    systemd: crate::systemd::Systemd,
}

impl Prepared {
    /// The hooks of all services, which own the supplied instances.
    pub(super) fn hooks(&self) -> Vec<Arc<dyn Hooks>> {
        self.hooks.clone()
    }

    /// A registry that is not booted yet.
    pub(super) fn launch(self) -> Result<Registry, BootError> {
        #[cfg(feature = "systemd")]
        let notifier = self.systemd.notifier(&self.plan, &self.options);
        let Self { plan, hooks, options, observers: added, listeners, signals, .. } = self;
        let signals = match signals.then(Signals::listen).transpose() {
            Ok(signals) => signals,
            Err(error) => return Err(BootError::new(BootFailure::Signals(Arc::new(error)), None)),
        };
        let mut observers: Vec<Callback> = vec![Box::new(events::log)];
        #[cfg(feature = "systemd")]
        observers.extend(notifier.clone().map(|it| Box::new(it.observer()) as Callback));
        observers.extend(added);
        let hooks: Arc<[_]> = hooks.into();
        let shared = launch(plan, hooks.clone(), options, observers, listeners)?;
        let health = Arc::new(HealthChecker::new(shared.clone(), hooks));
        let registry = Registry::new(shared, health);
        #[cfg(feature = "systemd")]
        if let Some(notifier) = notifier {
            registry.shared().owned_tasks.spawn(notifier.run(Arc::downgrade(registry.shared())));
        }
        if let Some(signals) = signals {
            registry.obey(signals);
        }
        Ok(registry)
    }
}
