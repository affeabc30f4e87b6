use super::PlanError;
use crate::base::Location;
use crate::report::plan_error::problem::{Problem, ServiceLocation};

fn not_given(name: &str) -> Problem {
    let service = ServiceLocation::new(name, Location::new("shop", "src/shop.rs", 7, 1));
    Problem::NotGiven { service, required_by: None }
}

#[test]
fn one_problem_is_one_line() {
    let error = PlanError::new(vec![not_given("B"), not_given("B")]);
    assert_eq!(
        error.to_string(),
        "the plan is unsound: B (src/shop.rs:7) is declared `given`, but was not given; \
         hand it over with `.give(…)` on the builder"
    );
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn several_problems_are_sorted() {
    let [ab, ba] = [["A", "B"], ["B", "A"]].map(|names| PlanError::new(names.map(not_given).to_vec()));
    assert_eq!(ab.to_string(), ba.to_string());
    assert_eq!(ab.to_string().lines().next(), Some("the plan is unsound, with 2 problems:"));
}
