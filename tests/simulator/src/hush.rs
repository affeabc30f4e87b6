//! [`hush`]: panics that a script asks for are not printed. [`Loud`]: the error that it asks for.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Once;

/// The error of a hook that fails.
#[derive(Debug)]
pub(crate) struct Loud;

impl fmt::Display for Loud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed as the script says")
    }
}

impl Error for Loud {}

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Runs something in which panics are not printed.
pub(crate) fn hush<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !HUSHED.get() {
                print(panic);
            }
        }));
    });
    let _as_before = AsBefore(HUSHED.replace(true));
    run()
}

/// Puts it back, also when what ran has panicked.
struct AsBefore(bool);

impl Drop for AsBefore {
    fn drop(&mut self) {
        HUSHED.set(self.0);
    }
}
