// one mistake: the error has no text for the log
use service_toolkit::retry;

struct Refused;

#[retry(attempts = 3)]
async fn fetch(page: u32) -> Result<u32, Refused> {
    Ok(page)
}

fn main() {}
