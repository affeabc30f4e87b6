//! What comes into a plan, in which order, and what of it a boot brings up.

use crate::base::Key;
use crate::plan::facts::Bond;
use crate::plan::fixtures::{at, eager, give, key, names, only, plan, plan_for, service, with};
use crate::plan::plan::{Plan, Planned};

fn find<'a>(plan: &'a Plan, name: &str) -> &'a Planned {
    &plan.services()[plan.index_of_name(name).expect("it is in the plan")]
}

// shows: G11
#[test]
fn what_is_wanted_and_absent_is_remembered() {
    let plan = plan(vec![service("A").wants(&["B", "dyn M", "C"]), service("C")]);
    assert_eq!(names(&plan), ["C", "A"]);
    assert_eq!(plan.absent_wants(1), ["B", "dyn M"]);
    assert_eq!(plan.absent_wants(0), [""; 0]);
}

// shows: G14
#[test]
fn order_after_what_is_absent_has_no_effect() {
    let plan = plan(vec![service("A").after(&["B", "dyn M", "job"])]);
    assert_eq!(names(&plan), ["A"]);
    assert!(find(&plan, "A").needs.is_empty());
    assert_eq!(plan.absent_wants(0), [""; 0]);
}

// shows: G15
#[test]
fn every_bond_means_order() {
    let plan = plan(vec![
        service("A").requires(&["X"]),
        service("B").wants(&["Y"]),
        service("C").after(&["Z"]),
        service("X"),
        service("Y"),
        service("Z"),
    ]);
    assert_eq!(names(&plan), ["X", "A", "Y", "B", "Z", "C"]);
    let bonds = ["A", "B", "C"].map(|name| find(&plan, name).needs[0].bond);
    assert_eq!(bonds, [Bond::Requires, Bond::Wants, Bond::After]);
}

// shows: G16
#[test]
fn an_empty_catalog_is_an_empty_plan() {
    let plan = plan(Vec::new());
    assert!(plan.is_empty());
    assert_eq!(plan.len(), 0);
    assert_eq!(plan.to_string(), "no services");
    assert_eq!(plan.critical_path().to_string(), "");
    assert_eq!(plan.to_json(), "{\n  \"services\": [],\n  \"dependencies\": []\n}");
}

// shows: B16
#[test]
fn a_dependency_beats_the_order_of_places() {
    let plan = plan(vec![service("A").requires(&["C"]), service("B"), service("C")]);
    assert_eq!(names(&plan), ["B", "C", "A"]);
}

// shows: G20
#[test]
fn only_takes_exactly_what_is_required() {
    let catalog = vec![
        service("A").requires(&["B"]).wants(&["D"]).after(&["E"]),
        service("B").requires(&["C"]),
        service("C").lazy(),
        service("D").requires(&["Z"]),
        service("E"),
        service("F").requires(&["A"]),
    ];
    let plan = plan_for(catalog, &only(&["A"]));
    assert_eq!(names(&plan), ["C", "B", "A"]);
    assert_eq!(eager(&plan), ["C", "B", "A"]);
    assert_eq!(plan.absent_wants(2), ["D"]);
    assert_eq!(find(&plan, "A").dependants, [0; 0]);
    assert_eq!(find(&plan, "C").dependants, [1]);
}

#[test]
fn lazy_services_come_in_when_required_and_never_when_wanted() {
    let catalog = || {
        vec![
            service("A").requires(&["L"]).wants(&["M"]).after(&["N"]),
            service("L").lazy().requires(&["K"]),
            service("K").lazy(),
            service("M").lazy(),
            service("N").lazy(),
        ]
    };
    assert_eq!(eager(&plan(catalog())), ["K", "L", "A"]);
    assert_eq!(plan(catalog()).len(), 5);
    assert_eq!(eager(&plan_for(catalog(), &with(&["M"]))), ["K", "L", "M", "A"]);
}

#[test]
fn with_turns_on_what_is_off() {
    let catalog = || vec![service("A").requires(&["B"]), service("B").when("never", || false)];
    assert_eq!(names(&plan_for(catalog(), &with(&["B"]))), ["B", "A"]);
}

#[test]
fn a_stand_in_spares_what_only_the_real_one_needed() {
    let catalog = |replaced: &str| {
        let mut catalog = vec![
            service("A").requires(&["B"]),
            service("B").requires(&["C"]).wants(&["D"]),
            service("C").requires(&["E"]),
            service("D"),
            service("E"),
            service("F").requires(&["E"]),
            service("G"),
        ];
        catalog.iter_mut().for_each(|facts| facts.replaced = facts.name == replaced);
        catalog
    };
    assert_eq!(plan(catalog("")).len(), 7);
    assert_eq!(names(&plan(catalog("B"))), ["B", "A", "E", "F", "G"]);
    assert_eq!(names(&plan(catalog("F"))), ["D", "E", "C", "B", "A", "F", "G"]);
    assert_eq!(names(&plan_for(catalog("B"), &with(&["C"]))), ["B", "A", "E", "C", "F", "G"]);
    assert!(find(&plan(catalog("B")), "B").needs.is_empty());
    assert_eq!(names(&plan_for(catalog("B"), &only(&["A"]))), ["B", "A"]);
}

#[test]
fn a_stand_in_is_ready_at_once_even_if_lazy_or_off_and_misses_nothing() {
    let stand_in = service("L").lazy().when("never", || false).replaced();
    let plan = plan(vec![service("L"), stand_in.requires(&["X", "L"]).wants(&["Y"])]);
    assert_eq!(eager(&plan), ["L"]);
    assert_eq!(plan.services()[0].source, 1);
    assert_eq!(plan.absent_wants(0), [""; 0]);
}

#[test]
fn order_alone_keeps_nothing_and_its_own_trait_object_keeps_nothing() {
    let plan = plan(vec![
        service("A").replaced().requires(&["B"]),
        service("B").provides("dyn M").wants(&["dyn M"]).after(&["C"]),
        service("C").after(&["B"]),
    ]);
    assert_eq!(names(&plan), ["A", "C"]);
}

#[test]
fn what_was_given_stays_although_only_the_real_one_needed_it() {
    let catalog = vec![service("A").replaced().requires(&["S"]), service("S").given()];
    assert_eq!(names(&plan(catalog.clone())), ["A"]);
    assert_eq!(names(&plan_for(catalog, &give(&["S"]))), ["A", "S"]);
}

#[test]
fn a_stand_in_for_a_trait_object_spares_its_providers() {
    let catalog = |also: &[&str]| {
        vec![
            service("A").requires(&["dyn M"]),
            service("dyn M").provides("dyn M").replaced(),
            service("P").provides("dyn M").requires(&["Q"]),
            service("Q"),
            service("R").provides("dyn M").provides("dyn N"),
            service("Z").requires(also),
        ]
    };
    assert_eq!(names(&plan(catalog(&[]))), ["dyn M", "A", "Z"]);
    assert_eq!(names(&plan(catalog(&["P"]))), ["dyn M", "A", "Q", "P", "Z"]);
    assert_eq!(names(&plan(catalog(&["dyn N"]))), ["dyn M", "A", "R", "Z"]);
    let plan = plan(catalog(&["P"]));
    assert_eq!(plan.index_of(&key("dyn M")), Some(0));
    assert_eq!(find(&plan, "A").needs[0].index, 0);
}

#[test]
fn a_plan_is_searched_by_type_trait_object_and_name() {
    let plan = plan(vec![
        service("A").provides("dyn M"),
        service("B").called("the b").provides("dyn N"),
        service("C").provides("dyn N"),
        service("job").requires(&["A", "the b", "C"]),
    ]);
    assert_eq!(plan.index_of(&key("A")), Some(0));
    assert_eq!(plan.index_of(&key("dyn M")), Some(0));
    assert_eq!(plan.index_of(&key("dyn N")), None);
    assert_eq!(plan.index_of(&Key::Name("the b".into())), Some(1));
    assert_eq!(plan.index_of_name("job"), Some(3));
    assert_eq!(plan.index_of_name("B"), None);
    let needs: Vec<_> = find(&plan, "job").needs.iter().map(|need| (need.index, &*need.text)).collect();
    assert_eq!(needs, [(0, "A"), (1, "the b"), (2, "C")]);
}

#[test]
fn heights_count_down_from_what_nobody_depends_on() {
    let plan = plan(vec![
        service("A").requires(&["B", "C"]),
        service("B").requires(&["C"]),
        service("C"),
        service("D").after(&["C"]),
    ]);
    let heights: Vec<_> = plan.services().iter().map(|planned| planned.height).collect();
    assert_eq!(names(&plan), ["C", "B", "A", "D"]);
    assert_eq!(heights, [2, 1, 0, 0]);
    assert_eq!(find(&plan, "C").dependants, [1, 2, 3]);
}

#[test]
fn lazy_services_count_only_in_the_heights_of_lazy_services() {
    let plan = plan(vec![
        service("A"),
        service("B").requires(&["A"]),
        service("C"),
        service("D").requires(&["C"]).lazy(),
        service("E").requires(&["D"]).lazy(),
    ]);
    let heights: Vec<_> = plan.services().iter().map(|it| (it.facts.name.as_str(), it.height)).collect();
    assert_eq!(heights, [("A", 1), ("B", 0), ("C", 0), ("D", 1), ("E", 0)]);
}

#[test]
fn the_source_leads_back_to_the_catalog() {
    let catalog = vec![service("B"), service("A").requires(&["B"]), service("B").placed(at("b", 3))];
    let keys: Vec<_> = catalog.iter().map(|facts| facts.key.clone()).collect();
    for planned in plan(catalog).services() {
        assert_eq!(planned.facts.key, keys[planned.source]);
    }
}
