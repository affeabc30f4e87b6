//! The suite holds service-core, and can fail: subjects that are wrong on purpose fail the lines that they should.

mod ours;

use ours::ServiceCore;
use service_conformance::Suite;

#[test]
fn service_core_conforms() {
    let column = Suite::new().run(ServiceCore);
    let failed: Vec<_> =
        column.failed().map(|(check, how)| format!("{} {}: {how}", check.line, check.behaviour)).collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
