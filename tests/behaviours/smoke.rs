use service_core::{Definition, Registry, Result};
use std::time::Duration;
use std::sync::{Arc, Mutex};

#[tokio::test(start_paused = true)]
async fn smoke() -> Result<()> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let l = log.clone();
    let registry = Registry::builder()
        .isolated()
        .on_event(move |e| l.lock().unwrap().push(format!("{:?} {:?}", e.at, e.kind)))
        .define(Definition::new("a").init(async |cx| { tokio::time::sleep(Duration::from_millis(10)).await; cx.spawn("t", { let s = cx.stopping(); async move { s.cancelled().await } }); Ok(1u32) }))
        .define(Definition::new("b").requires(["a"]).init(async |cx| { tokio::time::sleep(Duration::from_millis(20)).await; Ok(*cx.get_named::<u32>("a")? + 1) }))
        .define(Definition::new("c").requires(["a"]).init(async |cx| { tokio::time::sleep(Duration::from_millis(5)).await; Ok(*cx.get_named::<u32>("a")? + 1) }))
        .boot()
        .await?;
    println!("{}\n{}", registry.graph(), registry.report());
    assert_eq!(*registry.get_named::<u32>("b")?, 2);
    let r = registry.shutdown().await?;
    println!("{r}");
    for l in log.lock().unwrap().iter() { println!("{l}"); }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn fails() -> Result<()> {
    let err = Registry::builder()
        .isolated()
        .define(Definition::new("a").init(async |cx| { cx.defer(async { println!("cleanup a") }); Ok(1u32) }))
        .define(Definition::new("b").requires(["a"]).init(async |_| { tokio::time::sleep(Duration::from_millis(20)).await; if true { return Err("boom".into()) } Ok(1u32) }))
        .define(Definition::new("c").requires(["b"]).init(async |_| { Ok(1u32) }))
        .define(Definition::new("d").init(async |_| { tokio::time::sleep(Duration::from_millis(50)).await; Ok(1u32) }))
        .boot()
        .await.unwrap_err();
    println!("{err}");
    Ok(())
}
