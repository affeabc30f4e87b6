//! The failures that a scenario injects: [`InjectedError`], and panics that [`silence_panics`] keeps off the output.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Once;

use crate::scenario::{Outcome, PanicPayload};

/// The error of a hook whose scenario says that it fails.
#[derive(Debug)]
pub(crate) struct InjectedError;

impl fmt::Display for InjectedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("injected error")
    }
}

impl Error for InjectedError {}

/// Fails as the outcome says.
pub(crate) fn fail(outcome: Outcome) -> service_core::Result<()> {
    match outcome {
        Outcome::Error => Err(InjectedError.into()),
        Outcome::Panic(PanicPayload::String) => panic!("{}", String::from("injected panic")),
        Outcome::Panic(PanicPayload::Str) => panic!("injected panic"),
        Outcome::Panic(PanicPayload::Other) => std::panic::panic_any(7_u8),
        Outcome::Success | Outcome::Hang | Outcome::AwaitsShutdown => Ok(()),
    }
}

thread_local! {
    static SILENCED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function without printing the panics in it.
pub(crate) fn silence_panics<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !SILENCED.get() {
                print(panic);
            }
        }));
    });
    let _restore = Restore(SILENCED.replace(true));
    run()
}

/// Restores the previous value, also when `run` panics.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        SILENCED.set(self.0);
    }
}
