use std::time::Duration;

use super::{Next, Restarts};
use crate::base::Restart;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn first(policy: Restart, failed: bool) -> Next {
    Restarts::new(policy).after(secs(1), secs(1), failed, 0.0)
}

// shows: R01
#[test]
fn a_permanent_one_is_started_again_however_it_ended() {
    let again = Next::Again(ms(100));
    assert_eq!([first(Restart::permanent(), false), first(Restart::permanent(), true)], [again, again]);
}

// shows: R04
#[test]
fn a_transient_one_is_started_again_after_a_failure_only() {
    assert_eq!(first(Restart::transient(), false), Next::Over);
    assert_eq!(first(Restart::transient(), true), Next::Again(ms(100)));
}

// shows: R07
#[test]
fn a_temporary_one_is_never_started_again() {
    assert_eq!([first(Restart::temporary(), false), first(Restart::temporary(), true)], [Next::Over, Next::Over]);
}

// shows: R10
#[test]
fn too_many_in_a_period_are_given_up_and_spaced_ones_never() {
    let policy = Restart::transient().intensity(2, secs(10));
    let mut quick = Restarts::new(policy);
    assert!(matches!(quick.after(secs(1), secs(1), true, 0.0), Next::Again(_)));
    assert!(matches!(quick.after(secs(2), secs(1), true, 0.0), Next::Again(_)));
    assert_eq!(quick.after(secs(3), secs(1), true, 0.0), Next::GiveUp);

    let mut spaced = Restarts::new(policy);
    for turn in 1..1_000 {
        assert!(matches!(spaced.after(secs(turn * 5), secs(5), true, 0.0), Next::Again(_)), "failure {turn}");
    }
}

// shows: R10
#[test]
fn no_restart_at_all_gives_up_at_once() {
    assert_eq!(first(Restart::permanent().intensity(0, secs(10)), true), Next::GiveUp);
}

// shows: R12
#[test]
fn pauses_double_up_to_their_cap_and_begin_anew_after_a_quiet_time() {
    let policy = Restart::transient().intensity(100, secs(1)).backoff(ms(100), ms(500)).quiet(secs(60));
    let mut restarts = Restarts::new(policy);
    let mut pauses = |ran| match restarts.after(secs(1), ran, true, 0.0) {
        Next::Again(pause) => pause,
        other => panic!("{other:?}"),
    };
    assert_eq!([(); 5].map(|()| pauses(secs(1))), [ms(100), ms(200), ms(400), ms(500), ms(500)]);
    assert_eq!([pauses(secs(60)), pauses(secs(59))], [ms(100), ms(200)]);
}

// shows: R12
#[test]
fn jitter_adds_the_part_of_the_pause_that_is_drawn() {
    let policy = Restart::transient().intensity(1_000, secs(1)).backoff(ms(100), ms(100)).jitter(0.5);
    let pause = |drawn| Restarts::new(policy).after(secs(1), secs(1), true, drawn);
    assert_eq!([0.0, 0.5, 0.8].map(pause), [ms(100), ms(125), ms(140)].map(Next::Again));
}

#[test]
fn where_any_number_is_allowed_none_is_remembered() {
    let mut restarts = Restarts::new(Restart::permanent().intensity(u32::MAX, secs(600)).backoff(ms(0), ms(0)));
    for _ in 0..1_000 {
        assert_eq!(restarts.after(secs(1), ms(0), true, 0.0), Next::Again(ms(0)));
    }
    assert!(restarts.recent.is_empty());
}
