//! A handler that blocks its thread delays neither the probes nor the shutdown, and is logged.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use service_core::{Context, Definition, Result};
use tokio::runtime::Builder;

use crate::captured_log::CapturedLog;
use crate::client::{Client, request};
use crate::web::{address, builder, open};

/// A handler that blocks its thread until the test drops the sender.
fn blocking() -> (Sender<()>, Router, Receiver<()>) {
    let (release, released) = channel();
    let (entered, has_entered) = channel();
    let released = Arc::new(Mutex::new(released));
    let block = async move || {
        let _ = entered.send(());
        let _ = released.lock().expect("no thread panics").recv();
    };
    (release, Router::new().route("/block", get(block)), has_entered)
}

/// Sends a request without the runtime of the server.
fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(Duration::from_secs(20)))?;
    client.write_all(format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn the_probes_answer_although_a_handler_blocks_the_thread_that_waits_for_io() -> Result<()> {
    // Whether the handler runs on the thread that waits for I/O is up to the runtime, so once may not be enough.
    let mut waited = Duration::ZERO;
    for _ in 0..4 {
        let runtime = Builder::new_multi_thread().worker_threads(8).enable_all().build()?;
        let (release, routes, has_entered) = blocking();
        let (address_of_probes, probes) = channel();
        let served = Definition::new("probes").init(move |cx: Context<()>| {
            let address_of_probes = address_of_probes.clone();
            async move { Ok(address_of_probes.send(service_http::serve_probes(&cx, "127.0.0.1:0").await?)?) }
        });
        let registry = runtime.block_on(builder(routes).define(served).boot())?;
        let (web, probes) = (address(&registry), probes.recv()?);
        // Nothing is busy any more: what the boot kept going has ended.
        std::thread::sleep(Duration::from_millis(100));
        let blocked = std::thread::spawn(move || ask(web, "/block"));
        has_entered.recv()?;
        let asked = Instant::now();
        let answer = ask(probes, "/livez")?;
        waited += asked.elapsed();
        drop(release);
        let blocked = blocked.join().expect("no thread panics")?;
        runtime.block_on(registry.shutdown())?;
        assert!(answer.starts_with("HTTP/1.1 200") && blocked.starts_with("HTTP/1.1 200"), "{answer}\n{blocked}");
    }
    // Without help, each answer takes 1.9 s: then the registry notices that a thread is blocked.
    assert!(waited < Duration::from_millis(2_500), "the probes waited for the handlers: {waited:?}");
    Ok(())
}

#[tokio::test]
async fn a_handler_that_blocks_its_thread_is_logged_once() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let block = async || {
        for _ in 0..2 {
            // Longer than the time from which on the server warns.
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(600) {
                std::thread::sleep(Duration::from_millis(100));
            }
            tokio::task::yield_now().await;
        }
    };
    let (registry, address) = open(Router::new().route("/block", get(block))).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/block?secret")).await?;
    assert_eq!(client.answer().await?.status, 200);
    assert_eq!(client.get("/").await?.status, 404);
    let lines = log.take();
    let [line] = &*lines else { panic!("{lines:?}") };
    let text = "WARN message=a handler blocked its thread; run blocking code in spawn_blocking domain=\"http\" \
                action=\"request\" status=\"warning\" service=\"Web\" \
                request=\"GET /block\" duration_ms=";
    let duration = line.strip_prefix(text).and_then(|it| it.parse::<u64>().ok());
    assert!(duration.is_some_and(|it| it >= 600), "{line}");
    registry.shutdown().await?;
    Ok(())
}
