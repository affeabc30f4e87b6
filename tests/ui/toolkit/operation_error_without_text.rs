// one mistake: the error has no text for the log
use service_toolkit::operation;

struct Refused;

#[operation]
async fn import() -> Result<u32, Refused> {
    Ok(1)
}

fn main() {}
