// one mistake: nobody chooses the type
#[service_core::test]
async fn finds<T>() {}

fn main() {}
