#![doc = include_str!("../README.md")]

#[cfg(feature = "boundary")]
pub mod boundary;
#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(feature = "bulkhead")]
pub mod bulkhead;
#[cfg(feature = "boundary")]
mod caught;
#[cfg(feature = "retry")]
mod pin_project;
#[cfg(feature = "rate_limit")]
pub mod rate_limit;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "timeout")]
mod timeout;

#[cfg(feature = "boundary")]
pub use boundary::Boundary;
#[cfg(feature = "breaker")]
pub use breaker::Breaker;
#[cfg(feature = "bulkhead")]
pub use bulkhead::Bulkhead;
#[cfg(feature = "rate_limit")]
pub use rate_limit::RateLimit;
#[cfg(feature = "retry")]
pub use retry::{RetryPolicy, retry};
#[cfg(feature = "timeout")]
pub use timeout::{TimedOut, timeout};
