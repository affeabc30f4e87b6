//! The oracle: judges a life by the rules of the design. It follows what was told and what the hooks did, one step after
//! the other, and says at the first step that breaks a rule which rule that is.

mod account;
mod blame;
mod follow;
mod hooks;
mod moves;
mod pumps;
mod restarts;
mod watch;

use crate::{Life, Script};

/// Fails unless what it says holds.
macro_rules! rule {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use rule;

/// Judges a life.
///
/// # Errors
/// With the first rule that was broken.
pub fn judge(script: &Script, life: &Life) -> Result<(), String> {
    rule!(life.complaints.is_empty(), "{}", life.complaints.join("; "));
    rule!(life.tasks_left == 0, "rule 9: {} tasks are left at the end", life.tasks_left);
    let losses = pumps::pumps(script, life)?;
    let followed = follow::follow(script, life, losses)?;
    hooks::hooks(script, life, &followed.seen)?;
    blame::blame(script, life, &followed)?;
    account::account(script, life, &followed.seen)
}
