// K05: a function has no `Self` to guard
use service_core::{Result, guarded};

#[guarded]
async fn find() -> Result<u32> {
    Ok(1)
}

fn main() {}
