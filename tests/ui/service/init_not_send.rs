use std::rc::Rc;

use service_core::{Context, Lifecycle, Result, service};

#[service]
struct Db {
    connections: usize,
}

async fn connect() -> usize {
    1
}

impl Lifecycle for Db {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        let limit = Rc::new(8);
        let connections = connect().await;
        Ok(Self { connections: connections.min(*limit) })
    }
}

fn main() {}
