//! Stories in which a demand that is lost, a restart and a failure cross.

use std::time::Duration;

use super::harness::{Harness, Input, SETTINGS, Step};
use crate::base::{Restart, State};
use crate::plan::Facts;
use crate::plan::fixtures::service;

fn lazy(name: &str) -> Facts {
    service(name).lazy()
}

#[test]
fn what_fails_after_its_demand_was_lost_is_settled_once() {
    // D requires C, and comes after A1 and B, which only E requires.
    let catalog = vec![
        lazy("A0"),
        lazy("A1").requires(&["A0"]),
        lazy("B"),
        service("C"),
        service("D").requires(&["C"]).after(&["A1", "B"]),
        lazy("E").requires(&["A1", "B", "F"]),
        lazy("F"),
    ];
    let mut machine = Harness::new(catalog, SETTINGS);
    let [a1, b, c, d, e, f] = ["A1", "B", "C", "D", "E", "F"].map(|name| machine.index(name));
    machine.on(Input::Boot);
    machine.on(Input::Requested { ticket: 2, service: e });
    assert!(machine.on(Input::StartFailed(f)).contains(&Step::Settle(2, Err(f))));
    assert_eq!(machine.state(a1), State::Idle, "nobody wants it any more");
    assert_eq!(machine.on(Input::StartFailed(b)), [Step::Unwind(b), Step::Fail(b)], "D still requires C");
    assert_eq!(machine.on(Input::Started(c)), [Step::Open(c), Step::Start(d)]);
}

#[test]
fn nobody_waits_for_a_start_that_is_aborted_because_its_demand_was_lost() {
    // D comes after B, which only E requires.
    let catalog = vec![lazy("B"), service("D").after(&["B"]), lazy("E").requires(&["B", "F"]), lazy("F")];
    let mut machine = Harness::new(catalog, SETTINGS);
    let [b, d, e, f] = ["B", "D", "E", "F"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: e });
    assert_eq!(machine.on(Input::Boot), [Step::Wait(d)]);
    let steps = machine.on(Input::StartFailed(f));
    assert!(steps.contains(&Step::Abort(b)) && steps.contains(&Step::Start(d)), "{steps:?}");
}

#[test]
fn a_restart_of_what_a_lost_demand_had_started_is_answered() {
    let mut machine = Harness::new(vec![lazy("A"), lazy("B"), lazy("C").requires(&["A", "B"])], SETTINGS);
    let [a, b, c] = ["A", "B", "C"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: c });
    assert_eq!(machine.on(Input::RestartRequested { ticket: 7, service: a }), [Step::Abort(a)]);
    let answers = machine.on(Input::StartFailed(b));
    assert!(answers.contains(&Step::Settle(2, Err(b))) && answers.contains(&Step::Settle(7, Err(b))), "{answers:?}");
    assert_eq!(machine.on(Input::Unwound(a)), [Step::Forget(a)]);
    assert_eq!(machine.demands(), 0, "none is left behind");
}

#[test]
fn what_failed_instead_of_coming_back_is_waited_for_in_its_next_life() {
    let mut machine = Harness::new(vec![lazy("A"), lazy("B"), lazy("C").requires(&["A", "B"])], SETTINGS);
    let [a, b, c] = ["A", "B", "C"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: c });
    machine.on(Input::RestartRequested { ticket: 7, service: a });
    machine.on(Input::StartFailed(b));
    assert_eq!(machine.on(Input::StartFailed(a)), [Step::Unwind(a), Step::Fail(a)]);
    machine.on(Input::Unwound(a));
    machine.on(Input::Unwound(b));
    machine.on(Input::Requested { ticket: 3, service: c });
    machine.on(Input::Started(a));
    assert_eq!(machine.on(Input::Started(b)), [Step::Open(b), Step::Start(c)]);
}

#[test]
fn a_restart_does_not_wait_for_what_only_comes_after_one_that_it_moves() {
    // B stays up for C, which comes after it, although the demand of B is lost.
    let catalog =
        vec![service("A"), lazy("B").requires(&["A"]), service("C").after(&["B"]), lazy("D").requires(&["B"])];
    let mut machine = Harness::new(catalog, SETTINGS);
    let [a, b, c, d] = ["A", "B", "C", "D"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: d });
    machine.on(Input::Boot);
    for up in [a, b, c] {
        machine.on(Input::Started(up));
    }
    machine.on(Input::StartFailed(d));
    assert_eq!(machine.on(Input::Unwound(d)), [], "C has to stop before B");
    assert_eq!(machine.on(Input::RestartRequested { ticket: 7, service: a }), [Step::Stop(b)]);
    assert_eq!(machine.on(Input::Stopped(b)), [Step::Wait(b), Step::Stop(a)]);
    assert_eq!(machine.state(c), State::Ready);
}

/// D, which only the lost first use of A has started, and W, which wants it and is up.
fn one_that_another_keeps() -> Harness {
    let mut machine = Harness::new(vec![lazy("D"), lazy("A").requires(&["D"]), service("W").wants(&["D"])], SETTINGS);
    let [d, a, w] = ["D", "A", "W"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: a });
    machine.on(Input::Boot);
    machine.on(Input::Started(d));
    machine.on(Input::Started(w));
    machine.on(Input::StartFailed(a));
    assert_eq!(machine.on(Input::Unwound(a)), [], "D stays for W");
    machine
}

#[test]
fn what_stays_up_for_another_restarts_with_it() {
    let mut machine = one_that_another_keeps();
    let [d, w] = ["D", "W"].map(|name| machine.index(name));
    assert_eq!(machine.on(Input::RestartRequested { ticket: 7, service: d }), [Step::Stop(w)]);
    assert_eq!(machine.on(Input::Stopped(w)), [Step::Wait(w), Step::Stop(d)]);
    assert_eq!(machine.on(Input::Stopped(d)), [Step::Wait(d), Step::Start(d)]);
    assert_eq!(machine.on(Input::Started(d)), [Step::Open(d), Step::Settle(7, Ok(())), Step::Start(w)]);
    machine.on(Input::Started(w));
    assert_eq!(machine.on(Input::Restart(d)), [Step::Stop(w)], "its failure has consequences too");
}

#[test]
fn what_stays_up_for_another_stays_while_that_one_restarts() {
    let mut machine = one_that_another_keeps();
    let [d, w] = ["D", "W"].map(|name| machine.index(name));
    machine.on(Input::RestartRequested { ticket: 7, service: w });
    assert_eq!(machine.on(Input::Stopped(w)), [Step::Wait(w), Step::Start(w)]);
    assert_eq!(machine.state(d), State::Ready);
}

#[test]
fn what_stays_up_for_another_stops_after_it() {
    let mut facts = [lazy("D"), lazy("A").requires(&["D"]), service("W").wants(&["D"])];
    facts[2].optional = true;
    facts[2].restart = Some(Restart::transient().intensity(1, Duration::MAX).backoff(Duration::ZERO, Duration::ZERO));
    let mut machine = Harness::new(facts.to_vec(), SETTINGS);
    let [d, a, w] = ["D", "A", "W"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: a });
    machine.on(Input::Boot);
    machine.on(Input::Started(d));
    machine.on(Input::Started(w));
    machine.on(Input::StartFailed(a));
    machine.on(Input::Unwound(a));
    machine.on(Input::Restart(w));
    machine.on(Input::Stopped(w));
    machine.on(Input::StartFailed(w));
    assert_eq!(machine.on(Input::Unwound(w)), [Step::Stop(d)], "W has failed for good");
}

#[test]
fn a_restart_of_what_is_up_and_about_to_stop_replaces_it() {
    // B is up only until the failed start of C is unwound.
    let mut machine = Harness::new(vec![lazy("B"), lazy("C").requires(&["B"])], SETTINGS);
    let [b, c] = ["B", "C"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: c });
    machine.on(Input::Started(b));
    machine.on(Input::StartFailed(c));
    assert_eq!(machine.on(Input::RestartRequested { ticket: 7, service: b }), []);
    assert_eq!(machine.on(Input::Unwound(c)), [Step::Stop(b)]);
    assert_eq!(machine.on(Input::Stopped(b)), [Step::Wait(b), Step::Start(b)]);
    assert_eq!(machine.on(Input::Started(b)), [Step::Open(b), Step::Settle(7, Ok(()))]);
}

#[test]
fn a_restart_of_what_stays_up_for_another_is_answered_with_the_failure_of_that_one() {
    // W requires X and comes after D, which only the lost first use of A has started.
    let mut facts = [lazy("D"), lazy("A").requires(&["D"]), service("X"), service("W").requires(&["X"]).after(&["D"])];
    let once = Restart::transient().intensity(1, Duration::MAX).backoff(Duration::ZERO, Duration::ZERO);
    facts[2..].iter_mut().for_each(|facts| (facts.optional, facts.restart) = (true, Some(once)));
    let mut machine = Harness::new(facts.to_vec(), SETTINGS);
    let [d, a, x, w] = ["D", "A", "X", "W"].map(|name| machine.index(name));
    machine.on(Input::Requested { ticket: 2, service: a });
    machine.on(Input::Boot);
    for up in [d, x, w] {
        machine.on(Input::Started(up));
    }
    machine.on(Input::StartFailed(a));
    machine.on(Input::Unwound(a));
    assert_eq!(machine.on(Input::RestartRequested { ticket: 7, service: d }), [Step::Stop(d)]);
    machine.on(Input::Restart(x));
    machine.on(Input::Stopped(w));
    machine.on(Input::Stopped(x));
    let steps = machine.on(Input::StartFailed(x));
    assert!(steps.contains(&Step::Block(w, x)) && steps.contains(&Step::Settle(7, Err(x))), "{steps:?}");
}
