// one mistake: replaced by what
#[service_core::test(replace(Db))]
async fn finds() {}

fn main() {}
