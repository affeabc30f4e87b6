//! A program that names no library with services, as a `main.rs` that forgets the `lib.rs` beside it.

use std::io::{BufRead, BufReader, Error};
use std::process::{Command, Stdio};

use service_core::Registry;

/// Set in the process that launches.
const LAUNCHES: &str = "LAUNCHES_WITHOUT_SERVICES";

#[test]
fn a_launch_without_a_service_says_how_to_link_a_library() -> Result<(), Error> {
    if std::env::var_os(LAUNCHES).is_some() {
        // It ends when the other process kills it.
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(Registry::launch());
        return Ok(());
    }
    let mut launched = Command::new(std::env::current_exe()?)
        .arg("a_launch_without_a_service")
        .env(LAUNCHES, "yes")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(launched.stderr.take().expect("a pipe")).read_line(&mut line)?;
    launched.kill()?;
    launched.wait()?;
    assert!(line.starts_with("no service is linked into this program; "), "{line}");
    assert!(line.contains("`use my_app as _;`"), "{line}");
    Ok(())
}
