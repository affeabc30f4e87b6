// one mistake: as in tokio
#[service_core::test(worker_threads = 2)]
async fn finds() {}

fn main() {}
