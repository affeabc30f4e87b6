use std::future::Future;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, Waker};
use std::thread;

use super::*;

/// A caller that is being refused, suspended half way.
struct BeingRefused<'a>(&'a AtomicI32);

impl<'a> BeingRefused<'a> {
    fn at(gate: &'a Gate, index: usize) -> Self {
        gate.counters[index].fetch_add(1, entering());
        Self(&gate.counters[index])
    }
}

impl Drop for BeingRefused<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, leaving());
    }
}

#[test]
fn a_storm_of_refused_calls_does_not_hold_up_the_drain() {
    let gate = Gate::new();
    gate.open(8);
    let last = gate.enter(8, COUNTERS - 1).expect("the gate is open");
    gate.close();
    let mut drain = pin!(gate.drained());
    let mut cx = Context::from_waker(Waker::noop());

    assert_eq!(drain.as_mut().poll(&mut cx), Poll::Pending, "one call is inside");
    // By now all other counters were seen at zero; from here on each of them counts a refused caller at every moment.
    let _refused: Vec<_> = (0..COUNTERS - 1).map(|index| BeingRefused::at(&gate, index)).collect();
    assert_eq!(drain.as_mut().poll(&mut cx), Poll::Pending, "one call is inside");
    gate.leave(last);

    assert_eq!(drain.as_mut().poll(&mut cx), Poll::Ready(()));
}

#[test]
fn a_caller_with_another_token_is_refused_and_not_counted() {
    let gate = Gate::new();
    assert!(gate.enter(8, 0).is_none(), "the gate is closed");
    gate.open(8);
    assert!(gate.enter(16, 0).is_none(), "that token is of another instance");
    assert!(gate.enter(8, COUNTERS).is_none(), "there is no such counter");
    assert!(gate.is_empty());
}

#[test]
fn a_caller_that_is_being_refused_is_not_a_call_that_is_left() {
    let gate = Gate::new();
    gate.open(8);
    let left = gate.enter(8, 3).expect("the gate is open");
    gate.close();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert!(gate.enter(8, 5).is_none(), "the gate is closed");
            }
        });
        let seen = gate.calls_left();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!((seen[3], seen[5]), (1, 0));
    });
    gate.leave(left);
    assert_eq!(gate.calls_left(), [0; LANES + 1]);
}
