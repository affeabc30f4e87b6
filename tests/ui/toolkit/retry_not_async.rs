// one mistake: not async
use service_toolkit::retry;

#[retry(attempts = 3)]
fn fetch() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
