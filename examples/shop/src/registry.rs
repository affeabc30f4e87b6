//! A builder with all services of the shop.

use service_core::{Builder, Registry};

use crate::Settings;

/// All services of the shop, with these settings.
pub fn registry(settings: Settings) -> Builder {
    Registry::builder().give(settings)
}
