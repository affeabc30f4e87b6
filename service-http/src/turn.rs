//! [`Turn`]: whom one connection waits for, the client or us. HTTP/1.1 has one request at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::http::Method;

/// Whom one connection waits for.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    request: Mutex<Option<Asked>>,
    has_begun: AtomicBool,
    is_unread: AtomicBool,
}

#[derive(Debug)]
struct Asked {
    name: String,
    began: Instant,
    is_ours: bool,
}

impl Turn {
    fn lock(&self) -> MutexGuard<'_, Option<Asked>> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has begun: it is ours to answer.
    pub(crate) fn begin(&self, method: &Method, path: &str) {
        self.has_begun.store(true, Ordering::Release);
        self.is_unread.store(false, Ordering::Release);
        *self.lock() = Some(Asked { name: format!("{method} {path}"), began: Instant::now(), is_ours: true });
    }

    /// Whether there ever was a request.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }

    /// Nobody reads the rest of the request.
    pub(crate) fn leave_unread(&self) {
        self.is_unread.store(true, Ordering::Release);
    }

    /// Whether a part of the request, which the client may still be sending, was not read.
    pub(crate) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Acquire)
    }

    /// From now on we wait for the client, or it waits for us.
    pub(crate) fn pass(&self, is_ours: bool) {
        if let Some(asked) = &mut *self.lock() {
            asked.is_ours = is_ours;
        }
    }

    /// The answer is complete; the client may take it, and ask for more.
    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    /// What is asked for.
    pub(crate) fn name(&self) -> String {
        self.lock().as_ref().map(|asked| asked.name.clone()).unwrap_or_default()
    }

    /// The request that waits for us, and since when.
    pub(crate) fn unanswered(&self) -> Option<String> {
        let asked = self.lock();
        let asked = asked.as_ref().filter(|asked| asked.is_ours)?;
        Some(format!("{} after {:.1?}", asked.name, asked.began.elapsed()))
    }
}
