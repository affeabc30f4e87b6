//! The macros of `service-core` and, with the feature `toolkit`, of `service-toolkit`. Those crates re-export them: use them from
//! there.
//!
//! Each is parse → model → validate → expand, on `proc_macro2` so that it can be tested outside the compiler. Every mistake is
//! reported at once, and what is written out is facts: whatever could be a function in `service-core` is one.

mod arguments;
mod bare;
mod core_path;
mod guarded;
mod mistakes;
mod nearest;
mod outer;
mod service;
mod test;
#[cfg(test)]
mod tests;
mod timespan;
#[cfg(feature = "toolkit")]
mod toolkit;
mod written;

use proc_macro::TokenStream;

#[doc = include_str!("../docs/service.md")]
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::service(arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/guarded.md")]
#[proc_macro_attribute]
pub fn guarded(arguments: TokenStream, item: TokenStream) -> TokenStream {
    guarded::guarded(arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/test.md")]
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test::test(arguments.into(), item.into()).into()
}

#[cfg(feature = "toolkit")]
#[doc = include_str!("../docs/operation.md")]
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    toolkit::operation(arguments.into(), item.into()).into()
}

#[cfg(feature = "toolkit")]
#[doc = include_str!("../docs/retry.md")]
#[proc_macro_attribute]
pub fn retry(arguments: TokenStream, item: TokenStream) -> TokenStream {
    toolkit::retry(arguments.into(), item.into()).into()
}

#[cfg(feature = "toolkit")]
#[doc = include_str!("../docs/cached.md")]
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    toolkit::cached(arguments.into(), item.into()).into()
}

#[cfg(feature = "toolkit")]
#[doc = include_str!("../docs/error_boundary.md")]
#[proc_macro_attribute]
pub fn error_boundary(arguments: TokenStream, item: TokenStream) -> TokenStream {
    toolkit::error_boundary(arguments.into(), item.into()).into()
}
