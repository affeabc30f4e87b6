// one mistake: services are async
#[service_core::test]
fn finds() {}

fn main() {}
