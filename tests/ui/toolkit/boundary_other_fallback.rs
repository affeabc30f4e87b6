// one mistake: the fallback is of another type
use service_toolkit::error_boundary;

#[error_boundary(fallback = "none")]
async fn port() -> Result<u16, String> {
    Ok(80)
}

fn main() {}
