//! `#[cached]`.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::hash::Hash;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::cache::Cache;
use crate::mapped::mapped;

/// The caches of a function: one, or one for each set of types with which a generic function is called. A static in a generic
/// function is shared by all of them.
pub struct Caches {
    first: OnceLock<(TypeId, AnyCache)>,
    others: Mutex<Option<HashMap<TypeId, AnyCache>>>,
}

type AnyCache = Box<dyn Any + Send + Sync>;

impl Caches {
    /// No caches yet.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Self { first: OnceLock::new(), others: Mutex::new(None) }
    }

    /// The cache of the function in which a closure of the type `I` is written: that type differs for each set of types.
    fn get<I, K, V>(&self, make: impl Fn() -> Cache<K, V>) -> Cache<K, V>
    where
        I: 'static,
        K: CacheKey,
        V: CacheValue,
    {
        let id = TypeId::of::<I>();
        let (first, cache) = self.first.get_or_init(|| (id, Box::new(make())));
        if *first == id {
            return handle(cache);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        handle(others.get_or_insert_default().entry(id).or_insert_with(|| Box::new(make())))
    }
}

fn handle<K: 'static, V: 'static>(cache: &AnyCache) -> Cache<K, V> {
    cache.downcast_ref::<Cache<K, V>>().expect("one function has one type of keys and one of values").clone()
}

/// Finds out whether a type is a `Result`: the method that is found first is for a `Result`, that of [`PlainKind`] for any other.
pub struct Kind<R>(PhantomData<fn() -> R>);

impl<R> Kind<R> {
    /// The kind of this type.
    #[expect(clippy::new_without_default, reason = "it is for generated code")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T, E> Kind<Result<T, E>> {
    /// For a `Result`.
    pub fn kind(self) -> OnlyOk {
        OnlyOk
    }
}

/// A type that is not a `Result`.
pub trait PlainKind: Sized {
    /// For any other type.
    fn kind(self) -> Everything {
        Everything
    }
}

impl<R> PlainKind for Kind<R> {}

/// Only `Ok` is kept.
pub struct OnlyOk;

/// Each value is kept.
pub struct Everything;

/// Which part of what a body returns is kept.
pub trait Kept<R> {
    /// What is kept.
    type Value;
    /// What is not kept.
    type Error;
    /// Takes the two apart.
    fn split(returned: R) -> Result<Self::Value, Self::Error>;
    /// Puts one of the two back.
    fn join(parts: Result<Self::Value, Self::Error>) -> R;
}

impl<T, E> Kept<Result<T, E>> for OnlyOk {
    type Value = T;
    type Error = E;

    fn split(returned: Result<T, E>) -> Result<T, E> {
        returned
    }

    fn join(parts: Result<T, E>) -> Result<T, E> {
        parts
    }
}

impl<R> Kept<R> for Everything {
    type Value = R;
    type Error = Infallible;

    fn split(returned: R) -> Result<R, Infallible> {
        Ok(returned)
    }

    fn join(parts: Result<R, Infallible>) -> R {
        parts.unwrap_or_else(|never| match never {})
    }
}

/// The key of a cache. A trait, so that the compiler can say in our words that a type is not one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a cache; write `key = …`, with a key that implements `Hash`, `Eq` and `Clone`"
)]
pub trait CacheKey: Hash + Eq + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + Clone + Send + Sync + 'static> CacheKey for K {}

/// A value in a cache, likewise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a cache, because each caller gets a clone; implement `Clone` for it, or return an `Arc`"
)]
pub trait CacheValue: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<V: Clone + Send + Sync + 'static> CacheValue for V {}

/// The cache that belongs to a function, and how it is made.
pub struct FunctionCache<I, V> {
    /// Where it is.
    pub caches: &'static Caches,
    /// A closure that is written in the function.
    pub instance: I,
    /// How many values it keeps.
    pub max_size: usize,
    /// How long it keeps a value.
    pub ttl: Option<fn(&V) -> Duration>,
}

/// Returns the value of the key, or runs the body.
pub fn cached_for_function<I, S, K, F>(
    cache: FunctionCache<I, S::Value>,
    kept: S,
    key: K,
    body: F,
) -> impl Future<Output = F::Output>
where
    I: 'static,
    S: Kept<F::Output, Value: CacheValue>,
    K: CacheKey,
    F: Future,
{
    let FunctionCache { caches, max_size, ttl, .. } = cache;
    let cache = caches.get::<I, _, _>(|| match ttl {
        None => Cache::new(max_size),
        Some(ttl) => Cache::new(max_size).ttl_with(move |_, value| ttl(value)),
    });
    cached(cache, kept, key, body)
}

/// The time to live of a value that may be `None`.
pub fn ttl_of_option<T>(value: &Option<T>, some: Duration, none: Duration) -> Duration {
    if value.is_some() { some } else { none }
}

/// Returns the value of the key, or runs the body.
pub async fn cached<S, K, F>(cache: Cache<K, S::Value>, _kept: S, key: K, body: F) -> F::Output
where
    S: Kept<F::Output, Value: Clone>,
    K: Hash + Eq + Clone,
    F: Future,
{
    // By reference, because each `async fn` that takes a future stores it twice.
    let body = pin!(mapped(body, S::split));
    S::join(cache.get_or_try_insert_with(&key, body).await)
}
