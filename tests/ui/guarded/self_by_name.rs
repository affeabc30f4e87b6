// the service's own name is by value, too; a macro cannot tell an alias from it
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    fn find(self: Users) -> Result<u32> {
        Ok(1)
    }

    #[guarded]
    fn count(self: crate::Users) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
