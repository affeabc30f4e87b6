//! [`NAMES`]: the names of the services in the plans.

/// The names of the services in the plans that every registry must be able to boot. A plan with more services needs
/// [`Capability::AnyName`](crate::Capability::AnyName), and calls the others `Node26` and so on.
///
/// A registry whose services are types has a type for each of these names, so that its messages name the services.
pub const NAMES: [&str; 26] = [
    "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
    "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray",
    "Yankee", "Zulu",
];

pub(crate) const A: &str = NAMES[0];
pub(crate) const B: &str = NAMES[1];
pub(crate) const C: &str = NAMES[2];
pub(crate) const D: &str = NAMES[3];
pub(crate) const E: &str = NAMES[4];

/// The name of the service with this number.
pub(crate) fn name(number: usize) -> String {
    NAMES.get(number).map_or_else(|| format!("Node{number}"), |name| (*name).to_owned())
}
