// the guard knows the instance that a registry holds, and that one is in an `Arc`
use std::pin::Pin;
use std::rc::Rc;

use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    fn counted(self: Rc<Self>) -> Result<u32> {
        Ok(1)
    }
}

#[guarded]
impl Users {
    pub fn boxed(self: Box<Self>) -> Result<u32> {
        Ok(1)
    }

    pub fn with_path(self: std::rc::Rc<Users>) -> Result<u32> {
        Ok(1)
    }

    pub fn pinned(self: Pin<Box<Self>>) -> Result<u32> {
        Ok(1)
    }

    pub async fn borrowed(self: &Rc<Self>) -> Result<u32> {
        Ok(1)
    }

    pub fn pinned_mutably(self: Pin<&mut Self>) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
