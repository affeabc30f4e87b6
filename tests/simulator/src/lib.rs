//! A deterministic simulator: whole lives of registries, of random graphs, with a fault of any kind at any moment, under
//! tokio's paused clock. Each is judged by an oracle that is written against the rules of the design and knows nothing
//! of how service-core keeps them.
//!
//! [`Script::draw`] makes a script from a seed, [`Life::live`] lives it, [`judge`] says what was wrong with it, and
//! [`prove`] does all three and prints how to do it again: `SEED=7 cargo test -p simulator --release seed -- --nocapture`.
//! A line in a file of `seeds` does it again for ever. `SIMULATIONS` says how many lives are lived, `SERVICES` how large
//! the graphs are on which every fault and every restart is tried at every moment. From [`RESTARTS`] on, the scripts of
//! seeds have supervised tasks that fail and services that are restarted. `tests/calls.rs` does the same for guarded calls.
//!
//! # What it catches
//!
//! Each of these was tried by breaking service-core by hand, and was found within 20,000 lives: blocking what only wants;
//! opening what was given up; stopping under a living dependant; not the longest path first; one too many at once;
//! forgetting to abort what starts; ending while something is alive; waiting only for what is required; starting on the
//! way down; keeping the place of a failed service; leaving out a cleanup, a `shutdown`, the tasks, an undoing, or the
//! last turn at a deadline; keeping an instance; ignoring the common budget, a boot's time-out, dropped handles or the
//! lame-duck delay; a drain that waits for no call; an optional failure that is fatal.
//!
//! Of restarts: leaving out who only wants, or taking along who only comes after; stopping under a living holder, or waiting
//! for who only comes after; taking one that is to be replaced for ready; letting a start go on that holds the old instance;
//! leaving blocked what has recovered; a boot that does not wait for what is restarted; one restart too many; a pause, or a
//! restart, that is left out; forgetting that it was up; counting the failure of a start that was given up; calling failed
//! what has come up since; telling of a restart on the way down; one that is blocked for good and can't be done without.
//!
//! It does not catch what it does not do: services of the process's registry, signals, hooks that block their thread, and
//! lazy services that are first used while others go down again.

mod dice;
mod draw;
mod forecast;
mod graphs;
mod hush;
mod life;
mod lifetime;
mod oracle;
pub mod pump;
pub mod script;
mod seed;
mod shape;
mod stage;
mod told;
mod trail;

pub use dice::Dice;
pub use draw::RESTARTS;
pub use graphs::graphs;
pub use life::{Boot, Life};
pub use oracle::judge;
pub use script::Script;
pub use seed::{kept, prove, prove_script};
pub use shape::Shape;
pub use trail::{Did, Hook, Step};
