//! [`Model`]: a service as it was meant, free of how it was written.

use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::{LitStr, Visibility};

use crate::core_path::CorePath;
use crate::mistakes::Mistakes;
use crate::timespan::Timespan;

use super::arguments::{Autowire, Restart, ServiceArguments, When};
use super::conditions::Listed;
use super::dependency::{Bond, Dependency, Named};
use super::field::{Field, Fill};
use super::item::ServiceStruct;

/// A service.
pub(crate) struct Model<'a> {
    pub(crate) core: CorePath,
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) type_name: String,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<Listed<LitStr>>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) provides: Vec<Listed<Named>>,
    pub(crate) lazy: bool,
    pub(crate) optional: bool,
    pub(crate) given: bool,
    /// The arguments that have an effect on a `given` service only if it has a lifecycle.
    pub(crate) about_hooks: Vec<Ident>,
    pub(crate) when: Option<When>,
    pub(crate) budgets: Vec<(Ident, Timespan)>,
    pub(crate) retry: Option<Retry>,
    pub(crate) restart: Option<Restart>,
    pub(crate) autowire: Option<Autowire>,
    /// Where the word `autowire` stands.
    pub(crate) autowire_span: Span,
    pub(crate) fields: &'a [Field],
    pub(crate) clone: Option<Span>,
}

/// How `init` is tried again.
pub(crate) struct Retry {
    pub(crate) attempts: u32,
    pub(crate) delay: Timespan,
    pub(crate) max_delay: Timespan,
}

impl<'a> Model<'a> {
    /// The model of what was written, with every mistake in it noted.
    pub(crate) fn new(arguments: ServiceArguments, shape: &'a ServiceStruct, mistakes: &mut Mistakes) -> Self {
        super::validate::validate(&arguments, shape, mistakes);
        let mut dependencies = arguments.dependencies;
        if arguments.autowire.is_some() {
            inject(&mut dependencies, &shape.fields);
        }
        let about_hooks = about_hooks(&arguments.present);
        let word = |name| arguments.present.iter().find(|present| *present == name);
        let flag = |name| word(name).is_some();
        Self {
            core: arguments.core,
            ident: &shape.ident,
            visibility: &shape.visibility,
            type_name: shape.ident.unraw().to_string(),
            lazy: flag("lazy"),
            optional: flag("optional"),
            given: flag("given"),
            about_hooks,
            name: arguments.name,
            tags: arguments.tags,
            dependencies,
            provides: arguments.provides,
            when: arguments.when,
            budgets: arguments.budgets,
            retry: arguments.retry.map(|retry| Retry {
                attempts: retry.attempts.map_or(3, |(attempts, _)| attempts),
                delay: retry.delay.unwrap_or(Timespan::of(Duration::from_millis(100))),
                max_delay: retry.max_delay.unwrap_or(Timespan::of(Duration::from_secs(10))),
            }),
            restart: arguments.restart,
            autowire: arguments.autowire,
            autowire_span: word("autowire").map_or_else(Span::call_site, Ident::span),
            fields: &shape.fields,
            clone: shape.clone,
        }
    }

    /// The dependencies, each with its number. The numbers do not depend on `#[cfg]`.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Dependency)> {
        self.dependencies.iter().enumerate()
    }
}

/// The arguments about hooks and about the order in which they run.
fn about_hooks(present: &[Ident]) -> Vec<Ident> {
    const ABOUT_HOOKS: [&str; 11] = [
        "requires",
        "wants",
        "after",
        "lazy",
        "optional",
        "autowire",
        "init_timeout",
        "health_timeout",
        "shutdown_timeout",
        "retry",
        "restart",
    ];
    present.iter().filter(|present| ABOUT_HOOKS.iter().any(|it| present == it)).cloned().collect()
}

/// Adds what the fields ask for to what the arguments name.
fn inject(dependencies: &mut Vec<Dependency>, fields: &[Field]) {
    for field in fields {
        let (bond, on) = match &field.fill {
            Fill::Injected(on) => (Bond::Requires, on),
            Fill::InjectedIfPresent(on) => (Bond::Wants, on),
            Fill::Default | Fill::Written(_) => continue,
        };
        if !dependencies.iter().any(|listed| listed.on.means(on)) {
            let conditions = field.conditions.clone();
            dependencies.push(Dependency { bond, on: on.clone(), is_injected: true, conditions });
        }
    }
}
