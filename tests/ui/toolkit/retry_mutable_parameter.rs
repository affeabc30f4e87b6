// one mistake: each attempt would need the `&mut`
use service_toolkit::retry;

#[retry(attempts = 3)]
async fn fetch(pages: &mut Vec<u32>) -> Result<(), String> {
    pages.push(1);
    Ok(())
}

fn main() {}
