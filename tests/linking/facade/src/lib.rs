//! A crate that re-exports service-core under another name, and declares services in the crates that use its macro.

pub use service_core as core;

/// Declares a service with this name and a guarded method `answer`.
#[macro_export]
macro_rules! answering {
    ($name:ident, $answer:expr) => {
        #[$crate::core::service(crate = $crate::core, autowire)]
        struct $name {
            #[service(default = $answer)]
            answer: u8,
        }

        #[$crate::core::guarded(crate = $crate::core)]
        impl $name {
            pub async fn answer(&self) -> ::core::result::Result<u8, $crate::core::NotReady> {
                Ok(self.answer)
            }
        }
    };
}
