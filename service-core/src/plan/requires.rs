//! [`Requires`] and [`Wants`]: what a service has declared, as bounds on `cx.get()` and `cx.get_opt()`.

/// `S: Requires<D>` where `#[service(requires = [D])]`, or an injected field, says so. Written by the macro.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it requires `{D}`",
    label = "`{D}` is not among what `{Self}` requires",
    note = "add it: `#[service(requires = [{D}])]` on `{Self}`"
)]
pub trait Requires<D: ?Sized> {}

/// `S: Wants<D>` where `#[service(wants = [D])]`, or an injected `Option` field, says so. Written by the macro.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare that it wants `{D}`",
    label = "`{D}` is not among what `{Self}` wants",
    note = "add it: `#[service(wants = [{D}])]` on `{Self}`"
)]
pub trait Wants<D: ?Sized> {}

/// The bound of `S: Requires<D>` where `S` only wants `D`. Nothing implements it, so `cx.get()` does not compile, and the error
/// names `cx.get_opt()`. The lifetime keeps the compiler from refusing the bound itself.
#[diagnostic::on_unimplemented(
    message = "`{S}` only wants `{Self}`, which may be absent",
    label = "call `cx.get_opt()`, which returns an `Option`",
    note = "`cx.get_opt()` returns `None` while `{Self}` is absent; if `{S}` cannot work without it, move it from `wants` to `requires`"
)]
pub trait OnlyWanted<'a, S> {}

/// Stands in for a dependency that does not exist. With a single impl of [`Requires`], inference would pick it for any
/// `cx.get()` and the message above would turn into "mismatched types"; two hidden ones keep the choice open.
#[derive(Debug)]
pub enum Hidden<const N: usize> {}
