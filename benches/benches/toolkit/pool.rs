//! The object pool.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Pool, RecycleResult};
use service_core::Result;
use service_toolkit::ObjectPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::case::Way;
use crate::fixture::with_owner;

const MAX: usize = 10;
const MAX_IDLE: Duration = Duration::from_secs(600);

struct Connection(u64);

impl Connection {
    async fn open() -> Result<Self, Infallible> {
        Ok(Self(0))
    }
}

struct Connections;

impl Manager for Connections {
    type Type = Connection;
    type Error = Infallible;

    async fn create(&self) -> Result<Connection, Infallible> {
        Connection::open().await
    }

    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<Infallible> {
        Ok(())
    }
}

pub(crate) async fn object_pool(way: Way, operations: u64) -> Result<()> {
    match way {
        Way::Toolkit => {
            with_owner(async |cx| {
                let pool =
                    ObjectPool::builder("bench", MAX, Connection::open).max_idle_time(MAX_IDLE).start(&cx).await?;
                for _ in 0..operations {
                    black_box(pool.get().await?).0 += 1;
                }
                Ok(())
            })
            .await
        }
        Way::Crate => {
            let pool = Pool::<Connections>::builder(Connections).max_size(MAX).build()?;
            for _ in 0..operations {
                black_box(pool.get().await?).0 += 1;
            }
            Ok(())
        }
        Way::ByHand => {
            let (permits, state) = (Arc::new(Semaphore::new(MAX)), Arc::new(Mutex::new(State::default())));
            for _ in 0..operations {
                let permit = permits.clone().acquire_owned().await?;
                let idle = lock(&state).take()?;
                let object = match idle {
                    Some(object) => object,
                    None => Connection::open().await?,
                };
                let mut pooled = Pooled { object: Some(object), state: state.clone(), _permit: permit };
                black_box(pooled.object.as_mut()).expect("it is there until the drop").0 += 1;
            }
            Ok(())
        }
    }
}

/// The objects of a pool by hand.
#[derive(Default)]
struct State {
    closed: bool,
    idle: Vec<(Connection, Instant)>,
    in_use: usize,
    gets: u64,
}

impl State {
    /// An object that is not too old.
    fn take(&mut self) -> Result<Option<Connection>> {
        if self.closed {
            return Err("the pool is closed".into());
        }
        self.in_use += 1;
        self.gets += 1;
        self.idle.retain(|(_, returned)| returned.elapsed() < MAX_IDLE);
        Ok(self.idle.pop().map(|(object, _)| object))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An object that is returned when it is dropped.
struct Pooled {
    object: Option<Connection>,
    state: Arc<Mutex<State>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let (object, mut state) = (self.object.take(), lock(&self.state));
        state.in_use -= 1;
        if !state.closed {
            state.idle.extend(object.map(|object| (object, Instant::now())));
        }
    }
}
