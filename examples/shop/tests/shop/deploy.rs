//! The configuration in `docs/deploy`: the shop accepts the arguments, and serves the probes.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use service_core::Result;
use shop::http::{Port, Probes};
use shop::{Command, Settings};

use crate::folder::Folder;

const UNIT: &str = include_str!("../../../../docs/deploy/shop.service");
const MANIFEST: &str = include_str!("../../../../docs/deploy/kubernetes.yaml");

fn parse<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Settings {
    match Command::parse(arguments.into_iter().map(OsString::from)) {
        Ok(Command::Serve(settings, _)) => settings,
        other => panic!("it does not serve: {other:?}"),
    }
}

#[test]
fn the_systemd_unit_starts_the_shop() {
    let line = UNIT.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("the unit starts a program");
    let settings = parse(line.split_whitespace().skip(1));
    assert_eq!((settings.port, settings.probes), (3000, None));
}

#[test]
fn the_kubernetes_manifest_starts_the_shop_on_its_ports() {
    let line =
        MANIFEST.lines().find_map(|line| line.trim().strip_prefix("args: ")).expect("the manifest has arguments");
    let arguments: Vec<String> = serde_json::from_str(line).expect("a list of texts");
    let settings = parse(arguments.iter().map(String::as_str));
    assert!(settings.host.is_unspecified(), "the shop is reachable from other hosts");
    let probes = settings.probes.expect("the shop serves probes");
    for port in [settings.port, probes.port()] {
        assert!(MANIFEST.contains(&format!("containerPort: {port}\n")), "{port}");
    }
}

#[tokio::test]
async fn the_probes_are_served_on_a_separate_port() -> Result<()> {
    let folder = Folder::new();
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let settings = Settings { port: 0, probes: Some(anywhere), data: folder.path().to_owned(), ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    let address = registry.get::<Probes>()?.address().ok_or("they are not answered")?;
    assert_ne!(address, registry.get::<Port>()?.address());
    for path in ["/startupz", "/readyz", "/livez"] {
        assert!(get(address, path).await?.starts_with("HTTP/1.1 200 "), "{path}");
    }
    registry.set_unready("stocktaking");
    assert!(get(address, "/readyz").await?.starts_with("HTTP/1.1 503 "));
    registry.shutdown().await?;
    Ok(())
}

async fn get(address: SocketAddr, path: &'static str) -> Result<String> {
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    Ok(answer.await??)
}
