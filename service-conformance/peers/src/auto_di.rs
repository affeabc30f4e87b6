//! [`AutoDi`]: the adapter of auto-di. A service of a plan is a singleton type.
//!
//! A graph of auto-di consists of types, and a plan is created at run time. So each type has a profile of its own, and the
//! container is created with the profiles of the services in the plan. A constructor takes a `Provider<T>` for every type
//! instead of an `Arc<T>` for each dependency, and asks only the providers that the plan names. A provider continues the
//! resolution that it is part of, so edges, cycles and missing types are found as with `Arc<T>`.

use std::collections::HashMap;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

use auto_di::{Container, DiError, Provider, singleton};
use service_conformance::{Adapter, Capability, InjectedError, Plan, Service, Value};

/// The adapter of auto-di.
pub(crate) struct AutoDi;

tokio::task_local! {
    /// The services of the plan that is being booted. A constructor takes singletons only, so they cannot be arguments.
    static PLAN: Arc<HashMap<String, Service>>;
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Resolves the type of a name.
type Resolver = for<'a> fn(&'a Container) -> BoxFuture<'a, Result<Value, DiError>>;

macro_rules! services {
    ($($name:ident $profile:tt $field:ident)*) => { services!(@each [$($name $field)*] $($name $profile)*); };
    (@each $all:tt $($name:ident $profile:tt)*) => {
        $(services!(@one $all $name $profile);)*

        fn resolver(service: &str) -> Option<Resolver> {
            match service {
                $($profile => Some(|container| {
                    Box::pin(async move { Ok(container.resolve::<$name>().await?.value.clone()) })
                }),)*
                _ => None,
            }
        }
    };
    (@one [$($other:ident $field:ident)*] $name:ident $profile:tt) => {
        struct $name {
            service: Service,
            value: Value,
        }

        #[singleton(profile = $profile, pre_destroy = "shutdown")]
        impl $name {
            #[allow(clippy::too_many_arguments, reason = "any may be required")]
            async fn new($($field: Provider<$other>),*) -> Result<Self, Box<dyn Error + Send + Sync>> {
                let service = PLAN.with(|plan| plan[$profile].clone());
                let mut given = Vec::new();
                for required in service.requires() {
                    given.push(match required.as_str() {
                        $(stringify!($other) => $field.get().await?.value.clone(),)*
                        other => return Err(format!("there is no type for {other}").into()),
                    });
                }
                for wanted in service.wants() {
                    // As with `Option<Arc<T>>`, only a missing provider is `None`.
                    let wanted = match wanted.as_str() {
                        $(stringify!($other) => $field.get().await.map(|it| it.value.clone()),)*
                        other => return Err(format!("there is no type for {other}").into()),
                    };
                    match wanted {
                        Ok(value) => given.push(value),
                        Err(DiError::MissingProvider(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                let value = service.init(given).await?;
                Ok(Self { service, value })
            }

            async fn shutdown(&self) -> Result<(), InjectedError> {
                self.service.shutdown().await
            }
        }
    };
}

services! {
    Alpha "Alpha" alpha  Bravo "Bravo" bravo  Charlie "Charlie" charlie  Delta "Delta" delta  Echo "Echo" echo
    Foxtrot "Foxtrot" foxtrot  Golf "Golf" golf  Hotel "Hotel" hotel  India "India" india  Juliett "Juliett" juliett
    Kilo "Kilo" kilo  Lima "Lima" lima  Mike "Mike" mike  November "November" november  Oscar "Oscar" oscar
    Papa "Papa" papa  Quebec "Quebec" quebec  Romeo "Romeo" romeo  Sierra "Sierra" sierra  Tango "Tango" tango
    Uniform "Uniform" uniform  Victor "Victor" victor  Whiskey "Whiskey" whiskey  Xray "Xray" xray
    Yankee "Yankee" yankee  Zulu "Zulu" zulu
}

async fn resolve(container: &Container, service: &str) -> Result<Value, String> {
    let resolver = resolver(service).ok_or_else(|| format!("there is no type for {service}"))?;
    resolver(container).await.map_err(|error| error.to_string())
}

impl Adapter for AutoDi {
    type Registry = Container;

    fn name(&self) -> String {
        "auto-di 0.6".to_owned()
    }

    fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        Some(match capability {
            Capability::AnyName => "a singleton is a type",
            Capability::Validation => "its `validate` constructs the singletons, as its boot does",
            Capability::Duplicates => "several providers of one type are a feature",
            Capability::After => "what a constructor does not take has no place in the order",
            Capability::Concurrency | Capability::ConcurrencyCap => "its boot constructs one singleton after another",
            Capability::Rollback => "a boot that fails returns, and leaves the container as it is",
            Capability::BootTimeout | Capability::ShutdownTimeout => "it keeps no time",
            Capability::ServiceInitTimeout | Capability::ServiceShutdownTimeout => "it keeps no time",
            Capability::Cancellation => "a boot is not cancelled, but dropped",
            _ => return None,
        })
    }

    async fn boot(&self, plan: &Plan) -> Result<Container, String> {
        let services: HashMap<_, _> = plan.services().iter().map(|it| (it.name().to_owned(), it.clone())).collect();
        let container = Container::with_profiles(services.keys()).map_err(|error| error.to_string())?;
        let boot = async {
            match plan.only() {
                // As `#[application]` does before `main` begins.
                None => container.validate().await.map_err(|error| error.to_string()),
                // Other types are constructed when they are first resolved.
                Some(only) => resolve(&container, only).await.map(drop),
            }
        };
        PLAN.scope(Arc::new(services), boot).await?;
        Ok(container)
    }

    async fn get(&self, registry: &Container, service: &str) -> Result<Value, String> {
        resolve(registry, service).await
    }

    async fn shutdown(&self, registry: &Container) -> Result<(), String> {
        registry.shutdown().await.map_err(|error| error.to_string())
    }
}
