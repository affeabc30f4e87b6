//! [`Latch`]: a gate that opens once.

use tokio::sync::watch;

/// A gate that opens once and stays open. Clones share it.
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
    /// A closed latch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn opened(&self) {
        let mut open = self.open.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = open.wait_for(|open| *open).await;
    }
}
