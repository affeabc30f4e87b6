//! service-core passes the suite, and every check can fail: faulty registries fail the checks that they must fail.

mod faulty_registry;
mod service_core_adapter;

use std::collections::BTreeSet;
use std::time::Duration;

use faulty_registry::FaultyRegistry;
use service_conformance::{Report, Suite, Table, Verdict, all_checks};
use service_core_adapter::ServiceCore;

fn failures(report: &Report) -> Vec<String> {
    report.failed().map(|(check, how)| format!("{} {}: {how}", check.id, check.behaviour)).collect()
}

#[test]
fn service_core_conforms() {
    let report = Suite::new().run(ServiceCore);
    assert!(failures(&report).is_empty(), "\n{}", failures(&report).join("\n"));
    assert_eq!(report.counts().passed, all_checks().len(), "every check is applicable");
}

#[test]
fn every_check_fails_for_a_faulty_registry() {
    use FaultyRegistry::{Concurrent, Hangs, LeaksTask, NoOp, PanicsOnDrop, Sequential, StopsEverything};
    let mut caught = BTreeSet::new();
    for registry in [Sequential, Concurrent, StopsEverything, NoOp, Hangs, PanicsOnDrop, LeaksTask] {
        let report = Suite::new().run(registry);
        for (check, how) in report.failed() {
            let counts = match registry {
                // Its boot succeeds where it must fail, which does not show that the check tests what follows.
                NoOp => !how.starts_with("boot succeeded"),
                // Its boot always fails, which counts only for the checks that need nothing but a boot.
                Hangs => [("G10", "validation of a sound plan"), ("G16", "an empty plan")]
                    .iter()
                    .any(|(id, begins)| check.id == *id && check.behaviour.starts_with(begins)),
                _ => true,
            };
            if counts {
                caught.insert(check.behaviour);
            }
        }
    }
    let uncaught: Vec<_> = all_checks().into_iter().map(|it| it.behaviour).filter(|it| !caught.contains(it)).collect();
    assert!(uncaught.is_empty(), "no faulty registry fails these:\n{}", uncaught.join("\n"));
}

#[test]
fn a_sequential_registry_fails_the_checks_that_it_must() {
    let report = Suite::new().run(FaultyRegistry::Sequential);
    let failed: BTreeSet<_> = report.failed().map(|(check, _)| check.id).collect();
    let expected =
        ["G01", "G03", "G07", "B01", "B02", "B04", "B05", "F01", "F02", "F07", "F09", "F11", "S02", "S03", "S04"];
    for id in expected {
        assert!(failed.contains(id), "{id} passed: {failed:?}");
    }
    // The checks of its correct behaviours pass.
    for id in ["B15", "B18", "S21", "G16", "S19", "X06"] {
        assert!(!failed.contains(id), "{id} failed: {:?}", failures(&report));
    }
}

#[test]
fn a_registry_that_hangs_fails_and_the_suite_ends() {
    let report = Suite::new().run(FaultyRegistry::Hangs);
    let booting = report.failed().filter(|(_, how)| how.starts_with("boot hung")).count();
    assert!(booting > 60, "{:?}", failures(&report));
}

#[test]
fn a_registry_that_blocks_its_thread_fails_and_the_suite_ends() {
    let report = Suite::new().only(["G16"]).timeout(Duration::from_millis(200)).run(FaultyRegistry::BlocksThread);
    assert_eq!(failures(&report), ["G16 an empty plan comes up and goes down: it blocked its thread for 200ms"]);
}

#[test]
fn a_panic_is_a_failed_check() {
    let report = Suite::new().only(["S19"]).run(FaultyRegistry::PanicsOnDrop);
    assert_eq!(failures(&report), ["S19 to drop a registry that is up is no panic: it panicked: dropped"]);
}

#[test]
fn a_behaviour_that_holds_only_sometimes_does_not_hold() {
    let suite = Suite::new().only(["B18"]);
    let (good, bad) = (suite.run(ServiceCore), suite.run(FaultyRegistry::NoOp));
    for both in [good.clone().merge(bad.clone()), bad.merge(good.clone())] {
        assert_eq!(both.counts().failed, 1);
    }
    assert_eq!(good.clone().merge(good).counts().passed, 1);
}

#[test]
fn every_check_has_an_id_and_a_unique_behaviour() {
    let all = all_checks();
    assert!(all.len() >= 40, "{} are too few", all.len());
    let behaviours: BTreeSet<_> = all.iter().map(|check| check.behaviour).collect();
    assert_eq!(behaviours.len(), all.len());
    for check in &all {
        let (letter, number) = check.id.split_at(1);
        assert!("GBFTSDX".contains(letter) && number.len() == 2, "{} is not an id", check.id);
        assert!(!check.behaviour.contains('|') && !check.behaviour.ends_with('.'), "{}", check.behaviour);
    }
}

#[test]
fn the_table_is_in_markdown() {
    let suite = Suite::new().only(["B18", "S21"]);
    let table = Table::new([suite.run(ServiceCore), suite.run(FaultyRegistry::NoOp)]);
    let expected = "\
| line | behaviour | service-core 0.1 | NoOp |
| --- | --- | --- | --- |
| B18 | boot ends after the last `init` | passes | fails |
| S21 | shutdown ends after the last hook | passes | fails |
|  | **passes** | **2** | **0** |
|  | **fails** | **0** | **2** |
|  | **not applicable** | **0** | **0** |
";
    assert_eq!(table.to_string(), expected);
    assert!(table.notes().contains("  B18 boot ends after the last `init`: fails: how many were ready"));
    assert_eq!(Verdict::NotApplicable("why".to_owned()).to_string(), "not applicable");
}
