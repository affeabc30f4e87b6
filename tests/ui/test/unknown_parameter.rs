// one mistake: nobody could hand this over
#[service_core::test]
async fn finds(id: u32) {}

fn main() {}
