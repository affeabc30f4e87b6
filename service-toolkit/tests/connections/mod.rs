//! Connections that count themselves, and a pool of them in a service.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use service_core::{Context, Definition, Registry, Result};
use service_toolkit::ObjectPool;
use service_toolkit::object_pool::PoolBuilder;
use tokio::time::sleep;

use crate::harness::ms;

/// What happened to connections.
#[derive(Clone, Default)]
pub(crate) struct Peer {
    pub(crate) opened: Arc<AtomicUsize>,
    pub(crate) alive: Arc<AtomicUsize>,
    pub(crate) closed: Arc<Mutex<Vec<usize>>>,
    pub(crate) refuses: Arc<AtomicBool>,
}

/// A connection, which takes 10 ms to open and to close.
pub(crate) struct Connection {
    pub(crate) number: usize,
    pub(crate) is_open: bool,
    pub(crate) peer: Peer,
}

impl Peer {
    pub(crate) async fn open(self) -> Result<Connection, String> {
        sleep(ms(10)).await;
        if self.refuses.load(Ordering::Relaxed) {
            return Err("connection refused".into());
        }
        self.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Connection { number: self.opened.fetch_add(1, Ordering::Relaxed), is_open: true, peer: self })
    }

    pub(crate) fn builder(&self, max: usize) -> PoolBuilder<Connection> {
        let peer = self.clone();
        let pool = ObjectPool::builder("links", max, move || peer.clone().open());
        pool.is_closed(|connection| !connection.is_open).close_with(Connection::close)
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }

    pub(crate) fn closed(&self) -> Vec<usize> {
        self.closed.lock().unwrap().clone()
    }
}

impl Connection {
    pub(crate) async fn close(self) {
        sleep(ms(10)).await;
        self.peer.closed.lock().unwrap().push(self.number);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.peer.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a pool in a service.
pub(crate) async fn start<T: Send + 'static>(builder: PoolBuilder<T>) -> Result<(Registry, Started<T>)> {
    let builder = Mutex::new(Some(builder));
    let service = Definition::new("pool").drain_timeout(ms(1000)).shutdown_timeout(ms(1000)).init(move |cx| {
        let builder = builder.lock().unwrap().take().expect("it starts once");
        async move { Ok(Started { pool: builder.start(&cx).await?, cx }) }
    });
    let registry = Registry::builder().isolated().define(service).only_named("pool").boot().await?;
    let started = registry.get_named::<Started<T>>("pool")?;
    Ok((registry, Started { pool: started.pool.clone(), cx: started.cx.clone() }))
}

pub(crate) struct Started<T> {
    pub(crate) pool: ObjectPool<T>,
    pub(crate) cx: Context<Started<T>>,
}
