//! [`bare`]: types without the invisible delimiters that a `$t:ty` of a `macro_rules!` puts around them.

use syn::{Expr, Type};

/// The type inside invisible delimiters and parentheses.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        }
    }
}

/// The expression inside invisible delimiters and parentheses.
pub(crate) fn bare_expr(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Group(group) => &group.expr,
            Expr::Paren(paren) => &paren.expr,
            _ => return expr,
        }
    }
}
