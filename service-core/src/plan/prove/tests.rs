//! What makes a plan unsound, and what is said about it.

use crate::plan::facts::Facts;
use crate::plan::fixtures::{at, eager, error, error_for, give, names, only, plan, plan_for, service, with};
use crate::plan::request::Request;
use crate::report::Problem;

mod generated;
mod selection;
mod size;

/// The text of the only problem.
fn problem(catalog: Vec<Facts>) -> String {
    problem_for(catalog, &Request::default())
}

fn problem_for(catalog: Vec<Facts>, request: &Request) -> String {
    let error = error_for(catalog, request);
    assert_eq!(error.problems().len(), 1, "{error}");
    error.problems()[0].to_string()
}

// shows: G01
#[test]
fn a_missing_dependency_names_both_and_the_place() {
    assert_eq!(
        problem(vec![service("A").requires(&["B"])]),
        "A (src/a.rs:3) requires B, which is not registered; annotate it with `#[service]`, \
         and if it lives in a crate that no code names, name that crate: `use that_crate as _;`"
    );
    assert_eq!(
        problem(vec![service("A").requires(&["dyn B"])]),
        "A (src/a.rs:3) requires dyn B, which no registered service provides; write `provides = [dyn B]` on the one \
         that should, and if it lives in a crate that no code names, name that crate: `use that_crate as _;`"
    );
}

// shows: G01
#[test]
fn a_dependency_that_is_off_names_its_condition() {
    assert_eq!(
        problem(vec![service("A").requires(&["B"]), service("B").when("prod::only", || false)]),
        "A (src/a.rs:3) requires B (src/b.rs:3), which is off because `when = prod::only` said no; \
         boot it all the same with `.with::<…>()` on the builder, or let A want it"
    );
    assert_eq!(
        problem(vec![service("A").requires(&["dyn M"]), service("B").provides("dyn M").when("prod::only", || false)]),
        "A (src/a.rs:3) requires dyn M, whose provider B (src/b.rs:3) is off because `when = prod::only` said no; \
         boot it all the same with `.with::<…>()` on the builder, or let A want it"
    );
}

// shows: G01
#[test]
fn an_unknown_name_comes_with_a_guess() {
    let shards = || vec![service("shard-1"), service("shard-2")];
    let mut near = shards();
    near.push(service("index").requires(&["shrad-2"]));
    assert_eq!(
        problem(near),
        "index (src/index.rs:3) requires `shrad-2`, and no service has that name; did you mean `shard-2` or `shard-1`?"
    );
    let mut far = shards();
    far.push(service("index").requires(&["cache"]));
    assert_eq!(
        problem(far),
        "index (src/index.rs:3) requires `cache`, and no service has that name; correct it, define that service, \
         and if it lives in a crate that no code names, name that crate: `use that_crate as _;`"
    );
}

// shows: G02
#[test]
fn every_problem_is_told_at_once() {
    let error = error(vec![
        service("A").requires(&["X"]),
        service("B").requires(&["Y"]),
        service("C").requires(&["Z", "C"]),
        service("D").given(),
        service("E").requires(&["D"]),
    ]);
    assert_eq!(error.problems().len(), 5, "{error}");
    let text = error.to_string();
    assert!(text.starts_with("the plan is unsound, with 5 problems:\n  A (src/a.rs:3) requires X, which"), "{text}");
    assert!(text.contains("\n  B (src/b.rs:3) requires Y, which"), "{text}");
    assert!(text.contains("\n  C (src/c.rs:3) requires Z, which"), "{text}");
    assert_eq!(format!("{error:?}"), text);
}

// shows: G03
#[test]
fn a_service_that_depends_on_itself_is_drawn() {
    let cure = "take it out, because nothing can be ready before itself";
    assert_eq!(
        problem(vec![service("A").requires(&["A"])]),
        format!("A (src/a.rs:3) requires A, which is itself; {cure}")
    );
    assert_eq!(
        problem(vec![service("A").after(&["A"])]),
        format!("A (src/a.rs:3) comes after A, which is itself; {cure}")
    );
    assert_eq!(
        problem(vec![service("A").provides("dyn M").wants(&["dyn M"])]),
        format!("A (src/a.rs:3) wants A (as dyn M), which is itself; {cure}")
    );
}

// shows: G04
#[test]
fn a_cycle_is_drawn_without_what_leads_to_it() {
    let catalog = vec![
        service("A").requires(&["D"]),
        service("B").requires(&["C"]),
        service("C").requires(&["A"]),
        service("D").requires(&["C"]),
    ];
    assert_eq!(
        problem(catalog),
        "A (src/a.rs:3) requires D (src/d.rs:3) requires C (src/c.rs:3) requires A; none of these can be ready first, \
         so take one dependency out and reach that service when it is called, not in `init`"
    );
}

// shows: G04
#[test]
fn a_cycle_tells_how_each_depends_on_the_next() {
    let catalog = vec![
        service("A").wants(&["dyn M"]),
        service("B").provides("dyn M").after(&["job"]),
        service("job").requires(&["A"]),
    ];
    let text = problem(catalog);
    let path = "A (src/a.rs:3) wants B (src/b.rs:3, as dyn M) comes after job (src/job.rs:3) requires A; ";
    assert!(text.starts_with(path), "{text}");
}

// shows: G07
#[test]
fn every_cycle_is_refused() {
    let error = error(vec![
        service("A").requires(&["B"]),
        service("B").wants(&["A"]),
        service("C").after(&["D"]),
        service("D").after(&["C"]).lazy(),
        service("E").requires(&["E", "A"]),
    ]);
    let kinds: Vec<_> = error.problems().iter().map(|problem| matches!(problem, Problem::Cycle { .. })).collect();
    assert_eq!(kinds, [false, true, true], "{error}");
}

#[test]
fn two_cycles_that_share_a_service_are_both_refused() {
    let error = error(vec![
        service("A").requires(&["B"]),
        service("B").requires(&["A", "C"]),
        service("C").requires(&["B"]),
        service("D").requires(&["E"]),
        service("E").requires(&["F", "G"]),
        service("F").requires(&["D"]),
        service("G").requires(&["H"]),
        service("H").wants(&["E"]),
    ]);
    let texts: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    let begins =
        |text: &str, path: &[&str]| path.iter().all(|it| text.split(';').next().is_some_and(|text| text.contains(it)));
    assert_eq!(texts.len(), 4, "{error}");
    let paths: [&[&str]; 4] = [&["A (", "B ("], &["B (", "C ("], &["D (", "E (", "F ("], &["E (", "G (", "H ("]];
    for (text, path) in texts.iter().zip(paths) {
        assert!(begins(text, path), "{text}");
    }
}

// shows: G09
#[test]
fn a_name_chosen_twice_lists_all_places() {
    let shard = |line| service("shard").placed(at("pool", line));
    assert_eq!(
        problem(vec![shard(9), service("A").called("shard"), shard(4)]),
        "3 services are named `shard`, at src/a.rs:3, src/pool.rs:4 and src/pool.rs:9; give each a name of its own"
    );
}

// shows: G09
#[test]
fn a_type_registered_twice_lists_all_places() {
    assert_eq!(
        problem(vec![service("A"), service("A").placed(at("other", 7))]),
        "A is registered 2 times, at src/a.rs:3 and src/other.rs:7; a type is one service, so keep one of them"
    );
}

// shows: G09
#[test]
fn the_same_definition_reached_twice_is_one_service() {
    let plan = plan(vec![service("A"), service("B"), service("A")]);
    assert_eq!(names(&plan), ["A", "B"]);
}

// shows: G10
#[test]
fn a_condition_is_asked_once() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let yes = || ASKED.fetch_add(1, Ordering::Relaxed) < 10;
    let off = service("C").when("off", || false);
    assert_eq!(names(&plan(vec![service("A").requires(&["B"]), service("B").when("yes", yes), off])), ["B", "A"]);
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}

#[test]
fn a_condition_that_panics_is_a_problem_of_its_own() {
    let catalog = vec![service("A").requires(&["B"]), service("B").when("env::is_prod", || panic!("no PROD"))];
    assert_eq!(
        problem(catalog),
        "`when = env::is_prod` of B (src/b.rs:3) panicked: no PROD; \
         let it return false where the service is not wanted"
    );
}

#[test]
fn what_is_given_must_be_given() {
    let catalog = || vec![service("A").requires(&["S"]), service("S").given()];
    assert_eq!(
        problem(catalog()),
        "S (src/s.rs:3) is declared `given`, but was not given, and A (src/a.rs:3) requires it; \
         hand it over with `.give(…)` on the builder"
    );
    let supplied = || vec![service("A").requires(&["S"]), service("S").given().supplied()];
    assert_eq!(names(&plan_for(supplied(), &give(&["S"]))), ["S", "A"]);
    assert_eq!(
        problem_for(supplied(), &give(&["S", "A"])),
        "A (src/a.rs:3) is not declared `given`, so `.give(…)` cannot hand it over; use `.replace::<…>(…)`, \
         or declare it `#[service(given)]`"
    );
    assert_eq!(names(&plan(vec![service("A").requires(&["S"]), service("S").given().replaced()])), ["S", "A"]);
}

#[test]
fn what_is_not_given_must_not_be_needed() {
    let given = || service("S").given();
    let absent = plan(vec![given(), service("A").wants(&["S"]).after(&["S"]), service("B")]);
    assert_eq!(eager(&absent), ["A", "B"]);
    let wants = absent.services().iter().position(|it| it.facts.name == "A").expect("it is in the plan");
    assert_eq!((absent.absent_wants(wants), absent.services()[wants].needs.len()), (&["S".to_owned()][..], 0));
    assert_eq!(eager(&plan(vec![given(), service("A").requires(&["S"]).lazy()])), [""; 0]);
    assert_eq!(eager(&plan(vec![given(), service("A").requires(&["S"]).optional()])), ["S", "A"]);

    let needed = |above: Facts| problem(vec![given(), service("B").requires(&["S"]).optional(), above]);
    let by_b = "S (src/s.rs:3) is declared `given`, but was not given, and B (src/b.rs:3) requires it; \
                hand it over with `.give(…)` on the builder";
    assert_eq!(needed(service("A").requires(&["B"])), by_b, "through others");
    assert_eq!(names(&plan(vec![given(), service("B").requires(&["S"]).optional()])), ["S", "B"]);
    let named = "S (src/s.rs:3) is declared `given`, but was not given; hand it over with `.give(…)` on the builder";
    for request in [only(&["S"]), with(&["S"])] {
        assert_eq!(problem_for(vec![given()], &request), named);
    }
    let replaced = vec![given(), service("A").requires(&["S"]).replaced()];
    assert_eq!(eager(&plan(replaced)), ["A"]);
}

#[test]
fn what_is_handed_over_twice_is_refused() {
    assert_eq!(
        problem_for(vec![service("S").given().supplied()], &give(&["S", "S"])),
        "S (src/s.rs:3) is handed over 2 times, by `.give(…)` and `.give(…)`; keep one of them"
    );
    assert_eq!(
        problem_for(vec![service("S").given().replaced()], &give(&["S"])),
        "S (src/s.rs:3) is handed over 2 times, by `.give(…)` and `.replace(…)`; keep one of them"
    );
    assert_eq!(
        problem(vec![service("dyn M").replaced(), service("dyn M").replaced(), service("B")]),
        "dyn M (src/dyn m.rs:3) is handed over 2 times, by `.replace_dyn(…)` and `.replace_dyn(…)`; keep one of them"
    );
}

#[test]
fn a_trait_object_that_two_provide_is_ambiguous() {
    let providers = || vec![service("B").provides("dyn M"), service("C").provides("dyn M")];
    let mut catalog = providers();
    catalog.push(service("A").requires(&["dyn M"]));
    assert_eq!(
        problem(catalog),
        "A (src/a.rs:3) requires dyn M, which B (src/b.rs:3) and C (src/c.rs:3) provide; name one of them by its \
         type, take the others out with `when`, or hand one over with `.replace_dyn::<dyn M>(…)`"
    );
    let mut catalog = providers();
    catalog.push(service("A").provides("dyn M").after(&["dyn M"]));
    assert_eq!(names(&plan(catalog)), ["B", "C", "A"]);
}

// shows: G21
#[test]
fn an_unknown_name_in_the_wish_is_refused() {
    assert_eq!(
        problem_for(vec![service("cache")], &only(&["cash"])),
        "`.only(…)` names `cash`, and no service has that name; correct it, define that service, \
         and if it lives in a crate that no code names, name that crate: `use that_crate as _;`"
    );
    assert_eq!(
        problem_for(vec![service("cache")], &with(&["cahce"])),
        "`.with(…)` names `cahce`, and no service has that name; did you mean `cache`?"
    );
    let text = problem_for(vec![service("A")], &give(&["B"]));
    assert!(text.starts_with("`.give(…)` names B, which is not registered; "), "{text}");
    let text = problem_for(vec![service("A").when("never", || false)], &only(&["A"]));
    assert!(
        text.starts_with("`.only(…)` names A (src/a.rs:3), which is off because `when = never` said no;"),
        "{text}"
    );
}
