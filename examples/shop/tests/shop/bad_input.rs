//! Each bad input gets one sentence, a failure as exit code, and leaves nothing behind.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::client::{Shop, shop};
use crate::folder::Folder;

/// The one line on stderr; nothing on stdout, and a failure as exit code.
fn refusal(data: &Path, arguments: &[&str]) -> String {
    let output = shop(data, arguments).stdin(Stdio::null()).output().expect("the shop runs");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

#[test]
fn a_bad_flag() {
    let folder = Folder::new();
    for (arguments, sentence) in [
        (&["--prot", "1"][..], "shop: invalid option '--prot'; see --help"),
        (&["--port", "x"], "shop: cannot parse argument \"x\": a port is a number from 0 to 65535"),
        (&["--graph", "svg"], "shop: cannot parse argument \"svg\": a graph is printed as text, dot, mermaid or json"),
    ] {
        assert_eq!(refusal(folder.path(), arguments), sentence);
        assert!(!folder.path().exists());
    }
}

#[test]
fn a_missing_catalog() {
    let folder = Folder::new();
    assert_eq!(
        refusal(folder.path(), &["--port", "0", "--catalog", "/no/such.csv"]),
        "shop: cannot read the catalog /no/such.csv: No such file or directory (os error 2); choose another with --catalog"
    );
    assert!(!folder.path().exists(), "the folder that this boot made is gone again");
}

#[test]
fn a_catalog_that_is_none() {
    let folder = Folder::new();
    let file = Folder::new();
    fs::create_dir(file.path()).expect("a folder");
    let list = file.path().join("list.csv");
    fs::write(&list, "sku,name,category,price,stock\nA,Kettle,Kitchen,cheap,1\n").expect("a list");
    let sentence = refusal(folder.path(), &["--port", "0", "--catalog", &list.display().to_string()]);
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
fn a_folder_that_was_there_is_left_as_it_was() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).expect("a folder");
    refusal(folder.path(), &["--port", "0", "--catalog", "/no/such.csv"]);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "no lock, no spool, no half a database");
}

#[test]
fn a_shop_that_is_stopped_while_it_boots_leaves_nothing() {
    let folder = Folder::new();
    let files = Folder::new();
    fs::create_dir(files.path()).expect("a folder");
    let list = files.path().join("list.csv");
    // Whoever opens it waits for a writer.
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
    assert_eq!(process.wait().expect("an end").code(), Some(1));
    assert!(!folder.path().exists(), "{printed}");
}

#[test]
fn a_busy_port() {
    let folder = Folder::new();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port();
    assert_eq!(
        refusal(folder.path(), &["--port", &port.to_string()]),
        format!(
            "shop: cannot listen on 127.0.0.1:{port}: Address already in use (os error 98); choose another port with --port"
        )
    );
    assert!(!folder.path().exists(), "nothing was written");
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let folder = Folder::new();
    fs::write(folder.path(), "a file in the way").expect("a file");
    let data = folder.path().join("data");
    assert_eq!(
        refusal(&data, &["--port", "0"]),
        format!(
            "shop: cannot write to the data folder {}: Not a directory (os error 20); choose another with --data",
            data.display()
        )
    );
    fs::remove_file(folder.path()).expect("the file");
}

#[test]
fn a_data_folder_that_is_in_use() {
    let folder = Folder::new();
    let first = Shop::start(folder.path());
    assert_eq!(
        refusal(folder.path(), &["--port", "0"]),
        format!(
            "shop: another shop uses the data folder {}; stop it, or choose another with --data",
            folder.path().display()
        )
    );
    assert_eq!(first.get("/products/1").0, 200);
}

#[test]
fn a_database_that_is_none_is_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).expect("a folder");
    let database = folder.path().join("shop.db");
    let letter = "a letter, and no database at all; it is longer than the header of one would be".repeat(9);
    fs::write(&database, &letter).expect("a file");
    assert_eq!(
        refusal(folder.path(), &["--port", "0"]),
        format!(
            "shop: cannot open the database {}: file is not a database; move it away, or choose another folder with --data",
            database.display()
        )
    );
    assert_eq!(fs::read_to_string(database).expect("the file"), letter);
}

#[test]
fn the_graph_and_the_help_write_nothing() {
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
