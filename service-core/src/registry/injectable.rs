//! [`Injectable`]: what `autowire` can inject into a field.

use super::service::Service;
use crate::plan::DescriptorRef;

/// A service, as the type of an injected field. A trait of its own, because its error names the solution.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "not a service",
    note = "if the field is not a dependency, write `#[service(default)]` or `#[service(default = …)]` on it; if it is one, put `#[service]` on `{Self}`"
)]
pub trait Injectable {
    /// The descriptor of the service.
    const DESCRIPTOR: DescriptorRef;
}

#[diagnostic::do_not_recommend]
impl<S: Service> Injectable for S {
    const DESCRIPTOR: DescriptorRef = <S as Service>::DESCRIPTOR;
}
