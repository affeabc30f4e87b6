// K01: on a type that is no service, said once for the whole block
use service_core::{Result, guarded};

struct Plain;

#[guarded]
impl Plain {
    pub async fn find(&self) -> Result<u32> {
        Ok(1)
    }

    pub fn count(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
