//! [`Taken`]: how a method takes its `self`. Only what a registry hands out can be the instance that the guard knows.

use proc_macro2::Ident;
use syn::{Receiver, ReceiverKind, Type, TypePath};

use crate::bare::bare;

use super::output::types;

pub(crate) enum Taken {
    Shared,
    ByValue,
    Mutably,
    /// By this pointer, which owns another value than the registry's.
    By(Ident),
    /// As a type of this name: the service's own, by value, or an alias that a macro cannot see through.
    As(Ident),
}

impl Taken {
    /// Why a method that takes its `self` like this is not guarded.
    pub(crate) fn mistake(&self, name: &Ident) -> Option<String> {
        let what = match self {
            Self::Shared => return None,
            Self::ByValue => "`self` by value, and a service is shared; take `&self` or `self: Arc<Self>`".to_owned(),
            Self::Mutably => {
                "`&mut self`, and a service is shared; take `&self`, and put what changes in a lock".to_owned()
            }
            Self::By(pointer) => {
                format!("`self` by `{pointer}`, and a registry holds it by `Arc`; take `&self` or `self: Arc<Self>`")
            }
            Self::As(ty) => {
                format!("`self` as `{ty}`, and a service is shared; take `&self` or `self: Arc<Self>`")
            }
        };
        Some(format!("`{name}` takes {what}"))
    }
}

pub(crate) fn taken(receiver: &Receiver) -> Taken {
    match &receiver.kind {
        ReceiverKind::Value => Taken::ByValue,
        ReceiverKind::Reference(_, _, Some(_)) => Taken::Mutably,
        ReceiverKind::Typed(_, ty) => taken_as(ty),
        _ => Taken::Shared,
    }
}

fn taken_as(ty: &Type) -> Taken {
    match bare(ty) {
        Type::Path(path) if path.path.is_ident("Self") => Taken::ByValue,
        Type::Path(path) => named(path).map_or_else(|| behind(ty), Taken::As),
        ty => behind(ty),
    }
}

/// A type without arguments is no pointer that can be seen.
fn named(path: &TypePath) -> Option<Ident> {
    path.path.segments.last().filter(|last| last.arguments.is_none()).map(|last| last.ident.clone())
}

/// What stands between `self` and the value: one pointer that no registry hands out is enough.
fn behind(ty: &Type) -> Taken {
    match bare(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => Taken::Mutably,
        Type::Reference(reference) => behind(&reference.elem),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Taken::Shared };
            if last.ident == "Rc" || last.ident == "Box" {
                return Taken::By(last.ident.clone());
            }
            types(last).next().map_or(Taken::Shared, behind)
        }
        _ => Taken::Shared,
    }
}
