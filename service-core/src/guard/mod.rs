//! What `#[guarded]` expands to, beyond the fast path in `gate`: the slow path of a call, the future of an async call, and a
//! refusal as the return value of a method.

mod guarded_call;
mod refused;
mod slow_path;

pub use guarded_call::{GuardedCall, call};
pub use refused::{FromNotReady, Panics, Refused};
pub use slow_path::SLOW_PATH;
