//! auto-di: a singleton with an asynchronous constructor, in a profile for each chain.

use std::hint::black_box;
use std::sync::Arc;

use auto_di::{Container, singleton};
use service_core::Result;

use super::chain;

macro_rules! singletons {
    (first $first:ident; few $($few:ident $few_on:ident),*; many $($many:ident $many_on:ident),*;) => {
        struct $first;

        #[singleton(profile = "few")]
        impl $first {
            async fn new() -> Self {
                Self
            }
        }

        $(singletons!(@one "few" $few $few_on);)*
        $(singletons!(@one "many" $many $many_on);)*
    };
    (@one $profile:tt $name:ident $on:ident) => {
        struct $name {
            _on: Arc<$on>,
        }

        #[singleton(profile = $profile)]
        impl $name {
            async fn new(on: Arc<$on>) -> Self {
                Self { _on: on }
            }
        }
    };
}
chain!(singletons);

pub(super) async fn boot(count: usize) -> Result<()> {
    let profiles = if count == super::FEW { vec!["few"] } else { vec!["few", "many"] };
    let container = Container::with_profiles(profiles)?;
    // As `#[application]` does before `main` begins.
    container.validate().await?;
    black_box(container);
    Ok(())
}
