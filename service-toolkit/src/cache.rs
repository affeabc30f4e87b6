//! [`Cache`]: keeps values for a time, and loads each of them once.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::{Cache as Store, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};
use tokio::time::Instant;

/// The room that a cache takes before its first value, at most.
const ROOM: usize = 1024;

/// A cache that is bounded in size and time, with single flight: concurrent callers that miss the same key share one load. Cheap to
/// clone; the clones share the values.
///
/// It is `quick_cache` with an expiry by tokio's clock and a count of hits and misses. If the cache is full, it evicts values that were not used
/// for long. An expired value is never returned, and takes its place until it is looked up or evicted.
///
/// Any value can be cached, `None` and `Err` included. How long a value is kept can depend on it, see [`ttl_with`](Self::ttl_with):
/// this is the choice between no, short and full negative caching.
///
/// ```
/// use std::time::Duration;
/// use service_toolkit::cache::Cache;
///
/// # #[tokio::main]
/// # async fn main() {
/// // Users for a minute; that there is no such user for a second.
/// let users: Cache<u32, Option<String>> = Cache::new(10_000).ttl_with(|_id, user: &Option<String>| {
///     Duration::from_secs(if user.is_some() { 60 } else { 1 })
/// });
/// let load = async || Some(String::from("Ada")); // a query, in a real program
/// assert_eq!(users.get_or_insert_with(&1, load()).await.as_deref(), Some("Ada"));
/// assert_eq!(users.get_or_insert_with(&1, load()).await.as_deref(), Some("Ada"));
/// assert_eq!((users.stats().loads, users.stats().hits), (1, 1));
/// # }
/// ```
pub struct Cache<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    store: Store<K, Entry<V>, UnitWeighter, DefaultHashBuilder, Evictions>,
    ttl: Ttl<K, V>,
    hits: AtomicU64,
    misses: AtomicU64,
    loads: AtomicU64,
    evictions: Arc<AtomicU64>,
    /// How often all values were invalidated. A value of an earlier generation is never returned.
    generation: AtomicU64,
}

enum Ttl<K, V> {
    Unlimited,
    Fixed(Duration),
    Of(TtlOf<K, V>),
}

type TtlOf<K, V> = Box<dyn Fn(&K, &V) -> Duration + Send + Sync>;

/// What a [`Cache`] has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Lookups that returned a value which the caller did not load itself. A caller that waited for the load of another is one of them.
    pub hits: u64,
    /// Lookups that found no value, or an expired one.
    pub misses: u64,
    /// Loads that began, whether they succeeded or not.
    pub loads: u64,
    /// Values that were removed, or not kept, because the cache was full. Expired values may be among them.
    pub evictions: u64,
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone,
{
    /// Makes a cache for at most this many values, which do not expire. A size of zero keeps nothing; loads are shared
    /// nevertheless.
    #[must_use]
    pub fn new(max_size: usize) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let store = Store::with_options(
            OptionsBuilder::new()
                .estimated_items_capacity(max_size.min(ROOM))
                .weight_capacity(max_size as u64)
                .build()
                .expect("both capacities are set"),
            UnitWeighter,
            DefaultHashBuilder::default(),
            Evictions(evictions.clone()),
        );
        let (hits, misses, loads) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let (ttl, generation) = (Ttl::Unlimited, AtomicU64::new(0));
        Self { inner: Arc::new(Inner { store, ttl, hits, misses, loads, evictions, generation }) }
    }

    /// Makes each value expire this time after it was inserted. Zero keeps nothing; a time that the clock cannot reach, such as
    /// [`Duration::MAX`], is no limit. What is returned is another cache, which is empty: clones that were made before share
    /// nothing with it.
    #[must_use]
    pub fn ttl(self, time: Duration) -> Self {
        self.expire(Ttl::Fixed(time))
    }

    /// Makes each value expire after a time that depends on its key and on itself. A value whose time is zero is not kept.
    ///
    /// With a `V` of `Option<T>` or `Result<T, E>` this is negative caching: a short time for `None` or `Err`, or zero to
    /// look up such a key again each time. What is returned is another, empty cache, as with [`ttl`](Self::ttl).
    #[must_use]
    pub fn ttl_with(self, time: impl Fn(&K, &V) -> Duration + Send + Sync + 'static) -> Self {
        self.expire(Ttl::Of(Box::new(time)))
    }

    fn expire(self, ttl: Ttl<K, V>) -> Self {
        let capacity = usize::try_from(self.inner.store.capacity()).unwrap_or(usize::MAX);
        let mut new = Self::new(capacity);
        if let Some(inner) = Arc::get_mut(&mut new.inner) {
            inner.ttl = ttl;
        }
        new
    }

    /// Returns a value that is not expired.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = self.find(key);
        count(if found.is_some() { &self.inner.hits } else { &self.inner.misses });
        found
    }

    /// Inserts a value, instead of the one that the key has.
    pub fn insert(&self, key: K, value: V) {
        let Inner { store, evictions, .. } = &*self.inner;
        let Some(entry) = self.inner.entry(&key, value, self.inner.generation()) else {
            store.remove(&key);
            return;
        };
        let mut evicted = None;
        store.insert_with_lifecycle(key, entry, &mut evicted);
        // The store reports a value that it replaced as evicted. Its key is there still.
        if evicted.is_some_and(|(key, _)| store.contains_key(&key)) {
            evictions.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Returns the value of the key, or else awaits the load and inserts its value.
    ///
    /// While a load of a key runs, other callers for the key wait for it. Each caller brings its own load, and only one runs. If a load
    /// is dropped, because its caller was cancelled, or panics, then the load of the next caller runs. If the value is
    /// not kept, because its time to live is zero or the key was invalidated meanwhile, the callers that waited load one after the other.
    ///
    /// A load must not ask the cache for its own key, because it would wait for itself.
    pub async fn get_or_insert_with<Q, F>(&self, key: &Q, load: F) -> V
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = V>,
    {
        let loaded = self.get_or_try_insert_with(key, async { Ok::<_, Infallible>(load.await) }).await;
        loaded.unwrap_or_else(|never| match never {})
    }

    /// Returns the value of the key, or else awaits the load and inserts its value if it succeeds.
    ///
    /// This is [`get_or_insert_with`](Self::get_or_insert_with) for a load that can fail. An error is not cached: the caller whose load it
    /// was gets it, and the next caller loads again. To cache errors for a time, make `V` a `Result` and use
    /// [`ttl_with`](Self::ttl_with).
    ///
    /// # Errors
    ///
    /// The error of the load.
    pub async fn get_or_try_insert_with<Q, F, E>(&self, key: &Q, load: F) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
        F: Future<Output = Result<V, E>>,
    {
        let inner = &*self.inner;
        // The usual case takes a lock for reading only.
        if let Some(value) = self.find(key) {
            count(&inner.hits);
            return Ok(value);
        }
        let look = |_: &K, entry: &mut Entry<V>| match inner.live(entry) {
            Some(value) => EntryAction::Retain(value),
            None => EntryAction::ReplaceWithGuard,
        };
        // A guard that is dropped without a value, by an error, a panic or a cancel, passes to the next caller.
        let guard = match inner.store.entry_async(key, look).await {
            EntryResult::Retained(value) => {
                count(&inner.hits);
                return Ok(value);
            }
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => Some(guard),
            // Neither happens: nothing above removes, and there is no time limit. Loading is right in any case.
            EntryResult::Removed(..) | EntryResult::Timeout => None,
        };
        count(&inner.misses);
        count(&inner.loads);
        let generation = inner.generation();
        let value = load.await?;
        if let (Some(guard), true) = (guard, inner.generation() == generation)
            && let Some(entry) = inner.entry(&key.to_owned(), value.clone(), generation)
        {
            // Refused if the key was invalidated or inserted meanwhile: then this value is the older one.
            let _ = guard.insert(entry);
        }
        Ok(value)
    }

    /// Removes the value of a key. Returns whether there was one that had not expired.
    ///
    /// A load of the key that is running goes on, and its caller gets its value, but the value is not kept.
    pub fn invalidate<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.inner.store.remove(key).is_some_and(|(_, entry)| self.inner.live(&entry).is_some())
    }

    /// Removes all values.
    ///
    /// A load that is running goes on, and its caller gets its value, but the value is not kept; other callers for its key load
    /// after it.
    pub fn invalidate_all(&self) {
        self.inner.generation.fetch_add(1, Ordering::AcqRel);
        // One by one, and not with `clear`, which drops them under a lock: a drop is code of the user, and may use the cache.
        self.inner.store.drain().for_each(drop);
    }

    /// The number of values, with the expired ones that were not removed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.store.len()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the cache has done so far.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Inner { hits, misses, loads, evictions, .. } = &*self.inner;
        CacheStats { hits: get(hits), misses: get(misses), loads: get(loads), evictions: get(evictions) }
    }

    fn find<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.inner.live(&self.inner.store.get(key)?)
    }
}

impl<K, V> Inner<K, V> {
    /// The entry for a value, if it is kept at all.
    fn entry(&self, key: &K, value: V, generation: u64) -> Option<Entry<V>> {
        let time = match &self.ttl {
            Ttl::Unlimited => return Some(Entry { value, expires: None, generation }),
            Ttl::Fixed(time) => *time,
            Ttl::Of(time) => time(key, &value),
        };
        let entry = |value| Entry { value, expires: Instant::now().checked_add(time), generation };
        (!time.is_zero()).then(|| entry(value))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

impl<K, V: Clone> Inner<K, V> {
    fn live(&self, entry: &Entry<V>) -> Option<V> {
        let is_live =
            entry.generation == self.generation() && entry.expires.is_none_or(|expires| Instant::now() < expires);
        is_live.then(|| entry.value.clone())
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { hits, misses, .. } = &*self.inner;
        f.debug_struct("Cache").field("hits", hits).field("misses", misses).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    expires: Option<Instant>,
    generation: u64,
}

fn count(what: &AtomicU64) {
    what.fetch_add(1, Ordering::Relaxed);
}

/// Counts what the store evicts.
#[derive(Clone)]
struct Evictions(Arc<AtomicU64>);

impl<K, V> quick_cache::Lifecycle<K, V> for Evictions {
    /// What was evicted; with one insert it is at most one. It is dropped after the insert, because this function runs under a
    /// lock, and a drop is code of the user, which may use the cache.
    type RequestState = Option<(K, V)>;

    fn on_evict(&self, evicted: &mut Option<(K, V)>, key: K, value: V) {
        count(&self.0);
        *evicted = Some((key, value));
    }
}
