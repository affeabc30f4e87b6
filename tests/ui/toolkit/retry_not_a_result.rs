// one mistake: the function cannot fail
use service_toolkit::retry;

#[retry(attempts = 3)]
async fn fetch(page: u32) -> Option<u32> {
    Some(page)
}

fn main() {}
