// one mistake: a struct has no calls
use service_core::guarded;

#[guarded]
struct Users;

fn main() {}
