//! [`guarded_future`]: a function that returns a future, plain or boxed. The guard is inside the future, from its first
//! poll to its end; a guard around its making would refuse too early and let go too soon.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{Expr, ExprReturn, ImplItemFn, Item, Macro, Stmt};

use crate::bare::bare_expr;
use crate::core_path::local;

use super::call::Call;
use super::output::{BodyShape, Inferred, Output};

/// What comes before the future stays where it is, so that a future which borrows nothing still borrows nothing.
pub(crate) fn guarded_future(call: &Call, output: &Output, method: &ImplItemFn) -> TokenStream {
    let (callee, future) = (local("callee"), local("future"));
    let Made { before, made } = Made::by(output, method);
    // Awaited in a block of ours, so that what is left of it is dropped while the call is still counted.
    let guarded = call.future_of(&callee.to_token_stream(), output, quote!(async move { #future.await }));
    let guarded = quote!(async move { #guarded });
    let guarded = match output.shape {
        BodyShape::Boxed => quote!(::std::boxed::Box::pin(#guarded)),
        _ => guarded,
    };
    let identity = call.callee();
    quote! {
        let #callee = #identity;
        #(#before)*
        let #future = #made;
        #guarded
    }
}

/// How a body makes its future.
struct Made {
    /// The statements before.
    before: Vec<Stmt>,
    /// The future itself, out of its box if it can be seen going in.
    made: TokenStream,
}

impl Made {
    fn by(output: &Output, method: &ImplItemFn) -> Self {
        let mut before = method.block.stmts.clone();
        if returns_early(method) {
            let mut ty = method.sig.output.clone();
            Inferred.visit_return_type_mut(&mut ty);
            let ty = if output.shape == BodyShape::Boxed { ty.to_token_stream() } else { TokenStream::new() };
            return Self { before: Vec::new(), made: quote!((move || #ty { #(#before)* })()) };
        }
        match before.pop() {
            Some(Stmt::Expr(tail, None)) => {
                let made = if output.shape == BodyShape::Boxed { unboxed(tail) } else { tail.into_token_stream() };
                Self { before, made }
            }
            last => {
                // A body without a value, `todo!()`: the compiler knows what to say.
                before.extend(last);
                Self { before: Vec::new(), made: quote!({ #(#before)* }) }
            }
        }
    }
}

/// The X of `Box::pin(X)`: it would only be boxed again.
fn unboxed(tail: Expr) -> TokenStream {
    if let Expr::Call(call) = bare_expr(&tail)
        && let Expr::Path(path) = bare_expr(&call.func)
        && let [.., boxed, pin] = &*path.path.segments.iter().collect::<Vec<_>>()
        && boxed.ident == "Box"
        && pin.ident == "pin"
        && let Some(inner) = call.args.first()
    {
        return inner.to_token_stream();
    }
    tail.into_token_stream()
}

/// Whether the body may have a `return` of its own, which would leave without the guard.
fn returns_early(method: &ImplItemFn) -> bool {
    let mut returns = Returns { found: false };
    returns.visit_block_mut(&mut method.block.clone());
    returns.found
}

struct Returns {
    found: bool,
}

impl VisitMut for Returns {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if !matches!(expr, Expr::Closure(_) | Expr::Async(_)) {
            visit_expr_mut(self, expr);
        }
    }

    fn visit_expr_return_mut(&mut self, _: &mut ExprReturn) {
        self.found = true;
    }

    /// What it expands to cannot be seen.
    fn visit_macro_mut(&mut self, _: &mut Macro) {
        self.found = true;
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
