//! [`Dependency`]: a service that this one names.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Result, Type};

use crate::bare::bare;
use crate::written::written;

/// How a service hangs on another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bond {
    Requires,
    Wants,
    After,
}

impl Bond {
    /// The argument that declares it.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Wants => "wants",
            Self::After => "after",
        }
    }

    /// Its variant in `service-core`.
    pub(crate) fn variant(self) -> &'static str {
        match self {
            Self::Requires => "Requires",
            Self::Wants => "Wants",
            Self::After => "After",
        }
    }

    /// What it is called in a sentence with two services.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Wants => "wants",
            Self::After => "comes after",
        }
    }
}

/// A type that names a service: the service itself, or a trait object that one provides.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) ty: TokenStream,
    pub(crate) text: String,
    pub(crate) form: Form,
    /// Whether it is a type with arguments.
    pub(crate) is_generic: bool,
}

/// What kind of type a name is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Path,
    TraitObject,
    Other,
}

impl Named {
    pub(crate) fn new(ty: &Type) -> Self {
        let ty = bare(ty);
        let form = match ty {
            Type::Path(_) => Form::Path,
            Type::TraitObject(_) => Form::TraitObject,
            _ => Form::Other,
        };
        let is_generic =
            matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|it| !it.arguments.is_none()));
        Self { ty: ty.to_token_stream(), text: written(ty), form, is_generic }
    }

    /// Whether both names probably mean the same: as `Db` and `crate::db::Db` do, but `a::Db` and `b::Db` do not.
    pub(crate) fn means(&self, other: &Self) -> bool {
        let relative = |text: &str| {
            let text = text.trim_start_matches("::");
            let text = text.trim_start_matches("crate::").trim_start_matches("self::");
            format!("::{}", text.trim_start_matches("super::"))
        };
        let (a, b) = (relative(&self.text), relative(&other.text));
        self.form == other.form && (a.ends_with(&b) || b.ends_with(&a))
    }
}

impl Parse for Named {
    fn parse(input: ParseStream) -> Result<Self> {
        input.parse().map(|ty| Self::new(&ty))
    }
}

/// A service that this one names, and as what.
#[derive(Clone)]
pub(crate) struct Dependency {
    pub(crate) bond: Bond,
    pub(crate) on: Named,
    /// Whether a field made it a dependency, and no argument names it.
    pub(crate) is_injected: bool,
    /// The `#[cfg]` of that field, or in the list.
    pub(crate) conditions: Vec<Attribute>,
}

impl Dependency {
    /// Whether it names a service itself, and no trait object.
    pub(crate) fn is_service(&self) -> bool {
        self.on.form == Form::Path
    }
}
