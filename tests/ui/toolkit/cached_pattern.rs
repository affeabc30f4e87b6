// one mistake: a parameter without a name
use service_toolkit::cached;

#[cached(ttl = "5m")]
async fn sum((a, b): (u32, u32)) -> u32 {
    a + b
}

fn main() {}
