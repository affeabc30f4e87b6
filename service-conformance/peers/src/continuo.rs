//! [`Continuo`]: the adapter of continuo. A service of a plan is a component, whose value is made when it boots.
//!
//! What a component requires is written down in a type, and a plan is made at run time. So `Deps` is a type of ours that
//! looks into the plan, and finds each component through the implementation of `Resolve` that a tuple would use.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use continuo::{
    Bootable, Component, ComponentOrder, Error, Finalizable, FinalizeOutcome, HasRegistry, Registry, Resolve, Runtime,
    SharedState,
};
use service_conformance::{Adapter, Capability, Plan, Service, Value};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The adapter of continuo.
pub(crate) struct Continuo;

/// The state of an application.
#[derive(Clone)]
struct State(Arc<Inner>);

struct Inner {
    shutdown: CancellationToken,
    registry: Registry<State>,
}

impl SharedState for State {
    fn shutdown_token(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }
}

impl HasRegistry for State {
    fn registry_ref(&self) -> &Registry<Self> {
        &self.0.registry
    }
}

type Services = Arc<HashMap<String, Service>>;

tokio::task_local! {
    /// The services of the plan. The dependencies of a type are resolved without a state, so they cannot be in the state.
    static PLAN: Services;
}

/// The component of one name; `N` makes it a distinct type.
struct Node<N> {
    service: Service,
    value: OnceLock<Value>,
    name: PhantomData<fn() -> N>,
}

impl<N> Node<N> {
    fn value(&self) -> Result<Value, Error> {
        self.value.get().cloned().ok_or_else(|| Error::msg(format!("{} has no value yet", self.service.name())))
    }
}

/// The values of the services that a component requires, and of those that it wants and that are ready.
struct Dependencies<N> {
    values: Vec<Value>,
    name: PhantomData<fn() -> N>,
}

impl<N> Clone for Dependencies<N> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), name: PhantomData }
    }
}

impl<N: 'static> Resolve<State> for Dependencies<N> {
    fn dependencies(into: &mut Vec<TypeId>) {
        let service = planned::<N>();
        into.extend(service.requires().iter().chain(service.wants()).filter_map(|name| Some((kind(name)?.id)())));
    }

    fn resolve(registry: &Registry<State>) -> Result<Self, Error> {
        let service = planned::<N>();
        let known = |name: &String| kind(name).ok_or_else(|| Error::msg(format!("there is no type for {name}")));
        let mut values = Vec::new();
        for name in service.requires() {
            values.push((known(name)?.required)(registry)?);
        }
        for name in service.wants() {
            values.extend((known(name)?.wanted)(registry)?);
        }
        Ok(Self { values, name: PhantomData })
    }
}

/// The service of this type in the plan that is being booted.
fn planned<N>() -> Service {
    let name = type_name::<N>().rsplit(':').next().unwrap_or_default();
    PLAN.with(|plan| plan[name].clone())
}

impl<N: 'static> Component<State> for Node<N> {
    type Deps = Dependencies<N>;

    fn name(&self) -> &str {
        self.service.name()
    }

    fn order(&self) -> ComponentOrder {
        let after = self.service.after().iter().filter_map(|name| kind(name));
        after.fold(ComponentOrder::new(), |order, kind| (kind.after)(order))
    }

    fn as_bootable(&self) -> Option<&dyn Bootable<State, Dependencies<N>>> {
        Some(self)
    }

    fn as_finalizable(&self) -> Option<&dyn Finalizable<State>> {
        Some(self)
    }
}

#[async_trait]
impl<N: 'static> Bootable<State, Dependencies<N>> for Node<N> {
    async fn boot(&self, given: Dependencies<N>, _: &State) -> Result<(), Error> {
        let value = self.service.init(given.values).await?;
        self.value.get_or_init(|| value);
        Ok(())
    }
}

#[async_trait]
impl<N: 'static> Finalizable<State> for Node<N> {
    async fn finalize(&self, _: &State) -> Result<(), Error> {
        Ok(self.service.shutdown().await?)
    }
}

/// The operations on the type of a name.
#[derive(Clone, Copy)]
struct Kind {
    id: fn() -> TypeId,
    register: fn(&Registry<State>, Service) -> Result<(), Error>,
    required: fn(&Registry<State>) -> Result<Value, Error>,
    wanted: fn(&Registry<State>) -> Result<Option<Value>, Error>,
    after: fn(ComponentOrder) -> ComponentOrder,
}

fn kind_of<N: 'static>() -> Kind {
    Kind {
        id: TypeId::of::<Node<N>>,
        register: |registry, service| {
            let node = Node::<N> { service, value: OnceLock::new(), name: PhantomData };
            registry.register(Arc::new(node)).map(drop)
        },
        required: |registry| <Arc<Node<N>> as Resolve<State>>::resolve(registry)?.value(),
        wanted: |registry| {
            let node = <Option<Arc<Node<N>>> as Resolve<State>>::resolve(registry)?;
            node.map(|node| node.value()).transpose()
        },
        after: ComponentOrder::after::<Node<N>>,
    }
}

macro_rules! names {
    ($($name:ident)*) => {
        $(struct $name;)*

        fn kind(name: &str) -> Option<Kind> {
            match name {
                $(stringify!($name) => Some(kind_of::<$name>()),)*
                _ => None,
            }
        }
    };
}

names! {
    Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra
    Tango Uniform Victor Whiskey Xray Yankee Zulu
}

/// An application that is up, and the task that runs it.
pub(crate) struct Application {
    state: State,
    running: Mutex<Option<JoinHandle<Result<FinalizeOutcome, Error>>>>,
}

impl Adapter for Continuo {
    type Registry = Application;

    fn name(&self) -> String {
        "continuo 0.11".to_owned()
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        Some(match capability {
            Capability::AnyName => "a component is a type",
            Capability::Validation => "its validation comes after boot",
            Capability::Subset => "it boots everything that is registered",
            Capability::Concurrency | Capability::ConcurrencyCap => "it boots one component after another",
            Capability::Rollback => "the cleanup of a partial boot is the application's, its documents say",
            Capability::BootTimeout | Capability::ShutdownTimeout => "it imposes no deadline, its documents say",
            Capability::ServiceInitTimeout | Capability::ServiceShutdownTimeout => {
                "it imposes no deadline, its documents say"
            }
            Capability::Cancellation => "a boot is not cancelled, but dropped",
            Capability::RepeatedShutdown => "a run ends once, for the one who awaits it",
            _ => return None,
        })
    }

    async fn boot(&self, plan: &Plan) -> Result<Application, String> {
        let services = plan.services().iter().map(|it| (it.name().to_owned(), it.clone()));
        let services: Services = Arc::new(services.collect());
        let state = State(Arc::new(Inner { shutdown: CancellationToken::new(), registry: Registry::new() }));
        for service in plan.services() {
            let kind = kind(service.name()).ok_or_else(|| format!("there is no type for {}", service.name()))?;
            (kind.register)(state.registry_ref(), service.clone()).map_err(|error| error.to_string())?;
        }
        let boot = PLAN.scope(services.clone(), state.registry_ref().boot_all(&state));
        boot.await.map_err(|error| error.to_string())?;
        // As `Runtime::run` does after the same boot. It is a task, because it ends with the application.
        let run = Runtime::default().run_prepared(state.clone());
        let running = Mutex::new(Some(tokio::spawn(PLAN.scope(services, run))));
        Ok(Application { state, running })
    }

    async fn get(&self, application: &Application, service: &str) -> Result<Value, String> {
        let kind = kind(service).ok_or_else(|| format!("there is no type for {service}"))?;
        (kind.required)(application.state.registry_ref()).map_err(|error| error.to_string())
    }

    async fn shutdown(&self, application: &Application) -> Result<(), String> {
        application.state.initiate_shutdown();
        let running = application.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return Ok(()) };
        let finalized = match running.await {
            Ok(finalized) => finalized.map_err(|error| error.to_string())?,
            // A caller that awaits the run sees the panic.
            Err(error) => resume_unwind(error.into_panic()),
        };
        let failures = finalized.failures().iter().map(|it| format!("{}: {}", it.component(), it.error()));
        let failures: Vec<_> = failures.collect();
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}
