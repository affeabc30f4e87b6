//! [`ensure`]: returns a violation unless a condition holds.

/// Returns the formatted violation as an error unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($violation:tt)+) => {
        if !$holds {
            return Err(format!($($violation)+));
        }
    };
}
pub(super) use ensure;
