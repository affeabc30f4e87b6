//! [`Files`]: downloads over HTTP. [`FileServer`]: the server that it downloads from.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::Request;
use axum::http::header::{CONNECTION, HOST};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use service_core::{Context, Health, Lifecycle, Result, guarded, service};
use service_http::Server;
use service_toolkit::{BlockingPool, LazyResource};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// Sends a report, and closes the connection after each.
#[service]
struct FileServer {
    server: Server,
}

impl Lifecycle for FileServer {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self { server: Server::bind("127.0.0.1:0").await? })
    }

    async fn start(self: Arc<Self>, cx: &Context<Self>) -> Result<()> {
        let report = async || ([(CONNECTION, "close")], "report".repeat(20_000));
        self.server.serve(cx, Router::new().route("/report", get(report)))
    }
}

/// A connection that is made at the first download, and again when the server has closed it.
type Session = Mutex<SendRequest<Empty<Bytes>>>;

#[service(requires = [FileServer])]
pub(crate) struct Files {
    directory: PathBuf,
    server: SocketAddr,
    session: LazyResource<Session>,
    threads: BlockingPool,
}

impl Lifecycle for Files {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let server = cx.get::<FileServer>().server.address();
        let directory = std::env::temp_dir().join(format!("files-{}", std::process::id()));
        fs::create_dir_all(&directory).await?;
        cx.defer(fs::remove_dir_all(directory.clone()));
        let owner = cx.clone();
        let session = LazyResource::new(move || connect(owner.clone(), server))
            .is_closed(|session: &Session| session.try_lock().is_ok_and(|session| !session.is_ready()));
        Ok(Self { directory, server, session, threads: BlockingPool::start(cx, "files", 20, 100)? })
    }

    async fn health(&self) -> Health {
        Health::from_result(fs::metadata(&self.directory).await)
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        println!("files stop");
        Ok(())
    }
}

async fn connect(cx: Context<Files>, server: SocketAddr) -> Result<Session> {
    let (session, connection) = handshake(TokioIo::new(TcpStream::connect(server).await?)).await?;
    let stopping = cx.stopping();
    cx.spawn("connection", async move { stopping.run_until_cancelled(connection).await.unwrap_or(Ok(())) });
    Ok(Mutex::new(session))
}

#[guarded]
impl Files {
    /// Writes the response to a file as it arrives. Returns its size, and how many connections have been made so far.
    pub(crate) async fn download(&self, path: &str, file: &str) -> Result<(usize, u64)> {
        let session = self.session.get().await?;
        let request = Request::get(path).header(HOST, self.server.to_string()).body(Empty::new())?;
        let mut body = session.lock().await.send_request(request).await?.into_body();
        let (mut file, mut size) = (File::create(self.directory.join(file)).await?, 0);
        while let Some(frame) = body.frame().await {
            let Ok(chunk) = frame?.into_data() else { continue };
            file.write_all(&chunk).await?;
            size += chunk.len();
        }
        file.flush().await?;
        Ok((size, self.session.made()))
    }

    /// Reads a file with a call that blocks, on a thread of the pool.
    pub(crate) async fn read(&self, file: &str) -> Result<String> {
        let path = self.directory.join(file);
        Ok(self.threads.run(move || std::fs::read_to_string(path)).await??)
    }
}
