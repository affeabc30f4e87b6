// one mistake: not a function
use service_toolkit::operation;

#[operation]
struct Import;

fn main() {}
