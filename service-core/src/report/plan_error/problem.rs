//! [`Problem`]: one problem of a plan. The texts of all problems are in this file.

use std::fmt;

use crate::base::Location;

/// One problem of a plan. Displays as one sentence that names the locations and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Problem {
    /// One type is registered more than once, from different locations.
    #[non_exhaustive]
    Duplicate {
        /// The service's name.
        service: String,
        /// Each location it is registered from.
        locations: Vec<Location>,
    },
    /// Several services have the same `name = "…"`.
    #[non_exhaustive]
    DuplicateName {
        /// The name.
        name: String,
        /// Where each of them is declared. Definitions made in a loop share one location.
        locations: Vec<Location>,
    },
    /// The name of a service is empty or has control characters.
    #[non_exhaustive]
    UnfitName {
        /// The name.
        name: String,
        /// Where the service is declared.
        location: Location,
    },
    /// The builder has more than one value for a service.
    #[non_exhaustive]
    SuppliedTwice {
        /// The service.
        service: ServiceLocation,
        /// The builder's methods that supplied them: `give`, `replace`.
        calls: Vec<&'static str>,
    },
    /// The builder names a service that does not exist.
    #[non_exhaustive]
    Unknown {
        /// The builder's method: `only`, `with`, `give`.
        call: &'static str,
        /// The name, as it was written.
        text: String,
        /// Why it was not found.
        why: NotFound,
    },
    /// A service requires one that does not exist.
    #[non_exhaustive]
    Missing {
        /// The service.
        service: ServiceLocation,
        /// What it requires, as it was written.
        text: String,
        /// Why it was not found.
        why: NotFound,
    },
    /// A service depends on a trait object that several services provide.
    #[non_exhaustive]
    Ambiguous {
        /// The service.
        service: ServiceLocation,
        /// `requires` or `wants`.
        verb: &'static str,
        /// The trait object, as it was written.
        text: String,
        /// Its providers.
        providers: Vec<ServiceLocation>,
    },
    /// A service that is declared `given` was not given.
    #[non_exhaustive]
    NotGiven {
        /// The service.
        service: ServiceLocation,
        /// A service that requires it, if there is one.
        required_by: Option<ServiceLocation>,
    },
    /// A service was given that is not declared `given`.
    #[non_exhaustive]
    NotGivable {
        /// The service.
        service: ServiceLocation,
    },
    /// The function in a service's `when` panicked.
    #[non_exhaustive]
    WhenPanicked {
        /// The service.
        service: ServiceLocation,
        /// The path in `when`.
        when: &'static str,
        /// The message of the panic.
        message: String,
    },
    /// A service depends on itself.
    #[non_exhaustive]
    SelfDependency {
        /// The service, and how it depends on itself.
        link: CycleStep,
    },
    /// Services depend on each other in a cycle, so none of them can start first.
    #[non_exhaustive]
    Cycle {
        /// The cycle: each service depends on the next, and the last on the first.
        path: Vec<CycleStep>,
    },
}

/// A service, and where it is declared. Displays as `Users (src/users.rs:9)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ServiceLocation {
    /// The service's name.
    pub name: String,
    /// Where it is declared.
    pub location: Location,
}

/// A service of a cycle, and how it depends on the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CycleStep {
    /// The service.
    pub service: ServiceLocation,
    /// `requires`, `wants` or `comes after`.
    pub verb: &'static str,
    /// The trait object by which it names the next, if it does.
    pub via: Option<String>,
}

/// Why a named service was not found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NotFound {
    /// The type is not registered.
    Unregistered,
    /// No service provides the trait object.
    NotProvided,
    /// It is registered, but its `when` returned false.
    #[non_exhaustive]
    Off {
        /// The disabled service.
        service: ServiceLocation,
        /// The path in its `when`.
        when: &'static str,
    },
    /// No service has this name.
    #[non_exhaustive]
    UnknownName {
        /// Names that look like it, the closest first.
        similar: Vec<String>,
    },
}

const NOT_LINKED: &str = "and if it lives in a crate that no code names, name that crate: `use that_crate as _;`";

impl ServiceLocation {
    pub(crate) fn new(name: &str, location: Location) -> Self {
        Self { name: name.to_owned(), location }
    }
}

impl fmt::Display for ServiceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.location)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { service, locations } => write!(
                f,
                "{service} is registered {} times, at {}; a type is one service, so keep one of them",
                locations.len(),
                list(locations)
            ),
            Self::DuplicateName { name, locations } => write!(
                f,
                "{} services are named `{name}`, at {}; give each a name of its own",
                locations.len(),
                list(locations)
            ),
            Self::UnfitName { name, location } if name.trim().is_empty() => {
                write!(f, "the name of the service at {location} is empty; write what people should see")
            }
            Self::UnfitName { name, location } => write!(
                f,
                "the name of the service at {location}, {name:?}, has a line break or another control character; write one plain line"
            ),
            Self::SuppliedTwice { service, calls } => {
                let calls: Vec<_> = calls.iter().map(|call| format!("`.{call}(…)`")).collect();
                write!(f, "{service} is handed over {} times, by {}; keep one of them", calls.len(), list(&calls))
            }
            Self::Unknown { call, text, why } => {
                write!(f, "`.{call}(…)` names ")?;
                absent(f, text, why)
            }
            Self::Missing { service, text, why } => {
                write!(f, "{service} requires ")?;
                absent(f, text, why)?;
                match why {
                    NotFound::Off { .. } => write!(f, ", or let {} want it", service.name),
                    _ => Ok(()),
                }
            }
            Self::Ambiguous { service, verb, text, providers } => write!(
                f,
                "{service} {verb} {text}, which {} provide; name one of them by its type, take the others out with `when`, or hand one over with `.replace_dyn::<{text}>(…)`",
                list(providers)
            ),
            Self::NotGiven { service, required_by } => {
                write!(f, "{service} is declared `given`, but was not given")?;
                if let Some(by) = required_by {
                    write!(f, ", and {by} requires it")?;
                }
                f.write_str("; hand it over with `.give(…)` on the builder")
            }
            Self::NotGivable { service } => write!(
                f,
                "{service} is not declared `given`, so `.give(…)` cannot hand it over; use `.replace::<…>(…)`, or declare it `#[service(given)]`"
            ),
            Self::WhenPanicked { service, when, message } => write!(
                f,
                "`when = {when}` of {service} panicked: {message}; let it return false where the service is not wanted"
            ),
            Self::SelfDependency { link } => {
                path(f, std::slice::from_ref(link))?;
                f.write_str(", which is itself; take it out, because nothing can be ready before itself")
            }
            Self::Cycle { path: links } => {
                path(f, links)?;
                f.write_str("; none of these can be ready first, so take one dependency out and reach that service when it is called, not in `init`")
            }
        }
    }
}

/// `A (src/a.rs:3) requires B (src/b.rs:5) requires A`: the first service is repeated at the end.
fn path(f: &mut fmt::Formatter<'_>, links: &[CycleStep]) -> fmt::Result {
    let mut via: Option<&str> = None;
    for CycleStep { service, verb, via: next } in links {
        match via {
            Some(via) => write!(f, "{} ({}, as {via}) {verb} ", service.name, service.location)?,
            None => write!(f, "{service} {verb} ")?,
        }
        via = next.as_deref();
    }
    if let Some(first) = links.first() {
        f.write_str(&first.service.name)?;
    }
    via.map_or(Ok(()), |via| write!(f, " (as {via})"))
}

/// The name, why it was not found, and what to do.
fn absent(f: &mut fmt::Formatter<'_>, text: &str, why: &NotFound) -> fmt::Result {
    match why {
        NotFound::Unregistered => {
            write!(f, "{text}, which is not registered; annotate it with `#[service]`, {NOT_LINKED}")
        }
        NotFound::NotProvided => write!(
            f,
            "{text}, which no registered service provides; write `provides = [{text}]` on the one that should, {NOT_LINKED}"
        ),
        NotFound::Off { service, when } => {
            match text.starts_with("dyn ") {
                true => write!(f, "{text}, whose provider {service}")?,
                false => write!(f, "{service}, which")?,
            }
            write!(
                f,
                " is off because `when = {when}` said no; boot it all the same with `.with::<…>()` on the builder"
            )
        }
        NotFound::UnknownName { similar } if similar.is_empty() => {
            write!(f, "`{text}`, and no service has that name; correct it, define that service, {NOT_LINKED}")
        }
        NotFound::UnknownName { similar } => {
            let similar: Vec<_> = similar.iter().map(|name| format!("`{name}`")).collect();
            write!(f, "`{text}`, and no service has that name; did you mean {}?", similar.join(" or "))
        }
    }
}

/// `a, b and c`.
fn list<T: fmt::Display>(items: &[T]) -> String {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        let joint = match at {
            0 => "",
            _ if at + 1 == items.len() => " and ",
            _ => ", ",
        };
        text.push_str(joint);
        text.push_str(&item.to_string());
    }
    text
}
