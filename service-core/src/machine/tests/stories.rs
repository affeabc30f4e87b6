//! Stories of a few services each.

use std::time::Duration;

use super::harness::{Harness, Input, SETTINGS, Step};
use crate::base::{Restart, State};
use crate::machine::{BOOT, Settings};
use crate::plan::fixtures::service;

/// A machine over these services, which must be given in the plan's order.
fn machine(catalog: Vec<crate::plan::Facts>) -> Harness {
    Harness::new(catalog, SETTINGS)
}

fn use_first(ticket: u64, service: usize) -> Input {
    Input::Requested { ticket, service }
}

#[test]
fn a_chain_comes_up_and_goes_down_in_reverse() {
    let mut machine = machine(vec![service("A"), service("B").requires(&["A"])]);
    assert_eq!(machine.on(Input::Boot), [Step::Wait(0), Step::Wait(1), Step::Start(0)]);
    assert_eq!(machine.on(Input::Started(0)), [Step::Open(0), Step::Start(1)]);
    assert_eq!(machine.on(Input::Started(1)), [Step::Open(1), Step::Settle(BOOT, Ok(()))]);
    assert_eq!(machine.on(Input::ShutDown), [Step::Stop(1)]);
    assert_eq!(machine.on(Input::Stopped(1)), [Step::Forget(1), Step::Stop(0)]);
    assert_eq!(machine.on(Input::Stopped(0)), [Step::Forget(0), Step::Finish]);
    assert_eq!(machine.on(Input::ShutDown), [], "it takes no further input");
}

#[test]
fn nothing_opens_that_starts_after_the_shutdown_began() {
    let mut machine = machine(vec![service("A")]);
    machine.on(Input::Boot);
    assert_eq!(machine.on(Input::ShutDown), [Step::Abort(0)]);
    assert_eq!(machine.on(Input::Started(0)), [Step::Unwind(0)]);
    assert_eq!(machine.on(Input::Unwound(0)), [Step::Forget(0), Step::Finish]);
}

#[test]
fn a_requested_restart_is_answered_when_the_service_is_ready_again() {
    let mut machine = machine(vec![service("A"), service("B").requires(&["A"]), service("C").after(&["A"])]);
    machine.on(Input::Boot);
    (0..3).for_each(|at| drop(machine.on(Input::Started(at))));
    let request = |ticket| Input::RestartRequested { ticket, service: 0 };
    assert_eq!(machine.on(request(7)), [Step::Stop(1)]);
    assert_eq!(machine.on(request(8)), [], "it is under way");
    assert_eq!(machine.on(Input::Stopped(1)), [Step::Wait(1), Step::Stop(0)]);
    assert_eq!(machine.on(Input::Stopped(0)), [Step::Wait(0), Step::Start(0)]);
    let answered = [Step::Open(0), Step::Settle(7, Ok(())), Step::Settle(8, Ok(())), Step::Start(1)];
    let steps = machine.on(Input::Started(0));
    assert!(answered.iter().all(|step| steps.contains(step)), "{steps:?}");
    machine.on(Input::Started(1));
    assert_eq!(machine.demands(), 1, "only the boot's is left");
    machine.on(request(9));
    machine.on(Input::ShutDown);
    assert_eq!(machine.on(request(10)), [], "it is dismissed");
    assert_eq!(machine.demands(), 2, "the shutdown has dismissed the open one");
}

#[test]
fn a_failure_blocks_all_above_before_it_rolls_back() {
    let mut machine = machine(vec![service("A"), service("B").requires(&["A"]), service("C").requires(&["B"])]);
    machine.on(Input::Boot);
    let expected = [
        Step::Unwind(0),
        Step::Fail(0),
        Step::Block(1, 0),
        Step::Block(2, 0),
        Step::Settle(BOOT, Err(0)),
        Step::RollBack,
    ];
    assert_eq!(machine.on(Input::StartFailed(0)), expected);
    assert_eq!(machine.on(Input::Unwound(0)), [Step::Finish]);
}

#[test]
fn a_lost_first_use_takes_down_what_came_up_for_it_alone() {
    // The boot brings up A; the first use of D needs A, B and C, and fails with D.
    let lazy = |name: &str| service(name).lazy();
    let mut machine =
        machine(vec![service("A"), lazy("B"), lazy("C").requires(&["A", "B"]), lazy("D").requires(&["C"])]);
    machine.on(Input::Boot);
    machine.on(Input::Started(0));
    assert_eq!(machine.on(use_first(2, 3)), [Step::Wait(1), Step::Wait(2), Step::Wait(3), Step::Start(1)]);
    machine.on(Input::Started(1));
    machine.on(Input::Started(2));
    assert_eq!(machine.on(Input::StartFailed(3)), [Step::Unwind(3), Step::Fail(3), Step::Settle(2, Err(3))]);
    assert_eq!(machine.on(Input::Unwound(3)), [Step::Stop(2)], "what D has begun may use C until it is unwound");
    assert_eq!(machine.on(Input::Stopped(2)), [Step::Forget(2), Step::Stop(1)]);
    assert_eq!(machine.on(Input::Stopped(1)), [Step::Forget(1)]);
    assert_eq!(machine.state(0), State::Ready, "A is the boot's");

    assert_eq!(
        machine.on(use_first(3, 3)),
        [Step::Wait(1), Step::Wait(2), Step::Wait(3), Step::Start(1)],
        "and it can be tried again"
    );
}

#[test]
fn two_first_uses_share_and_the_loss_of_one_leaves_the_other_its_part() {
    let lazy = |name: &str| service(name).lazy();
    let mut machine = machine(vec![lazy("A"), lazy("B").requires(&["A"]), lazy("C").requires(&["A"])]);
    machine.on(use_first(1, 1));
    machine.on(use_first(2, 2));
    machine.on(Input::Started(0));
    assert_eq!(machine.on(Input::StartFailed(1)), [Step::Unwind(1), Step::Fail(1), Step::Settle(1, Err(1))]);
    assert_eq!(machine.on(Input::Started(2)), [Step::Open(2), Step::Settle(2, Ok(()))]);
    assert_eq!(machine.state(0), State::Ready);
}

#[test]
fn a_wanted_service_is_waited_for_and_may_fail() {
    let mut wanted = service("A");
    wanted.optional = true;
    let mut machine = machine(vec![wanted, service("B").wants(&["A"])]);
    assert_eq!(machine.on(Input::Boot), [Step::Wait(0), Step::Wait(1), Step::Start(0)]);
    assert_eq!(
        machine.on(Input::StartFailed(0)),
        [Step::Unwind(0), Step::Fail(0), Step::Start(1)],
        "and is not waited for"
    );
    assert_eq!(machine.on(Input::Started(1)), [Step::Open(1), Step::Settle(BOOT, Ok(()))]);
}

#[test]
fn neither_wants_nor_after_asks_for_anything() {
    let mut machine = machine(vec![service("A").lazy(), service("B").lazy(), service("C").wants(&["A"]).after(&["B"])]);
    assert_eq!(machine.on(Input::Boot), [Step::Wait(2), Step::Start(2)]);
}

#[test]
fn one_that_waits_for_its_turn_waits_anew_for_what_it_follows_once_that_is_asked_for() {
    // Under the cap, C is clear to start when somebody asks for B, which it comes after.
    let catalog = vec![service("A"), service("B").lazy(), service("C").after(&["B"])];
    let mut machine = Harness::new(catalog, Settings { concurrency: 1, ..SETTINGS });
    assert_eq!(machine.on(Input::Boot), [Step::Wait(0), Step::Wait(2), Step::Start(0)]);
    assert_eq!(machine.on(use_first(2, 1)), [Step::Wait(1)]);
    assert_eq!(machine.on(Input::Started(0)), [Step::Open(0), Step::Start(1)]);
    assert_eq!(machine.on(Input::Started(1)), [Step::Open(1), Step::Settle(2, Ok(())), Step::Start(2)]);
}

#[test]
fn a_boot_is_not_met_by_the_second_life_of_one_that_failed_in_its_first() {
    // A is lazy and optional, and up only because B requires it. It fails; a later use brings it up after all.
    let mut optional = [service("A").lazy(), service("B").requires(&["A"])];
    optional.iter_mut().for_each(|facts| facts.optional = true);
    let [a, b] = optional;
    let mut machine = machine(vec![a, b, service("C")]);
    machine.on(Input::Boot);
    machine.on(Input::StartFailed(0));
    assert_eq!(machine.on(use_first(2, 0)), [Step::Wait(0), Step::Wait(1)], "and B with it");
    assert_eq!(machine.on(Input::Unwound(0)), [Step::Start(0)], "not before nothing is left of its first life");
    let up = [Step::Open(0), Step::Settle(2, Ok(())), Step::Start(1)];
    assert_eq!(machine.on(Input::Started(0)), up, "C is still on its way");
    assert_eq!(machine.on(Input::Started(2)), [Step::Open(2), Step::Settle(BOOT, Ok(()))]);
}

/// A machine for A ← B ← C, with D that only comes after B, all up.
fn up() -> Harness {
    let facts = [service("A"), service("B").requires(&["A"]), service("C").wants(&["B"]), service("D").after(&["B"])];
    let mut machine = machine(facts.to_vec());
    machine.on(Input::Boot);
    for service in 0..4 {
        machine.on(Input::Started(service));
    }
    machine
}

// shows: R13
#[test]
fn a_restart_takes_what_holds_the_instance_along_and_leaves_the_rest_alone() {
    let mut machine = up();
    assert_eq!(machine.on(Input::Restart(1)), [Step::Stop(2)], "first what holds B");
    assert_eq!([0, 1, 2, 3].map(|service| machine.comes_back(service)), [false, true, true, false]);
    assert_eq!(machine.on(Input::Stopped(2)), [Step::Wait(2), Step::Stop(1)]);
    assert_eq!(machine.on(Input::Stopped(1)), [Step::Wait(1), Step::Start(1)], "neither A nor D");
    assert!(!machine.comes_back(1), "it is back");
    assert_eq!(machine.on(Input::Started(1)), [Step::Open(1), Step::Start(2)]);
    assert_eq!(machine.on(Input::Started(2)), [Step::Open(2)]);
}

#[test]
fn a_restart_that_is_asked_for_twice_is_one() {
    let mut machine = up();
    machine.on(Input::Restart(1));
    assert_eq!(machine.on(Input::Restart(1)), []);
    assert_eq!(machine.on(Input::Restart(2)), []);
    assert_eq!(machine.on(Input::Stopped(2)), [Step::Wait(2), Step::Stop(1)]);
}

#[test]
fn what_has_recovered_by_itself_is_not_revived() {
    let mut machine = up();
    assert_eq!(machine.on(Input::Revive(1)), []);
}

#[test]
fn a_shutdown_during_a_restart_brings_nothing_up_again() {
    let mut machine = up();
    machine.on(Input::Restart(1));
    assert!(!machine.is_shutting_down());
    machine.on(Input::ShutDown);
    assert!(machine.is_shutting_down() && !machine.comes_back(1));
    machine.on(Input::Stopped(3));
    assert_eq!(machine.on(Input::Stopped(2)), [Step::Forget(2), Step::Stop(1)]);
}

// shows: R15
#[test]
fn what_a_failure_has_blocked_comes_up_when_it_is_tried_again() {
    let mut facts = [service("A"), service("B").requires(&["A"]), service("C").requires(&["B"])];
    facts.iter_mut().for_each(|facts| facts.optional = true);
    let mut machine = machine(facts.to_vec());
    machine.on(Input::Boot);
    let blocked = [Step::Unwind(0), Step::Fail(0), Step::Block(1, 0), Step::Block(2, 0), Step::Settle(BOOT, Ok(()))];
    assert_eq!(machine.on(Input::StartFailed(0)), blocked);
    machine.on(Input::Unwound(0));
    let again = [Step::Wait(0), Step::Wait(1), Step::Wait(2), Step::Start(0)];
    assert_eq!(machine.on(Input::Revive(0)), again);
    assert_eq!(machine.on(Input::Started(0)), [Step::Open(0), Step::Start(1)]);
}

#[test]
fn what_is_tried_again_above_one_that_is_blocked_is_blocked_by_the_same_failure() {
    let mut facts = [service("A"), service("B").requires(&["A"]), service("C").requires(&["B"])];
    facts.iter_mut().for_each(|facts| facts.optional = true);
    facts[0].restart = Some(Restart::transient().intensity(1, Duration::MAX));
    let mut machine = machine(facts.to_vec());
    machine.on(Input::Boot);
    machine.on(Input::Started(0));
    machine.on(Input::Started(1));
    machine.on(Input::StartFailed(2));
    machine.on(Input::Unwound(2));
    machine.on(Input::Restart(0));
    machine.on(Input::Stopped(1));
    machine.on(Input::Stopped(0));
    let blocked = [Step::Unwind(0), Step::Fail(0), Step::Block(1, 0)];
    assert_eq!(machine.on(Input::StartFailed(0)), blocked, "C has failed by itself");
    assert_eq!(machine.on(Input::Revive(2)), [Step::Block(2, 0)]);
}

/// So many optional services, with these above each other.
fn optional(services: usize, below: impl Fn(usize) -> Option<usize>) -> Harness {
    let name = |at: usize| format!("s{at:06}");
    let facts = (0..services).map(|at| {
        let mut facts = match below(at) {
            Some(on) => service(&name(at)).requires(&[&name(on)]),
            None => service(&name(at)),
        };
        facts.optional = true;
        facts
    });
    let mut machine = machine(facts.collect());
    machine.on(Input::Boot);
    machine
}

#[test]
fn a_long_chain_that_stays_blocked_costs_a_look_at_each_when_another_recovers() {
    const LONG: usize = 40_000;
    let mut machine = optional(LONG + 1, |at| (at < LONG).then(|| at.checked_sub(1)).flatten());
    for failed in [0, LONG] {
        machine.on(Input::StartFailed(failed));
        machine.on(Input::Unwound(failed));
    }
    assert_eq!(machine.on(Input::Revive(LONG)), [Step::Wait(LONG), Step::Start(LONG)]);
    let chain = (0..LONG).map(Step::Wait).chain([Step::Start(0)]);
    assert_eq!(machine.on(Input::Revive(0)), chain.collect::<Vec<_>>(), "all of it, once its root is tried again");
}

#[test]
fn a_restart_below_many_moves_each_of_them_once() {
    const MANY: usize = 10_000;
    let mut star = optional(MANY, |at| (at > 0).then_some(0));
    for it in 0..MANY {
        star.on(Input::Started(it));
    }
    assert_eq!(star.on(Input::Restart(0)).len(), MANY - 1, "all above it stop");
    for it in 1..MANY - 1 {
        assert_eq!(star.on(Input::Stopped(it)), [Step::Wait(it)]);
    }
    assert_eq!(star.on(Input::Stopped(MANY - 1)), [Step::Wait(MANY - 1), Step::Stop(0)]);
    assert_eq!(star.on(Input::Stopped(0)), [Step::Wait(0), Step::Start(0)]);
}

#[test]
fn a_second_failure_while_it_stops_to_restart_costs_no_second_restart() {
    let once = Restart::transient().intensity(1, Duration::MAX).backoff(Duration::ZERO, Duration::ZERO);
    let mut a = service("A");
    a.restart = Some(once);
    let mut machine = machine(vec![a]);
    machine.on(Input::Boot);
    machine.on(Input::Started(0));
    assert_eq!(machine.on(Input::Restart(0)), [Step::Stop(0)]);
    assert_eq!(machine.on(Input::Restart(0)), [], "its instance is replaced already");
    assert!(!machine.is_shutting_down(), "one restart was allowed, and there was one");
    assert_eq!(machine.on(Input::Stopped(0)), [Step::Wait(0), Step::Start(0)]);
}

#[test]
fn a_restart_waits_until_a_failed_start_above_is_unwound() {
    let mut c = service("C").requires(&["B"]);
    c.optional = true;
    let mut machine = machine(vec![service("A"), service("B").requires(&["A"]), c]);
    machine.on(Input::Boot);
    machine.on(Input::Started(0));
    machine.on(Input::Started(1));
    machine.on(Input::StartFailed(2));
    assert_eq!(machine.on(Input::Restart(1)), [], "what C has begun may still use B");
    assert_eq!(machine.on(Input::Unwound(2)), [Step::Stop(1)]);
    assert_eq!(machine.on(Input::Stopped(1)), [Step::Wait(1), Step::Start(1)], "C has failed, and is not restarted");
}

#[test]
fn a_failed_start_gives_its_place_to_the_next() {
    let mut a = service("A");
    a.optional = true;
    let mut machine = Harness::new(vec![a, service("B")], Settings { concurrency: 1, ..SETTINGS });
    assert_eq!(machine.on(Input::Boot), [Step::Wait(0), Step::Wait(1), Step::Start(0)]);
    assert_eq!(machine.on(Input::StartFailed(0)), [Step::Unwind(0), Step::Fail(0), Step::Start(1)]);
}
