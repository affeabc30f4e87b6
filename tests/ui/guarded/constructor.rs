// what makes an instance runs before there is a ready one
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

#[guarded]
impl Users {
    pub fn fake() -> Self {
        Self
    }

    pub async fn connect() -> Result<Self> {
        Ok(Self)
    }

    pub fn found() -> Option<Users> {
        Some(Self)
    }

    pub fn count(&self) -> Result<u32> {
        Ok(1)
    }
}

impl Users {
    #[guarded]
    fn alone() -> Result<Self> {
        Ok(Self)
    }
}

fn main() {}
