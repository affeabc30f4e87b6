// one mistake: a misspelt argument
#[service_core::test(replaces(Db = 1))]
async fn finds() {}

fn main() {}
