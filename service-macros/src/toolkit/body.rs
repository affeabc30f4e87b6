//! [`Body`]: the body of a function as a future, and the type that it returns.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{ReturnType, Type, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::bare::bare;
use crate::guarded::{Inferred, Output};
use crate::mistakes::Mistakes;

use super::function::Function;

/// The body of a function.
pub(super) struct Body {
    /// An async block that does what the body did.
    pub(super) future: TokenStream,
    /// What the function returns, with `_` for what cannot be named.
    pub(super) output: Type,
    /// The place of the return type.
    pub(super) span: Span,
}

impl Body {
    pub(super) fn of(function: &Function) -> Self {
        let (hint, statements) = (Output::of(&function.method.sig).hint(), &function.method.block.stmts);
        let (output, span) = match &function.method.sig.output {
            ReturnType::Default => (parse_quote!(()), function.name().span()),
            ReturnType::Type(_, ty) => (bare(ty).clone(), ty.span()),
        };
        let span = span.resolved_at(Span::call_site());
        let future = quote_spanned!(span=> async move { #hint #(#statements)* });
        Self { future, output: inferred(output), span }
    }

    /// Awaits a function of the private module. All of the call is shown at the return type, so that the compiler says once, and
    /// there, what is wrong with it.
    pub(super) fn call(&self, toolkit: &ToolkitPath, function: &str, arguments: TokenStream) -> TokenStream {
        let (span, private) = (self.span, toolkit.private_at(self.span));
        let function = Ident::new(function, span);
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(span);
        quote_spanned!(span=> #private::#function #arguments.await)
    }

    /// Notes that the function cannot fail, if that is certain. What is behind an alias is left to the compiler.
    pub(super) fn require_result(&self, function: &Function, mistakes: &mut Mistakes) {
        let is_other = match &self.output {
            Type::Path(path) => path.path.segments.last().is_some_and(|last| OTHERS.iter().any(|it| last.ident == it)),
            Type::Infer(_) => false,
            _ => true,
        };
        if is_other {
            let (name, attribute) = (function.name(), function.attribute());
            let text =
                format!("`{name}` returns no `Result`, so it has no error; return a `Result`, or remove {attribute}");
            match &function.method.sig.output {
                ReturnType::Default => mistakes.at(name, text),
                ReturnType::Type(_, ty) => mistakes.at(ty, text),
            }
        }
    }
}

/// Types that are not aliases of `Result`.
const OTHERS: [&str; 23] = [
    "Option", "Vec", "String", "Box", "Arc", "Rc", "HashMap", "BTreeMap", "bool", "char", "f32", "f64", "i8", "i16",
    "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "usize",
];

fn inferred(mut ty: Type) -> Type {
    Inferred.visit_type_mut(&mut ty);
    ty
}
