//! The attributes of service-toolkit: `#[operation]`, `#[retry]`, `#[cached]` and `#[error_boundary]`. Each reads its arguments and
//! wraps the body of an async function. The snapshots in `src/tests/snapshots` show what a function becomes.

mod body;
mod cached;
mod error_boundary;
mod function;
mod number;
mod operation;
mod retry;
mod toolkit_path;
mod wrapper;

use proc_macro2::TokenStream;

use self::cached::CachedAttribute;
use self::error_boundary::ErrorBoundaryAttribute;
use self::operation::OperationAttribute;
use self::retry::RetryAttribute;
use self::wrapper::wrapped;

pub(crate) fn operation(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    wrapped::<OperationAttribute>(arguments, tokens)
}

pub(crate) fn retry(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    wrapped::<RetryAttribute>(arguments, tokens)
}

pub(crate) fn cached(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    wrapped::<CachedAttribute>(arguments, tokens)
}

pub(crate) fn error_boundary(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    wrapped::<ErrorBoundaryAttribute>(arguments, tokens)
}
