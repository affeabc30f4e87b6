// one mistake: the function cannot fail
use service_toolkit::error_boundary;

#[error_boundary(fallback = 80)]
async fn port() -> u16 {
    80
}

fn main() {}
