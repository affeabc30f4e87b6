//! [`FieldDefault`]: the value that `autowire` gives to a field that is not injected.

/// The value of a field that is not injected: its `Default`. A trait of its own, because its error names the solution.
#[diagnostic::on_unimplemented(
    message = "`autowire` cannot fill this field: `{Self}` has no `Default`",
    label = "no `Default`",
    note = "set the value of the field with `#[service(default = …)]` on it, or implement `Default` for `{Self}`; if `{Self}` is a service, write `Arc<{Self}>`"
)]
pub trait FieldDefault: Sized {
    /// The default value.
    fn field_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> FieldDefault for T {
    fn field_default() -> Self {
        T::default()
    }
}
