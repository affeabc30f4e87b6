// one mistake: what is kept is no `Option`
use service_toolkit::cached;

#[cached(none_ttl = "1s")]
async fn find(id: u32) -> u32 {
    id
}

fn main() {}
