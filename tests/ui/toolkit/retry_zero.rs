// one mistake: zero attempts
use service_toolkit::retry;

#[retry(attempts = 0)]
async fn fetch() -> Result<(), String> {
    Ok(())
}

fn main() {}
