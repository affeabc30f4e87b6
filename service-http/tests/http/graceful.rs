//! The way down: whoever was let in is answered, whoever is idle is let go, and nobody keeps us for ever.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use service_core::{Context, Definition, EventKind, Registry, Restart, Result};
use service_http::Server;
use tokio::sync::Notify;

use crate::client::{self, Client, request};
use crate::web::{Routes, Web, open};

/// Routes with a handler that waits for `go`, and says so by `inside`.
struct Gate {
    inside: Arc<Notify>,
    go: Arc<Notify>,
}

impl Gate {
    fn new() -> (Self, Router) {
        let gate = Self { inside: Arc::default(), go: Arc::default() };
        let (inside, go) = (gate.inside.clone(), gate.go.clone());
        let slow = async move || {
            inside.notify_one();
            go.notified().await;
            "done"
        };
        (gate, Router::new().route("/slow", get(slow)).route("/", get(|| async { "hello" })))
    }
}

/// One whose drain is short.
async fn serving(server: Server, routes: Router) -> Result<Registry> {
    let web = Definition::new("web").drain_timeout(Duration::from_millis(200)).init(move |cx: Context<()>| {
        let served = server.serve(&cx, routes.clone());
        async { served }
    });
    Ok(Registry::builder().isolated().define(web).boot().await?)
}

async fn length(body: Bytes) -> String {
    body.len().to_string()
}

fn progress(registry: &Registry) -> Vec<String> {
    let words = |kind| if let EventKind::Progress { words, .. } = kind { Some(words) } else { None };
    registry.events().into_iter().filter_map(|event| words(event.kind)).collect()
}

#[tokio::test]
async fn a_port_that_is_taken_fails_the_boot_in_a_sentence() -> Result<()> {
    let (first, address) = open(Router::new()).await?;
    let taken = Server::bind(address).await.expect_err("it is taken");
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    assert!(taken.to_string().starts_with(&format!("cannot listen on {address}: ")), "{taken}");
    first.shutdown().await?;
    assert!(Server::bind(address).await.is_ok(), "it is free again");
    Ok(())
}

#[tokio::test]
async fn a_server_serves_once() -> Result<()> {
    let server = Server::from_std(std::net::TcpListener::bind("127.0.0.1:0")?)?;
    let (registry, sent) = (Registry::builder().isolated(), Arc::new(std::sync::Mutex::new(Vec::new())));
    let (server, told) = (Arc::new(server), sent.clone());
    let definition = Definition::new("web").init(move |cx: Context<()>| {
        let both = [server.serve(&cx, Router::new()), server.serve(&cx, Router::new())];
        told.lock().expect("nobody panics").extend(both.map(|it| it.map_err(|it| it.to_string())));
        async { Ok(()) }
    });
    registry.define(definition).boot().await?.shutdown().await?;
    let again = Err("a server serves once; bind another one in `init`".to_owned());
    assert_eq!(*sent.lock().expect("nobody panics"), [Ok(()), again]);
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_being_answered_is_answered_and_told_that_it_is_the_last() -> Result<()> {
    let (gate, routes) = Gate::new();
    let (registry, address) = open(routes).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow")).await?;
    gate.inside.notified().await;
    registry.request_shutdown("the test says so");
    // As soon as nobody is let in any more; the registry alone knows when that is.
    while Client::connect(address).await.is_ok() {}
    gate.go.notify_one();
    let answer = client.answer().await?;
    assert_eq!((answer.status, &*answer.body), (200, "done"));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    registry.stopped().await?;
    Ok(())
}

#[tokio::test]
async fn whoever_is_answered_before_a_restart_is_told_that_it_is_the_last() -> Result<()> {
    let (gate, routes) = Gate::new();
    let (fail, opened) = (Arc::new(Notify::new()), Arc::new(std::sync::Mutex::new(Vec::new())));
    let (failing, open) = (fail.clone(), opened.clone());
    let web = Definition::new("web").restart(Restart::transient()).init(move |cx: Context<()>| {
        let (failing, open, routes) = (failing.clone(), open.clone(), routes.clone());
        async move {
            let server = Server::bind("127.0.0.1:0").await?;
            open.lock().expect("nobody panics").push(server.address());
            let stopping = cx.stopping();
            let doomed = move || {
                let (failing, stopping) = (failing.clone(), stopping.clone());
                async move {
                    match stopping.run_until_cancelled(failing.notified()).await {
                        Some(()) => Result::<()>::Err("worn out".into()),
                        None => Ok(()),
                    }
                }
            };
            cx.tasks().supervised("doomed", Restart::transient().intensity(0, Duration::from_secs(1)), doomed);
            server.serve(&cx, routes)?;
            Ok(())
        }
    });
    let registry = Registry::builder().isolated().define(web).boot().await?;
    let address = opened.lock().expect("nobody panics")[0];
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow")).await?;
    gate.inside.notified().await;
    fail.notify_one();
    // From the first moment on: the connections themselves are told later.
    while !registry.events().iter().any(|event| matches!(event.kind, EventKind::Draining { .. })) {
        tokio::task::yield_now().await;
    }
    gate.go.notify_one();
    let answer = client.answer().await?;
    assert_eq!((answer.status, &*answer.body), (200, "done"));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    let ready = |event: &service_core::Event| matches!(event.kind, EventKind::Ready { .. });
    while registry.events().iter().filter(|event| ready(event)).count() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn who_stands_in_the_kernels_queue_is_answered() -> Result<()> {
    let (_, routes) = Gate::new();
    let (registry, address) = open(routes).await?;
    // This thread is the runtime's only one: nobody is accepted before the shutdown is requested.
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        client.write_all(request("/").as_bytes())?;
        clients.push(client);
    }
    registry.shutdown().await?;
    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn an_idle_connection_is_closed_unless_it_has_just_asked() -> Result<()> {
    let (_, routes) = Gate::new();
    let (registry, address) = open(routes).await?;
    let mut idle = Client::connect(address).await?;
    let mut silent = Client::connect(address).await?;
    assert_eq!(idle.get("/").await?.status, 200);
    let mut asking = TcpStream::connect(address)?;
    asking.write_all(request("/").as_bytes())?;
    let mut part = [0; 4096];
    tokio::task::yield_now().await;
    while client::get(address, "/").await?.status != 200 {}
    let length = asking.read(&mut part)?;
    assert!(part[..length].ends_with(b"hello"));

    // It asks again at the very moment when the shutdown begins; nobody has read that yet.
    asking.write_all(request("/").as_bytes())?;
    let began = Instant::now();
    registry.shutdown().await?;
    assert!(began.elapsed() < Duration::from_millis(1_500), "nobody had to be waited for");
    let mut answer = String::new();
    asking.read_to_string(&mut answer)?;
    assert!(answer.ends_with("hello") && answer.contains("connection: close"), "{answer}");
    assert_eq!((idle.closed().await?, silent.closed().await?), Default::default());
    assert!(progress(&registry).is_empty(), "nobody was cut off");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_answered_before_all_is_sent_is_not_interrupted() -> Result<()> {
    let (registry, address) = open(Router::new()).await?;
    let mut client = TcpStream::connect(address)?;
    let answer = tokio::task::spawn_blocking(move || {
        // More than all buffers on the way hold; nobody reads it, and the connection ends with the answer.
        client
            .write_all(format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", 32 << 20).as_bytes())?;
        client.write_all(&vec![b'x'; 32 << 20])?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    });
    let answer = answer.await??;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_drain_that_is_short_is_enough_for_idle_connections() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?;
    let address = server.address();
    let registry = serving(server, Router::new().route("/", post(length))).await?;
    let (mut silent, mut idle) = (Client::connect(address).await?, Client::connect(address).await?);
    idle.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").await?;
    assert_eq!(idle.answer().await?.body, "2");
    registry.shutdown().await?;
    assert_eq!((idle.closed().await?, silent.closed().await?), Default::default());
    assert!(progress(&registry).is_empty(), "nobody was cut off");
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_finish_is_cut_off_and_told_of_and_the_shutdown_is_clean() -> Result<()> {
    let endless = get(|| async { vec![b'x'; 64 << 20] });
    let (registry, address) = open(Router::new().route("/read", post(length)).route("/endless", endless)).await?;
    let mut half_a_head = Client::connect(address).await?;
    half_a_head.send("GET /re").await?;
    let mut half_a_body = Client::connect(address).await?;
    half_a_body.send("POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").await?;
    let mut takes_nothing = Client::connect(address).await?;
    takes_nothing.send(&request("/endless")).await?;
    while client::get(address, "/").await?.status != 404 {}
    let began = Instant::now();
    registry.shutdown().await?;
    assert!(
        began.elapsed() >= Duration::from_millis(1_700),
        "they had nine tenths of the drain: {:?}",
        began.elapsed()
    );
    let words = "cut off 3 clients that had not sent all of a request, or not taken all of an answer";
    assert_eq!(progress(&registry), [words]);
    assert_eq!((half_a_head.closed().await?, half_a_body.closed().await?), Default::default());
    Ok(())
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_a_failure_by_its_name() -> Result<()> {
    let (gate, routes) = Gate::new();
    let (registry, address) = open(routes).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow?secret")).await?;
    gate.inside.notified().await;
    let error = registry.shutdown().await.expect_err("a request was lost").to_string();
    assert!(error.contains("cut off while being answered: GET /slow after "), "{error}");
    assert_eq!(client.closed().await?, "");
    Ok(())
}

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_the_connection_goes_on() -> Result<()> {
    async fn broken() -> &'static str {
        panic!("on purpose")
    }
    let routes = Router::new().route("/broken", get(broken)).route("/", get(|| async { "hello" }));
    let (registry, address) = open(routes).await?;
    let mut client = Client::connect(address).await?;
    assert_eq!(client.get("/broken").await?.status, 500);
    assert_eq!(client.get("/").await?.body, "hello");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_handler_that_shuts_down_does_not_wait_for_itself() -> Result<()> {
    let shut_down = async || match Registry::current() {
        Some(registry) => registry.shutdown().await.expect_err("it would wait for itself").to_string(),
        None => "no registry".to_owned(),
    };
    let (registry, address) = open(Router::new().route("/", get(shut_down))).await?;
    let answer = client::get(address, "/").await?;
    assert!(answer.body.contains("Web"), "{}", answer.body);
    registry.stopped().await?;
    Ok(())
}

#[tokio::test]
async fn who_takes_long_to_ask_is_let_go() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?.head_timeout(Duration::from_millis(100));
    let (mut client, registry) = (Client::connect(server.address()).await?, serving(server, Router::new()).await?);
    assert_eq!(client.get("/").await?.status, 404);
    client.send("GET /").await?;
    assert_eq!(client.closed().await?, "");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn who_pauses_in_a_body_is_told_and_let_go() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?.body_timeout(Duration::from_millis(100));
    let (mut client, routes) = (Client::connect(server.address()).await?, Router::new().route("/", post(length)));
    let registry = serving(server, routes).await?;
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").await?;
    let answer = client.answer().await?;
    assert_eq!(answer.status, 400);
    assert!(answer.body.ends_with("nothing more of the body came for 100ms; send all of it"), "{}", answer.body);
    assert_eq!(client.closed().await?, "");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_restarted_listens_again() -> Result<()> {
    for _ in 0..3 {
        let (registry, address) = open(Router::new()).await?;
        assert_eq!(client::get(address, "/").await?.status, 404);
        assert!(registry.state::<Web>() == service_core::State::Ready && registry.get::<Routes>().is_ok());
        registry.shutdown().await?;
        assert!(Client::connect(address).await.is_err());
    }
    Ok(())
}
