// one mistake: no such argument
use service_toolkit::operation;

#[operation(domian = "orders")]
async fn import() {}

fn main() {}
