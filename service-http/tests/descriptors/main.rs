//! A server in a process that may open few files: clients that hold connections do not keep the probes from answering,
//! and a shutdown answers every client in the listen backlog.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use service_core::{Context, Lifecycle, Registry, Result, service};
use service_http::Server;

/// Longer than the server may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

#[service]
struct Probes {
    address: SocketAddr,
}

impl Lifecycle for Probes {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self { address: service_http::serve_probes(cx, "127.0.0.1:0").await? })
    }
}

#[service(requires = [Probes], drain_timeout = "30s")]
struct Web {
    server: Server,
    probes: Arc<Probes>,
}

impl Lifecycle for Web {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let mut server = Server::bind("127.0.0.1:0").await?;
        if let Some(number) = std::env::var("CONNECTIONS").ok().and_then(|number| number.parse().ok()) {
            server = server.max_connections(number);
        }
        Ok(Self { server, probes: cx.get() })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        self.server.serve(cx, Router::new().route("/", get(async || "hello")))?;
        println!("{} {}", self.server.address(), self.probes.address);
        Ok(())
    }
}

fn main() -> Result<ExitCode> {
    if std::env::var_os("SERVE").is_some() {
        return Ok(tokio::runtime::Runtime::new()?.block_on(Registry::launch()));
    }
    if !cfg!(target_os = "linux") || std::env::args().any(|argument| argument == "--list") {
        return Ok(ExitCode::SUCCESS);
    }
    println!("the probes answer while idle clients hold all connections");
    let (server, web, probes) = start("128", None)?;
    let _idle = (0..200).map(|_| TcpStream::connect(web)).collect::<io::Result<Vec<_>>>()?;
    // Until the server has accepted as many as it does.
    std::thread::sleep(Duration::from_millis(500));
    let started = Instant::now();
    let mut probe = ask(probes, "/livez")?;
    assert!(read(&mut probe)?.starts_with("HTTP/1.1 200"));
    // Without a reserve, it takes until the idle connections exceed their limit of 75 s.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    drop(_idle);
    stop(server)?;

    for connections in [None, Some("1000")] {
        println!(
            "150 clients of a server with 64 descriptors are answered at shutdown, with {connections:?} connections"
        );
        let (server, web, _) = start("64", connections)?;
        let clients = (0..150).map(|_| ask(web, "/")).collect::<io::Result<Vec<_>>>()?;
        stop(server)?;
        for mut client in clients {
            assert!(read(&mut client)?.ends_with("hello"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts this program as a server that may open so many files. Returns the addresses of the server and of its probes.
fn start(descriptors: &str, connections: Option<&str>) -> Result<(Child, SocketAddr, SocketAddr)> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\"")]).arg(std::env::current_exe()?);
    command.env("SERVE", "1").stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(number) = connections {
        command.env("CONNECTIONS", number);
    }
    let mut server = command.spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("a pipe")?).read_line(&mut line)?;
    let (web, probes) = line.trim().split_once(' ').ok_or("the server did not start")?;
    Ok((server, web.parse()?, probes.parse()?))
}

/// Sends SIGTERM and waits until the server has stopped cleanly.
fn stop(mut server: Child) -> Result<()> {
    assert!(Command::new("kill").args(["-s", "TERM", &server.id().to_string()]).status()?.success());
    let ended = server.wait()?;
    if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
}

fn ask(address: SocketAddr, path: &str) -> io::Result<TcpStream> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.write_all(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").as_bytes())?;
    Ok(client)
}

/// Reads a response that has a body, or until the server closes the connection.
fn read(client: &mut TcpStream) -> io::Result<String> {
    let (mut text, mut space) = (String::new(), [0; 4_096]);
    loop {
        let length = client.read(&mut space)?;
        text += &String::from_utf8_lossy(&space[..length]);
        if length == 0 || text.contains("hello") || text.contains("null}") {
            return Ok(text);
        }
    }
}
