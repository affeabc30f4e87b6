// all mistakes are reported at once, and the uses of the type have none of their own
use service_core::service;

#[service(lazzy, requires = [Db, Db], init_timeout = "soon", name = "")]
struct Users;

#[service(given)]
struct Db;

async fn uses() {
    let _ = Users::service().await;
    let _ = Users::try_service();
}

fn main() {}
