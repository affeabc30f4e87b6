// an error in the body keeps its place and gets no company
use service_core::{Result, guarded, service};

#[service(given)]
struct Users;

impl Users {
    #[guarded]
    async fn find(&self) -> Result<u32> {
        let id: u32 = "one";
        Ok(id)
    }
}

fn main() {}
