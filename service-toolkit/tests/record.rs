//! `record!`: the three words of each record, and its level.
#![cfg(feature = "operation")]

mod host;

use std::fs;
use std::path::Path;

use host::Log;
use service_toolkit::record;

#[test]
fn each_status_has_its_level_and_its_word() {
    let (log, _guard) = Log::start();
    let (action, error) = ("import", "no file");
    record!(domain: "orders", action: action, status: started);
    record!(domain: "orders", action: action, status: success, orders = 3, "imported {} file", 1);
    record!(domain: "orders", action: action, status: warning, %error,);
    record!(domain: "orders", action: action, status: error, %error, "not imported");
    record!(domain: "orders", action: format!("{action}s"), status: cancelled, http.status_code = 499);
    record!(level: INFO, domain: "orders", action: action, status: error, "it is retried");
    let text = log.text();
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once("Z ")).map(|(_, line)| line.trim()).collect();
    let target = "record:";
    assert_eq!(
        lines,
        [
            format!("INFO {target} domain=\"orders\" action=\"import\" status=\"started\""),
            format!("INFO {target} imported 1 file domain=\"orders\" action=\"import\" status=\"success\" orders=3"),
            format!("WARN {target} domain=\"orders\" action=\"import\" status=\"warning\" error=no file"),
            format!("ERROR {target} not imported domain=\"orders\" action=\"import\" status=\"error\" error=no file"),
            format!("WARN {target} domain=\"orders\" action=\"imports\" status=\"cancelled\" http.status_code=499"),
            format!("INFO {target} it is retried domain=\"orders\" action=\"import\" status=\"error\""),
        ]
    );
}

#[test]
fn each_record_of_the_toolkit_has_the_three_words() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let others: Vec<_> = files
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).expect("text");
            ["error", "warn", "info", "debug", "trace", "event"]
                .iter()
                .any(|level| text.contains(&format!("tracing::{level}!")))
        })
        .collect();
    assert!(others.is_empty(), "write `record!` in {others:?}");
}
