//! The gate of service-core, model-checked with loom: the same source file, compiled with loom's atomics. loom runs the
//! interleavings of up to three threads, and every value that the memory model allows a load to return.
#![cfg(test)]

#[path = "../../../service-core/src/gate/gate.rs"]
#[allow(dead_code)]
#[allow(clippy::modulo_one, reason = "one lane here")]
mod gate;
mod sync;

use loom::cell::UnsafeCell;
use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use gate::Gate;
use sync::{RelaxedGuard, RelaxedOrdering};

/// What the drain protects: admitted calls may touch `instance`, and the drain owns it afterwards. loom fails if the two
/// overlap, or if what a call wrote is not visible to the drain.
struct Service {
    gate: Gate,
    instance: UnsafeCell<u32>,
}

#[allow(unsafe_code, reason = "loom's cell is how the model sees a race")]
// SAFETY: none is needed: loom checks every access to its cell and fails the model on a race.
unsafe impl Sync for Service {}

impl Service {
    fn ready() -> Arc<Self> {
        let service = Self { gate: Gate::new(), instance: UnsafeCell::new(0) };
        service.gate.open(1);
        Arc::new(service)
    }

    /// A guarded call. It reads the instance, as several concurrent calls may.
    fn call(&self, stripe: usize) -> bool {
        self.call_with(1, stripe)
    }

    fn call_with(&self, token: usize, stripe: usize) -> bool {
        let Some(counter) = self.gate.enter(token, stripe) else { return false };
        self.touch();
        self.gate.leave(counter);
        true
    }

    #[allow(unsafe_code, reason = "loom's cell is how the model sees a race")]
    fn touch(&self) {
        // SAFETY: loom checks it.
        self.instance.with(|instance| unsafe { *instance });
    }

    /// Closes the gate, waits for the drain, and writes the instance.
    #[allow(unsafe_code, reason = "loom's cell is how the model sees a race")]
    fn shut_down(&self) {
        self.gate.close();
        block_on(self.gate.drained());
        // SAFETY: loom checks it.
        self.instance.with_mut(|instance| unsafe { *instance = 1 });
    }
}

/// Runs every interleaving with up to three preemptions, or as many as `LOOM_MAX_PREEMPTIONS` says. Three threads have too
/// many interleavings to run all of them.
fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(run);
}

/// Runs every interleaving.
fn exhaustive(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = None;
    model.check(run);
}

fn two_calls_against_a_shutdown() {
    let service = Service::ready();
    let calls: Vec<_> = [0, 1]
        .into_iter()
        .map(|stripe| {
            let service = service.clone();
            thread::spawn(move || service.call(stripe))
        })
        .collect();
    service.shut_down();
    for call in calls {
        call.join().expect("a call does not panic");
    }
    assert!(service.gate.is_empty(), "every call that was counted in was counted out");
    assert!(!service.call(0), "a closed gate admits no call");
}

// shows: S18
#[test]
fn no_call_is_inside_after_the_drain_has_ended() {
    model(two_calls_against_a_shutdown);
}

// shows: S18
#[test]
fn calls_that_share_a_counter_are_all_waited_for() {
    model(|| {
        let service = Service::ready();
        let other = service.clone();
        let call = thread::spawn(move || {
            other.call(0);
            other.call(0)
        });
        service.call(0);
        service.shut_down();
        call.join().expect("a call does not panic");
    });
}

// shows: S18
#[test]
fn a_call_made_inside_a_call_is_waited_for_even_if_it_outlives_it() {
    exhaustive(|| {
        let service = Service::ready();
        let outer = service.clone();
        let calls = thread::spawn(move || {
            let Some(counter) = outer.gate.enter(1, 1) else { return };
            outer.gate.enter_reentrant();
            outer.gate.leave(counter);
            outer.touch();
            outer.gate.leave_reentrant();
        });
        service.shut_down();
        calls.join().expect("a call does not panic");
    });
}

/// The gate is opened for the next instance while a call on the last one is about to enter.
fn a_late_call_against_the_next_instance() {
    let service = Service::ready();
    let late = service.clone();
    let call = thread::spawn(move || late.call(0));
    service.shut_down();
    service.gate.open(2);
    call.join().expect("a call does not panic");
    assert!(service.gate.is_empty(), "every call that was counted in was counted out");
    assert!(service.gate.enter(2, 0).is_some(), "the gate is open for the next instance");
}

// shows: S18
#[test]
fn a_call_on_the_last_instance_does_not_pass_the_gate_of_the_next() {
    exhaustive(a_late_call_against_the_next_instance);
}

/// The token changes, because another registry gets the same instance, while one call is about to enter; then the gate is
/// drained.
#[test]
fn a_call_is_counted_or_refused_while_the_token_changes() {
    model(|| {
        let service = Service::ready();
        let (early, late) = (service.clone(), service.clone());
        let calls = [thread::spawn(move || early.call(0)), thread::spawn(move || late.call_with(2, 1))];
        service.gate.change_token(2);
        service.shut_down();
        for call in calls {
            call.join().expect("a call does not panic");
        }
        service.gate.change_token(3);
        assert!(!service.call_with(3, 0), "a closed gate stays closed");
        assert!(service.gate.is_empty(), "every call that was counted in was counted out");
    });
}

// The model finds bugs: a test fails for each ordering of the gate that is relaxed.

// shows: S18
#[test]
#[should_panic(expected = "Causality violation")]
fn without_release_on_leaving_the_drain_races_with_a_call() {
    let _guard = RelaxedGuard::new(RelaxedOrdering::Leave);
    model(two_calls_against_a_shutdown);
}

// shows: S18
#[test]
#[should_panic(expected = "Causality violation")]
fn without_acquire_on_entering_a_late_call_is_admitted() {
    let _guard = RelaxedGuard::new(RelaxedOrdering::Enter);
    model(a_late_call_against_the_next_instance);
}

// shows: S18
#[test]
#[should_panic(expected = "Causality violation")]
fn without_release_on_closing_a_late_call_is_admitted() {
    let _guard = RelaxedGuard::new(RelaxedOrdering::Close);
    model(a_late_call_against_the_next_instance);
}
