// one mistake: a parameter that is no key
use service_toolkit::cached;

#[cached(ttl = "5m")]
async fn area(radius: f64) -> f64 {
    radius * radius
}

fn main() {}
