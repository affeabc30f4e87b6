//! continuo: a component of a runtime registry, which is booted with what it requires.

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use continuo::{Bootable, Component, Error, HasRegistry, Registry, SharedState};
use tokio_util::sync::CancellationToken;

use super::chain;

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

macro_rules! components {
    (first $first:ident; few $($few:ident $few_on:ident),*; many $($many:ident $many_on:ident),*;) => {
        components!(@one $first ());
        $(components!(@one $few (Arc<$few_on>,));)*
        $(components!(@one $many (Arc<$many_on>,));)*

        fn register(registry: &Registry<State>, count: usize) -> Result<(), Error> {
            registry.register(Arc::new($first))?;
            $(registry.register(Arc::new($few))?;)*
            if count > super::FEW {
                $(registry.register(Arc::new($many))?;)*
            }
            Ok(())
        }
    };
    (@one $name:ident $requires:ty) => {
        struct $name;

        impl Component<State> for $name {
            type Deps = $requires;

            fn name(&self) -> &str {
                stringify!($name)
            }

            fn as_bootable(&self) -> Option<&dyn Bootable<State, $requires>> {
                Some(self)
            }
        }

        #[async_trait]
        impl Bootable<State, $requires> for $name {
            async fn boot(&self, given: $requires, _: &State) -> Result<(), Error> {
                black_box(given);
                Ok(())
            }
        }
    };
}
chain!(components);

pub(super) async fn boot(count: usize) -> Result<(), Error> {
    let state = State(Arc::new(Inner { shutdown: CancellationToken::new(), registry: Registry::new() }));
    register(state.registry_ref(), count)?;
    state.registry_ref().boot_all(&state).await?;
    black_box(state);
    Ok(())
}
