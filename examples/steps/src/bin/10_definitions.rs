//! If the number of services is known only at run time, closures define them, and names identify them.

use service_core::{Definition, Registry, Result};

struct Shard {
    number: usize,
}

struct Router {
    shards: usize,
}

fn shard(number: usize) -> Definition<Shard> {
    Definition::new(format!("shard-{number}")).init(move |cx| async move {
        println!("{} comes up", cx.name());
        Ok(Shard { number })
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let shards = 3;
    let names: Vec<_> = (0..shards).map(|number| format!("shard-{number}")).collect();
    let router = Definition::new("router").requires(names).init(move |_cx| async move { Ok(Router { shards }) });

    let registry =
        (0..shards).map(shard).fold(Registry::builder(), |it, shard| it.define(shard)).define(router).boot().await?;
    let router = registry.get_named::<Router>("router")?;
    for key in [17, 4, 9] {
        let shard = registry.get_named::<Shard>(&format!("shard-{}", key % router.shards))?;
        println!("key {key} lives in shard {}", shard.number);
    }
    if let Err(refusal) = registry.get_named::<Shard>("shard-7") {
        println!("{refusal}");
    }
    registry.shutdown().await?;
    Ok(())
}
