//! Invalid input: the shop prints one sentence, exits with a code that says whether another start can help, and leaves no files.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::client::{Shop, shop};
use crate::folder::Folder;

const BOOT_FAILED: i32 = 1;
const MISCONFIGURED: i32 = 78;

/// The one line on stderr. Checks that stdout is empty, and the exit code.
fn refusal(code: i32, data: &Path, arguments: &[&str]) -> String {
    let output = shop(data, arguments).stdin(Stdio::null()).output().expect("the shop runs");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

#[test]
fn an_invalid_option_is_refused() {
    let folder = Folder::new();
    for (arguments, sentence) in [
        (&["--prot", "1"][..], "shop: invalid option '--prot'; see --help"),
        (&["--port", "x"], "shop: cannot parse argument \"x\": a port is a number from 0 to 65535"),
        (&["--graph", "svg"], "shop: cannot parse argument \"svg\": a graph is printed as text, dot, mermaid or json"),
    ] {
        assert_eq!(refusal(MISCONFIGURED, folder.path(), arguments), sentence);
        assert!(!folder.path().exists());
    }
}

#[test]
fn a_missing_catalog_is_refused() {
    let folder = Folder::new();
    assert_eq!(
        refusal(MISCONFIGURED, folder.path(), &["--port", "0", "--catalog", "/no/such.csv"]),
        "shop: cannot read the catalog /no/such.csv: No such file or directory (os error 2); choose another with --catalog"
    );
    assert!(!folder.path().exists(), "the boot removed the folder that it created");
}

#[test]
fn a_file_that_is_not_a_catalog_is_refused() {
    let folder = Folder::new();
    let file = Folder::new();
    fs::create_dir(file.path()).expect("a folder");
    let list = file.path().join("list.csv");
    fs::write(&list, "sku,name,category,price,stock\nA,Kettle,Kitchen,cheap,1\n").expect("a list");
    let sentence = refusal(MISCONFIGURED, folder.path(), &["--port", "0", "--catalog", &list.display().to_string()]);
    let list = list.display();
    assert_eq!(
        sentence,
        format!(
            "shop: cannot import the catalog {list}: line 2: a price is written as 12.95, not as \"cheap\"; \
             correct it, or choose another with --catalog"
        )
    );
    assert!(!folder.path().exists());
}

#[test]
fn an_existing_folder_is_left_unchanged() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).expect("a folder");
    refusal(MISCONFIGURED, folder.path(), &["--port", "0", "--catalog", "/no/such.csv"]);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "there is no lock, spool or database");
}

#[test]
fn a_shop_that_is_stopped_during_its_boot_leaves_no_files() {
    let folder = Folder::new();
    let files = Folder::new();
    fs::create_dir(files.path()).expect("a folder");
    let list = files.path().join("list.csv");
    // Opening it blocks until there is a writer.
    assert!(Command::new("mkfifo").arg(&list).status().expect("mkfifo runs").success());
    let mut process = shop(folder.path(), &["--port", "0", "--catalog", &list.display().to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shop starts");
    while !folder.path().join("shop.db").exists() {
        sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").arg(process.id().to_string()).status().expect("kill runs").success());
    let mut printed = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut printed).expect("text");
    assert_eq!(process.wait().expect("an end").code(), Some(4));
    assert!(!folder.path().exists(), "{printed}");
}

#[test]
fn a_busy_port_is_refused() {
    let folder = Folder::new();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port();
    assert_eq!(
        refusal(BOOT_FAILED, folder.path(), &["--port", &port.to_string()]),
        format!(
            "shop: cannot listen on 127.0.0.1:{port}: Address already in use (os error 98); choose another port with --port"
        )
    );
    assert!(!folder.path().exists(), "nothing was written");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused() {
    let folder = Folder::new();
    fs::write(folder.path(), "a file in the way").expect("a file");
    let data = folder.path().join("data");
    assert_eq!(
        refusal(BOOT_FAILED, &data, &["--port", "0"]),
        format!(
            "shop: cannot write to the data folder {}: Not a directory (os error 20); choose another with --data",
            data.display()
        )
    );
    fs::remove_file(folder.path()).expect("the file");
}

#[test]
fn a_data_folder_that_is_in_use_is_refused() {
    let folder = Folder::new();
    let first = Shop::start(folder.path());
    assert_eq!(
        refusal(BOOT_FAILED, folder.path(), &["--port", "0"]),
        format!(
            "shop: another shop uses the data folder {}; stop it, or choose another with --data",
            folder.path().display()
        )
    );
    assert_eq!(first.get("/products/1").0, 200);
}

#[test]
fn a_file_that_is_not_a_database_is_left_unchanged() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).expect("a folder");
    let database = folder.path().join("shop.db");
    let letter = "a letter, and no database at all; it is longer than the header of one would be".repeat(9);
    fs::write(&database, &letter).expect("a file");
    assert_eq!(
        refusal(BOOT_FAILED, folder.path(), &["--port", "0"]),
        format!(
            "shop: cannot open the database {}: file is not a database; move it away, or choose another folder with --data",
            database.display()
        )
    );
    assert_eq!(fs::read_to_string(database).expect("the file"), letter);
}

#[test]
fn the_graph_and_the_help_write_no_files() {
    let folder = Folder::new();
    for (arguments, word) in [
        (&["--graph", "text"][..], "Server"),
        (&["--graph", "dot"], "digraph"),
        (&["--graph", "mermaid"], "flowchart"),
        (&["--graph", "json"], "\"Server\""),
        (&["--help"], "Usage: shop"),
    ] {
        let output = shop(folder.path(), arguments).output().expect("the shop runs");
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&output.stdout).contains(word));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(!folder.path().exists());
    }
}
