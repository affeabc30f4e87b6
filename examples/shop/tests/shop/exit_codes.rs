//! The exit codes that the page "Deployment" of the guide lists, and the options that the unit uses.

use std::fs;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::client::{Shop, shop};
use crate::folder::Folder;

/// The exit status and stderr.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (ExitStatus, String) {
    let folder = Folder::new();
    let output = shop(folder.path(), arguments)
        .env_remove("RUST_LOG")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the shop runs");
    (output.status, String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn a_wrong_configuration_exits_with_78() {
    let file = Folder::new();
    fs::write(file.path(), "no price list").expect("a file");
    let list = file.path().display().to_string();
    for (arguments, environment) in [
        (&["--prot", "1"][..], &[][..]),
        (&["--log-level", "shop=loud"], &[]),
        (&["--port", "0"], &[("SHOP_LOG_FORMAT", "xml")]),
        (&["--port", "0"], &[("RUST_LOG", "shop=loud")]),
        (&["--port", "0", "--catalog", "/no/such.csv"], &[]),
        (&["--port", "0", "--catalog", &list], &[]),
    ] {
        let (status, stderr) = run(arguments, environment);
        assert_eq!(status.code(), Some(78), "{arguments:?} {environment:?}: {stderr}");
        assert!(stderr.starts_with("shop: ") && stderr.lines().count() == 1, "{stderr}");
    }
    fs::remove_file(file.path()).expect("the file");
}

#[test]
fn a_boot_that_fails_exits_with_1() {
    let folder = Folder::new();
    let _first = Shop::start(folder.path());
    let output = shop(folder.path(), &["--port", "0"]).output().expect("the shop runs");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_failure_is_a_record_of_the_log() {
    let (status, stderr) = run(&["--port", "0", "--log-format", "json", "--catalog", "/no/such.csv"], &[]);
    assert_eq!(status.code(), Some(78));
    let record: Value = serde_json::from_str(stderr.trim_end()).expect("one line of JSON");
    assert_eq!(record["message"], "the shop has failed");
    let error = record["fields"]["error"].as_str().expect("an error");
    assert!(error.starts_with("cannot read the catalog /no/such.csv: "), "{error}");
}

#[test]
fn a_stop_during_the_boot_exits_with_4() {
    let folder = Folder::new();
    let list = Folder::new();
    // Opening it blocks until there is a writer.
    assert!(Command::new("mkfifo").arg(list.path()).status().expect("mkfifo runs").success());
    let mut command = shop(folder.path(), &["--port", "0", "--catalog", &list.path().display().to_string()]);
    let mut process = command.stderr(Stdio::piped()).spawn().expect("the shop starts");
    while !folder.path().join("shop.db").exists() {
        sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").arg(process.id().to_string()).status().expect("kill runs").success());
    let mut printed = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut printed).expect("text");
    assert_eq!(process.wait().expect("an end").code(), Some(4), "{printed}");
    fs::remove_file(list.path()).expect("the pipe");
}

#[cfg(target_os = "linux")]
#[test]
fn an_unclean_shutdown_exits_with_2() {
    let folder = Folder::new();
    let shop = Shop::start_as(shop(folder.path(), &["--port", "0"]).stderr(Stdio::null()));
    // The lock file of the folder cannot be removed if the folder is gone.
    fs::remove_dir_all(folder.path()).expect("the folder");
    let (end, printed) = shop.signal("TERM");
    assert_eq!(end.code(), Some(2), "{printed}");
}

#[test]
fn a_second_signal_exits_with_its_number() {
    let folder = Folder::new();
    let shop = Shop::start_as(shop(folder.path(), &["--port", "0"]).stderr(Stdio::null()));
    // The server waits a while for the rest of the request.
    let _unfinished = shop.begin("POST /users HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n{");
    assert_eq!(shop.get("/products/1").0, 200);
    shop.send_signal("TERM");
    // A second signal within 50 ms counts as the first one.
    sleep(Duration::from_millis(100));
    let (end, printed) = shop.signal("INT");
    assert_eq!(end.code(), Some(130), "{printed}");
}

#[test]
fn the_version_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_shop")).arg("--version").output().expect("the shop runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(printed.starts_with(concat!("shop ", env!("CARGO_PKG_VERSION"))), "{printed}");
}

#[test]
fn the_format_and_the_levels_of_the_logs_are_options_or_variables() {
    for (arguments, environment) in [
        (&["--port", "0", "--log-format", "json", "--log-level", "info"][..], &[("RUST_LOG", "off")][..]),
        (&["--port", "0"], &[("SHOP_LOG_FORMAT", "json"), ("RUST_LOG", "info")]),
        (&["--port", "0", "--log-format", "json"], &[("SHOP_LOG_FORMAT", "text"), ("RUST_LOG", "info")]),
    ] {
        let folder = Folder::new();
        let mut command = shop(folder.path(), arguments);
        command.env_remove("RUST_LOG").envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the shop starts");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(process.stderr.take().expect("a pipe")));
        let mut next = || -> Value {
            let line = lines.next().expect("the shop logs").expect("a line");
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
        };
        let up = std::iter::from_fn(|| Some(next())).find(|record| record["message"] == "up");
        assert!(up.expect("a record")["fields"]["address"].as_str().is_some_and(|it| it.starts_with("127.0.0.1:")));
        assert!(Command::new("kill").arg(process.id().to_string()).status().expect("kill runs").success());
        for line in lines {
            let line = line.expect("a line");
            assert!(serde_json::from_str::<Value>(&line).is_ok(), "{line}");
        }
        let mut printed = String::new();
        process.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
        assert_eq!((process.wait().expect("an end").code(), &*printed), (Some(0), ""));
    }
}
