//! [`Injectable`]: what `autowire` can inject into a field.

use super::service::Service;
use crate::plan::DescriptorRef;

/// A service, as the type of an injected field. A trait of its own, because its error names the solution.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "not a service",
    note = "put `#[service]` on `{Self}`; or, if this field is not a dependency, set its value with `#[service(default = …)]` on the field"
)]
pub trait Injectable {
    /// The descriptor of the service.
    const DESCRIPTOR: DescriptorRef;
}

#[diagnostic::do_not_recommend]
impl<S: Service> Injectable for S {
    const DESCRIPTOR: DescriptorRef = <S as Service>::DESCRIPTOR;
}
