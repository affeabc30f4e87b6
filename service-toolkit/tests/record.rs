//! `record!`: the three words of each record, and its level.
#![cfg(feature = "operation")]

mod host;

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
