// one mistake: a parameter that cannot be cloned
use service_toolkit::retry;

struct Token;

#[retry(attempts = 3)]
async fn fetch(token: Token) -> Result<(), String> {
    let _used = token;
    Ok(())
}

fn main() {}
