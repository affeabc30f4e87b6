//! A deterministic simulator: whole lives of registries, of random graphs, with a fault of any kind at any moment, under
//! tokio's paused clock. Each is judged by an oracle that is written against the rules of the design and knows nothing
//! of how service-core keeps them.
//!
//! [`Script::draw`] makes a script from a seed, [`Life::live`] lives it, [`judge`] says what was wrong with it, and
//! [`prove`] does all three and prints how to do it again. `SEED=7 cargo test -p simulator --release seed` replays one
//! seed; a file in `seeds` replays it for ever.

mod dice;
mod draw;
mod exhaust;
mod forecast;
mod hush;
mod life;
mod oracle;
pub mod script;
mod seed;
mod shape;
mod stage;
mod trail;

pub use dice::Dice;
pub use exhaust::graphs;
pub use life::{Boot, Life};
pub use oracle::judge;
pub use script::Script;
pub use seed::{kept, prove, prove_script};
pub use shape::Shape;
pub use trail::{Did, Hook, Step};
