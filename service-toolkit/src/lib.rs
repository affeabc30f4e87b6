#![doc = include_str!("../README.md")]

#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(feature = "retry")]
mod pin_project;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(feature = "timeout")]
mod timeout;

#[cfg(feature = "breaker")]
pub use breaker::Breaker;
#[cfg(feature = "retry")]
pub use retry::{RetryPolicy, retry};
#[cfg(feature = "timeout")]
pub use timeout::{TimedOut, timeout};
