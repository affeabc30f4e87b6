// one mistake: what is kept cannot be cloned
use service_toolkit::cached;

struct Page;

#[cached(ttl = "5m")]
async fn page(number: u32) -> Result<Page, String> {
    Err(format!("no page {number}"))
}

fn main() {}
