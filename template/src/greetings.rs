//! [`Greetings`]: what the program does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use service_core::{NotReady, guarded, service};

use crate::settings::Settings;

/// Greets, and counts.
#[service(autowire)]
pub(crate) struct Greetings {
    settings: Arc<Settings>,
    count: AtomicU64,
}

#[guarded]
impl Greetings {
    /// The greeting for this name.
    pub(crate) async fn greet(&self, name: &str) -> Result<String, NotReady> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(format!(
            "{}, {name}; you are number {number}\n",
            self.settings.greeting
        ))
    }
}

#[cfg(test)]
mod tests {
    use service_core::Result;

    use super::*;

    // The structs stay plain, so a unit test makes them by hand.
    #[tokio::test]
    async fn each_greeting_is_counted() -> Result<()> {
        let greetings = Greetings {
            settings: Arc::new(Settings::test()),
            count: AtomicU64::new(6),
        };
        assert_eq!(
            greetings.greet("Ada").await?,
            "hello, Ada; you are number 7\n"
        );
        assert_eq!(
            greetings.greet("Grace").await?,
            "hello, Grace; you are number 8\n"
        );
        Ok(())
    }
}
