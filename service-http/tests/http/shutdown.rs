//! At shutdown the server answers the requests that it has received, closes idle connections, and cuts off slow
//! clients.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use service_core::{Context, Definition, Event, EventKind, Registry, Restart, Result};
use service_http::Server;
use tokio::sync::Notify;

use crate::captured_log::CapturedLog;
use crate::client::{self, Client, request};
use crate::handlers::{BlockingHandler, body_length, hello};
use crate::web::{open, open_with_short_drain};

fn progress(registry: &Registry) -> Vec<String> {
    let words = |kind| if let EventKind::Progress { words, .. } = kind { Some(words) } else { None };
    registry.events().into_iter().filter_map(|event| words(event.kind)).collect()
}

#[tokio::test]
async fn a_request_in_progress_is_answered_with_connection_close() -> Result<()> {
    let (handler, routes) = BlockingHandler::routes();
    let (registry, address) = open(routes).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow")).await?;
    handler.entered.notified().await;
    registry.request_shutdown("the test requests it");
    // Until the server refuses connections. No event says when that is.
    while Client::connect(address).await.is_ok() {}
    handler.release.notify_one();
    let answer = client.answer().await?;
    assert_eq!((answer.status, &*answer.body), (200, "done"));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    registry.stopped().await?;
    Ok(())
}

#[tokio::test]
async fn a_response_before_a_restart_of_the_service_says_connection_close() -> Result<()> {
    let (handler, routes) = BlockingHandler::routes();
    let (fail, addresses) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let (failing, bound) = (fail.clone(), addresses.clone());
    let web = Definition::new("web").restart(Restart::transient()).init(move |cx: Context<()>| {
        let (failing, bound, routes) = (failing.clone(), bound.clone(), routes.clone());
        async move {
            let server = Server::bind("127.0.0.1:0").await?;
            bound.lock().expect("no thread panics").push(server.address());
            let stopping = cx.stopping();
            let task = move || {
                let (failing, stopping) = (failing.clone(), stopping.clone());
                async move {
                    match stopping.run_until_cancelled(failing.notified()).await {
                        Some(()) => Result::<()>::Err("the test lets it fail".into()),
                        None => Ok(()),
                    }
                }
            };
            // A failure of this task restarts the service.
            cx.tasks().supervised("failing", Restart::transient().intensity(0, Duration::from_secs(1)), task);
            server.serve(&cx, routes)?;
            Ok(())
        }
    });
    let registry = Registry::builder().isolated().define(web).boot().await?;
    let address = addresses.lock().expect("no thread panics")[0];
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow")).await?;
    handler.entered.notified().await;
    fail.notify_one();
    // The header is due as soon as the service drains, although the connections learn of it later.
    while !registry.events().iter().any(|event| matches!(event.kind, EventKind::Draining { .. })) {
        tokio::task::yield_now().await;
    }
    handler.release.notify_one();
    let answer = client.answer().await?;
    assert_eq!((answer.status, &*answer.body), (200, "done"));
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    let is_ready = |event: &Event| matches!(event.kind, EventKind::Ready { .. });
    while registry.events().iter().filter(|event| is_ready(event)).count() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn connections_in_the_listen_backlog_are_answered() -> Result<()> {
    let (registry, address) = open(hello()).await?;
    // The runtime has only this thread, so the server accepts no connection before the shutdown is requested.
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
async fn an_idle_connection_closes_unless_a_request_has_just_been_sent_on_it() -> Result<()> {
    let (registry, address) = open(hello()).await?;
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

    // The next request arrives when the shutdown begins. The server has not read it yet.
    asking.write_all(request("/").as_bytes())?;
    let started = Instant::now();
    registry.shutdown().await?;
    assert!(started.elapsed() < Duration::from_secs(5), "the server waited for an idle client");
    let mut answer = String::new();
    asking.read_to_string(&mut answer)?;
    assert!(answer.ends_with("hello") && answer.contains("connection: close"), "{answer}");
    assert_eq!((idle.closed().await?, silent.closed().await?), Default::default());
    assert!(progress(&registry).is_empty(), "no client was cut off");
    Ok(())
}

#[tokio::test]
async fn a_short_drain_is_long_enough_to_close_idle_connections() -> Result<()> {
    let server = Server::bind("127.0.0.1:0").await?;
    let address = server.address();
    let registry = open_with_short_drain(server, Router::new().route("/", post(body_length))).await?;
    let (mut silent, mut idle) = (Client::connect(address).await?, Client::connect(address).await?);
    idle.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n").await?;
    assert_eq!(idle.answer().await?.body, "2");
    registry.shutdown().await?;
    assert_eq!((idle.closed().await?, silent.closed().await?), Default::default());
    assert!(progress(&registry).is_empty(), "no client was cut off");
    Ok(())
}

#[tokio::test]
async fn slow_clients_are_cut_off_and_reported_and_the_shutdown_is_clean() -> Result<()> {
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let endless = get(|| async { vec![b'x'; 64 << 20] });
    let routes = Router::new().route("/read", post(body_length)).route("/endless", endless);
    let (registry, address) = open(routes).await?;
    let mut half_a_head = Client::connect(address).await?;
    half_a_head.send("GET /re").await?;
    let mut half_a_body = Client::connect(address).await?;
    half_a_body.send("POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").await?;
    let mut reads_nothing = Client::connect(address).await?;
    reads_nothing.send(&request("/endless")).await?;
    while client::get(address, "/").await?.status != 404 {}
    let started = Instant::now();
    let report = registry.shutdown().await?;
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(1_700), "clients have nine tenths of the drain: {elapsed:?}");
    let unsent = "cut off 2 clients that had not sent all of a request";
    let unread = "cut off a client that had not read all of a response: GET /endless";
    assert_eq!(progress(&registry), [unsent, unread]);
    assert!(report.is_clean() && report.to_string().contains(&format!("note: {unread}")), "{report}");
    let record = r#"domain="http" action="shutdown" status="warning" service="Web""#;
    let event = format!("WARN message={unread} {record}");
    assert!(log.take().contains(&event));
    assert_eq!((half_a_head.closed().await?, half_a_body.closed().await?), Default::default());
    Ok(())
}

#[tokio::test]
async fn a_request_that_a_handler_does_not_answer_is_a_failure_that_names_it() -> Result<()> {
    let (handler, routes) = BlockingHandler::routes();
    let (registry, address) = open(routes).await?;
    let mut client = Client::connect(address).await?;
    client.send(&request("/slow?secret")).await?;
    handler.entered.notified().await;
    let error = registry.shutdown().await.expect_err("a request was lost").to_string();
    assert!(error.contains("cut off while being answered: GET /slow after "), "{error}");
    assert_eq!(client.closed().await?, "");
    Ok(())
}
