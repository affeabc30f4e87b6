//! [`Latch`]: shut until it is opened, then open for ever.

use tokio::sync::watch;

/// Shut until it is opened, then open for ever. A cheap clone.
#[derive(Clone, Debug)]
pub struct Latch {
    open: watch::Sender<bool>,
}

impl Default for Latch {
    fn default() -> Self {
        Self { open: watch::Sender::new(false) }
    }
}

impl Latch {
    /// A shut one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Ends as soon as it is open.
    pub async fn opened(&self) {
        let mut open = self.open.subscribe();
        // It cannot be dropped while it is waited for: this is a handle of it.
        let _ = open.wait_for(|open| *open).await;
    }
}
