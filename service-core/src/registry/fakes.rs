//! [`Fakes`]: the values that a test puts in the place of trait objects, as the types that they are.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::Arc;

use super::builder::Builder;
use super::registry::Registry;
use crate::base::short_name;

/// The values of `replace(dyn Trait = value)`, by their own types. A trait object does not say which type it is.
#[derive(Debug, Default)]
pub struct Fakes(HashMap<TypeId, Fake>);

#[derive(Debug)]
enum Fake {
    /// An `Arc` of that type.
    One(Box<dyn Any>),
    /// Several values have that type.
    Several,
}

impl Fake {
    fn value<T: ?Sized + 'static>(&self) -> Option<&Arc<T>> {
        match self {
            Self::One(value) => value.downcast_ref(),
            Self::Several => None,
        }
    }
}

impl Fakes {
    /// Keeps a value that replaces the provider of a trait object `B`. One whose own type is not seen is not kept.
    pub fn keep<B: ?Sized + 'static, T: ?Sized + 'static>(&mut self, value: &Arc<T>) {
        if TypeId::of::<B>() == TypeId::of::<T>() {
            return;
        }
        let kept = self.0.entry(TypeId::of::<T>()).or_insert_with(|| Fake::One(Box::new(value.clone())));
        let is_same = kept.value::<T>().is_some_and(|kept| Arc::ptr_eq(kept, value));
        if !is_same {
            *kept = Fake::Several;
        }
    }

    /// Boots a service for an argument of the test. A fake is there without a boot.
    pub fn only<T: ?Sized + Send + Sync + 'static>(&self, builder: Builder) -> Builder {
        if self.0.contains_key(&TypeId::of::<T>()) { builder } else { builder.only::<T>() }
    }

    /// An argument of the test: a fake, or a ready service.
    ///
    /// # Panics
    /// If the service is not ready, or several fakes have the type.
    pub async fn argument<T: ?Sized + Send + Sync + 'static>(&self, registry: &Registry) -> Arc<T> {
        if let Some(fake) = self.0.get(&TypeId::of::<T>()) {
            let Some(value) = fake.value() else {
                panic!(
                    "several values that replace a trait have the type {}, and an argument cannot be all of them; give each a type of its own",
                    short_name(type_name::<T>())
                );
            };
            return Arc::clone(value);
        }
        match registry.wait_ready::<T>().await {
            Ok(service) => service,
            Err(error) => panic!("{error}"),
        }
    }
}
