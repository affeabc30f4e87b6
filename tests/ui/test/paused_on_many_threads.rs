// one mistake: as in tokio
#[service_core::test(flavor = "multi_thread", start_paused = true)]
async fn finds() {}

fn main() {}
