//! `linking-plug` is in `Cargo.toml`, and no code names it.

use linking_program::Speaker;
use service_core::{Definition, Registry};

#[test]
fn a_crate_that_is_only_listed_is_not_there() {
    // Nothing requires what is missing, so nothing says that it is.
    let plan = Registry::builder().isolated().replace::<Speaker>(speaker()).plan().expect("a sound plan");
    assert_eq!(plan.to_string().trim_end(), "Speaker (replaced)");
}

#[test]
fn what_requires_it_says_how_to_bring_it_back() {
    let error = Registry::builder().isolated().plan().expect_err("nothing provides dyn Voice").to_string();
    assert!(error.contains("Speaker (tests/linking/program/src/lib.rs:"), "{error}");
    assert!(error.contains("requires dyn Voice, which no registered service provides"), "{error}");
    assert!(error.contains("use that_crate as _;"), "{error}");
}

#[test]
fn so_does_a_name_that_nobody_has() {
    let definition = Definition::new("choir").requires(["Parrot"]);
    let builder = Registry::builder().isolated().replace::<Speaker>(speaker()).define(definition);
    let error = builder.plan().expect_err("no service is called Parrot").to_string();
    assert!(error.contains("choir (tests/linking/program/tests/listed.rs:"), "{error}");
    assert!(error.contains("requires `Parrot`, and no service has that name"), "{error}");
    assert!(error.contains("use that_crate as _;"), "{error}");
}

fn speaker() -> Speaker {
    Speaker::with(std::sync::Arc::new(Silence))
}

/// A voice of the test's own.
struct Silence;

impl linking_port::Voice for Silence {
    fn say(&self) -> &'static str {
        ""
    }
}
