//! The configuration in `docs/deploy`: the shop accepts the arguments, and serves the probes.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use service_core::Result;
use service_core::error::BadConfiguration;
use shop::http::{Port, Probes};
use shop::{Command, Settings};

use crate::folder::Folder;

const UNIT: &str = include_str!("../../../../docs/deploy/shop.service");
const MANIFEST: &str = include_str!("../../../../docs/deploy/kubernetes.yaml");
const DOCKERFILE: &str = include_str!("../../../../docs/deploy/Dockerfile");

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

#[test]
fn the_image_starts_the_shop_like_the_manifest() {
    let line = DOCKERFILE.lines().find_map(|line| line.strip_prefix("CMD ")).expect("the image has arguments");
    let arguments: Vec<String> = serde_json::from_str(line).expect("a list of texts");
    assert!(MANIFEST.contains(&format!("args: {line}\n")), "{line}");
    assert!(parse(arguments.iter().map(String::as_str)).host.is_unspecified());
    let user = DOCKERFILE.lines().find_map(|line| line.strip_prefix("USER ")).expect("the image has a user");
    let (user, group) = user.split_once(':').expect("a user and a group");
    for line in [format!("runAsUser: {user}\n"), format!("runAsGroup: {group}\n"), format!("fsGroup: {group} ")] {
        assert!(MANIFEST.contains(&line), "{line}");
    }
}

#[test]
fn the_unit_knows_the_exit_codes() {
    let line = |key: &str| UNIT.lines().find_map(|line| line.strip_prefix(key)).expect("a line");
    assert_eq!(line("RestartPreventExitStatus="), BadConfiguration::EXIT_CODE.to_string());
    assert_eq!(line("SuccessExitStatus="), "4", "the code after a stop during the boot");
}

#[tokio::test]
async fn the_unspecified_address_of_ipv6_accepts_ipv4() -> Result<()> {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("this machine has no IPv6, so nothing was tested");
        return Ok(());
    }
    let folder = Folder::new();
    let anywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let host = Ipv6Addr::UNSPECIFIED.into();
    let settings =
        Settings { host, port: 0, probes: Some(anywhere), data: folder.path().to_owned(), ..Settings::default() };
    let registry = shop::registry(settings).isolated().boot().await?;
    let port = registry.get::<Port>()?.address().port();
    let probes = registry.get::<Probes>()?.address().ok_or("they are not answered")?.port();
    for host in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
        assert!(get((host, port).into(), "/products/1").await?.starts_with("HTTP/1.1 200 "), "{host}");
        assert!(get((host, probes).into(), "/readyz").await?.starts_with("HTTP/1.1 200 "), "{host}");
    }
    registry.shutdown().await?;
    Ok(())
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
