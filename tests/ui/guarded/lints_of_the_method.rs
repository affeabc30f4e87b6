// a method that is guarded is as deprecated, and as much to be used, as it would be without
#![deny(unused, deprecated)]
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

#[guarded]
impl Users {
    #[deprecated = "kept"]
    pub fn old() -> Result<()> {
        Ok(())
    }

    #[must_use = "kept"]
    pub fn count(&self) -> u32 {
        1
    }

    #[cfg(any())]
    pub fn absent(&self) -> Nothing {}
}

fn main() {
    let _ = Users::old();
    Users.count();
}
