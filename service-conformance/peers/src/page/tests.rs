//! The table on the page is up to date for service-core, and consistent for the peers.

use service_conformance::{Suite, Verdict, all_checks};

use super::read;
use crate::service_core_adapter::ServiceCore;

fn rows() -> Vec<Vec<String>> {
    let [_, table, _] = read().expect("the page is there");
    let rows = table.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn the_page_has_every_check_and_the_column_of_service_core() {
    let (rows, ours) = (rows(), Suite::new().run(ServiceCore));
    let checks = all_checks();
    assert_eq!(
        rows.len(),
        checks.len() + 5,
        "two header rows and three rows of sums; `cargo run -p conformance-peers -- --write`"
    );
    assert_eq!(rows[0][2], ours.registry);
    for (row, (check, verdict)) in rows[2..].iter().zip(&ours.verdicts) {
        assert_eq!((row[0].as_str(), row[1].as_str()), (check.id, check.behaviour));
        assert_eq!(row[2], verdict.to_string(), "{}", check.behaviour);
    }
}

#[test]
fn the_columns_add_up() {
    let rows = rows();
    let (head, sums) = (&rows[0], &rows[rows.len() - 3..]);
    assert_eq!(head.len(), 5);
    for column in 2..head.len() {
        let words = ["passes", "fails", "not applicable"];
        let cells: Vec<_> = rows[2..rows.len() - 3].iter().map(|row| row[column].as_str()).collect();
        assert!(cells.iter().all(|cell| words.contains(cell)), "{}", head[column]);
        for (word, sum) in words.into_iter().zip(sums) {
            let count = cells.iter().filter(|cell| **cell == word).count();
            assert_eq!(sum[column], format!("**{count}**"), "{}", head[column]);
        }
    }
}

#[test]
fn the_peers_pass_the_basic_checks() {
    let ids = ["B01", "B02", "B11", "S02"];
    for report in
        [Suite::new().only(ids).run(crate::auto_di::AutoDi), Suite::new().only(ids).run(crate::continuo::Continuo)]
    {
        assert!(report.verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Passed), "{report:?}");
    }
}
