//! `Cargo.toml` lists `linking-plug`, but no code names it.

use linking_program::Speaker;
use service_core::{Definition, Registry};

#[test]
fn a_crate_that_no_code_names_registers_no_services() {
    // No service requires the missing service, so there is no error.
    let plan = Registry::builder().isolated().replace::<Speaker>(speaker()).plan().expect("a valid plan");
    assert_eq!(plan.to_string().trim_end(), "Speaker (replaced)");
}

#[test]
fn the_error_for_a_missing_trait_explains_how_to_link_a_crate() {
    let error = Registry::builder().isolated().plan().expect_err("nothing provides dyn Voice").to_string();
    assert!(error.contains("Speaker (tests/linking/program/src/lib.rs:"), "{error}");
    assert!(error.contains("requires dyn Voice, which no registered service provides"), "{error}");
    assert!(error.contains("use that_crate as _;"), "{error}");
}

#[test]
fn the_error_for_an_unknown_name_explains_how_to_link_a_crate() {
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

/// A voice without a text.
struct Silence;

impl linking_port::Voice for Silence {
    fn say(&self) -> &'static str {
        ""
    }
}
