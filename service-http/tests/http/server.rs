//! A server binds and serves with its service, and its handlers run for that service.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use service_core::{Context, Definition, Registry, Result, State};
use service_http::Server;

use crate::captured_log::CapturedLog;
use crate::client::{self, Client};
use crate::handlers::hello;
use crate::web::{Routes, Web, open};

#[tokio::test]
async fn binding_a_port_in_use_fails_with_an_error_that_names_the_address() -> Result<()> {
    let (first, address) = open(Router::new()).await?;
    let error = Server::bind(address).await.expect_err("the port is in use");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().starts_with(&format!("cannot listen on {address}: ")), "{error}");
    first.shutdown().await?;
    assert!(Server::bind(address).await.is_ok(), "the port is free again");
    Ok(())
}

#[tokio::test]
async fn a_server_serves_only_once() -> Result<()> {
    let server = Server::from_std(std::net::TcpListener::bind("127.0.0.1:0")?)?;
    let results = Arc::new(Mutex::new(Vec::new()));
    let served = results.clone();
    let definition = Definition::new("web").init(move |cx: Context<()>| {
        let twice = [server.serve(&cx, Router::new()), server.serve(&cx, Router::new())];
        served.lock().expect("no thread panics").extend(twice.map(|it| it.map_err(|it| it.to_string())));
        async { Ok(()) }
    });
    Registry::builder().isolated().define(definition).boot().await?.shutdown().await?;
    let error = Err("a server serves once; bind another one in `init`".to_owned());
    assert_eq!(*results.lock().expect("no thread panics"), [Ok(()), error]);
    Ok(())
}

#[tokio::test]
async fn a_new_server_can_bind_the_port_after_a_shutdown() -> Result<()> {
    for _ in 0..3 {
        let (registry, address) = open(Router::new()).await?;
        assert_eq!(client::get(address, "/").await?.status, 404);
        assert!(registry.state::<Web>() == State::Ready && registry.get::<Routes>().is_ok());
        registry.shutdown().await?;
        assert!(Client::connect(address).await.is_err());
    }
    Ok(())
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_and_the_connection_stays_open() -> Result<()> {
    async fn broken() -> &'static str {
        panic!("on purpose")
    }
    let log = CapturedLog::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (registry, address) = open(hello().route("/broken", get(broken))).await?;
    let mut client = Client::connect(address).await?;
    let answer = client.get("/broken?secret").await?;
    assert_eq!((answer.status, &*answer.body), (500, ""));
    let words = r#"domain="http" action="request" status="error""#;
    let event = format!(r#"ERROR message=a handler panicked: on purpose {words} service="Web" request="GET /broken""#);
    assert_eq!(log.take(), [event]);
    assert_eq!(client.get("/").await?.body, "hello");
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test]
async fn a_shutdown_in_a_handler_returns_an_error_because_it_would_wait_for_itself() -> Result<()> {
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
