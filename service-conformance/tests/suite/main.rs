//! The suite holds service-core, and it can fail: subjects that are wrong on purpose fail what they should.

mod ours;
mod wrong;

use std::collections::BTreeSet;
use std::time::Duration;

use ours::ServiceCore;
use service_conformance::{Column, Suite, Table, Verdict, descriptions};
use wrong::Wrong;

fn failures(column: &Column) -> Vec<String> {
    column.failed().map(|(check, how)| format!("{} {}: {how}", check.line, check.behaviour)).collect()
}

#[test]
fn service_core_conforms() {
    let column = Suite::new().run(ServiceCore);
    assert!(failures(&column).is_empty(), "\n{}", failures(&column).join("\n"));
    assert_eq!(column.counts().passed, descriptions().len(), "nothing is kept from being tried");
}

#[test]
fn every_check_fails_for_somebody() {
    use Wrong::{Brittle, Careless, Hanging, Headlong, Idle, Leaky, Overdoing};
    let mut caught = BTreeSet::new();
    for subject in [Careless, Headlong, Overdoing, Idle, Hanging, Brittle, Leaky] {
        let column = Suite::new().run(subject);
        for (check, how) in column.failed() {
            let counts = match subject {
                // It boots what must not come up, which is no proof that a check looks at what follows.
                Idle => !how.starts_with("boot succeeded"),
                // It fails whatever boots, which is a proof only where nothing else can be done wrong.
                Hanging => [("G10", "validation of a sound plan"), ("G16", "an empty plan")]
                    .iter()
                    .any(|(line, begins)| check.line == *line && check.behaviour.starts_with(begins)),
                _ => true,
            };
            if counts {
                caught.insert(check.behaviour);
            }
        }
    }
    let uncaught: Vec<_> =
        descriptions().into_iter().map(|it| it.behaviour).filter(|it| !caught.contains(it)).collect();
    assert!(uncaught.is_empty(), "nobody fails these:\n{}", uncaught.join("\n"));
}

#[test]
fn a_careless_subject_fails_the_lines_that_it_should() {
    let column = Suite::new().run(Wrong::Careless);
    let failed: BTreeSet<_> = column.failed().map(|(check, _)| check.line).collect();
    let expected =
        ["G01", "G03", "G07", "B01", "B02", "B04", "B05", "F01", "F02", "F07", "F09", "F11", "S02", "S03", "S04"];
    for line in expected {
        assert!(failed.contains(line), "{line} passed: {failed:?}");
    }
    // What it does right is not held against it.
    for line in ["B15", "B18", "S21", "G16", "S19", "X06"] {
        assert!(!failed.contains(line), "{line} failed: {:?}", failures(&column));
    }
}

#[test]
fn a_subject_that_hangs_fails_and_the_suite_ends() {
    let column = Suite::new().run(Wrong::Hanging);
    let booting = column.failed().filter(|(_, how)| how.starts_with("boot hung")).count();
    assert!(booting > 60, "{:?}", failures(&column));
}

#[test]
fn a_subject_that_blocks_its_thread_fails_and_the_suite_ends() {
    let column = Suite::new().only(["G16"]).patience(Duration::from_millis(200)).run(Wrong::Blocking);
    assert_eq!(failures(&column), ["G16 an empty plan comes up and goes down: it blocked its thread for 200ms"]);
}

#[test]
fn a_panic_is_a_failed_check() {
    let column = Suite::new().only(["S19"]).run(Wrong::Brittle);
    assert_eq!(failures(&column), ["S19 to drop a registry that is up is no panic: it panicked: dropped"]);
}

#[test]
fn a_behaviour_that_holds_only_sometimes_does_not_hold() {
    let suite = Suite::new().only(["B18"]);
    let (good, bad) = (suite.run(ServiceCore), suite.run(Wrong::Idle));
    for both in [good.clone().and(bad.clone()), bad.and(good.clone())] {
        assert_eq!(both.counts().failed, 1);
    }
    assert_eq!(good.clone().and(good).counts().passed, 1);
}

#[test]
fn every_check_says_a_thing_of_its_own() {
    let all = descriptions();
    assert!(all.len() >= 40, "{} are too few", all.len());
    let behaviours: BTreeSet<_> = all.iter().map(|check| check.behaviour).collect();
    assert_eq!(behaviours.len(), all.len());
    for check in &all {
        let (letter, number) = check.line.split_at(1);
        assert!("GBFTSDX".contains(letter) && number.len() == 2, "{} is no line", check.line);
        assert!(!check.behaviour.contains('|') && !check.behaviour.ends_with('.'), "{}", check.behaviour);
    }
}

#[test]
fn the_table_is_markdown() {
    let suite = Suite::new().only(["B18", "S21"]);
    let table = Table::new([suite.run(ServiceCore), suite.run(Wrong::Idle)]);
    let expected = "\
| line | behaviour | service-core 0.1 | Idle |
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
