//! The ambient stack: on whose behalf this thread is running, right now. One word a frame, pushed around every poll of
//! a hook, a task, a guarded call or a scope. It knows numbers, not services.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What a frame stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// A future inside `registry.scope(…)`: names the registry only.
    Scope,
    /// `init`, `start` or the first `health` of a service.
    Starting,
    /// A guarded call of a service.
    Call,
    /// A background task of a service.
    Task,
    /// `shutdown`, a cleanup, or a later `health` of a service.
    Hook,
}

/// One frame: which registry, which of its services, in what role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub registry: u32,
    pub service: u32,
    pub role: Role,
}

const NOBODY: Frame = Frame { registry: 0, service: 0, role: Role::Scope };
const DEPTH: usize = 32;

struct Stack {
    depth: Cell<usize>,
    /// The lowest frames, in place: no destructor, no allocation.
    frames: [Cell<Frame>; DEPTH],
}

thread_local! {
    static STACK: Stack = const { Stack { depth: Cell::new(0), frames: [const { Cell::new(NOBODY) }; DEPTH] } };
    /// The frames above `DEPTH`, where somebody nests that deep.
    static SPILL: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Pops its frame when it is dropped, on a panic too.
#[derive(Debug)]
pub(crate) struct Entered {
    /// A frame belongs to its thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

/// Pushes a frame until the returned value is dropped.
pub(crate) fn enter(frame: Frame) -> Entered {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        match stack.frames.get(depth) {
            Some(place) => place.set(frame),
            None => SPILL.with_borrow_mut(|spill| spill.push(frame)),
        }
        stack.depth.set(depth + 1);
    });
    Entered { _not_send: std::marker::PhantomData }
}

impl Drop for Entered {
    fn drop(&mut self) {
        STACK.with(|stack| {
            let depth = stack.depth.get() - 1;
            stack.depth.set(depth);
            if depth >= DEPTH {
                SPILL.with_borrow_mut(Vec::pop);
            }
        });
    }
}

/// The first frame, from the innermost out, that `pick` accepts.
pub(crate) fn find<T>(mut pick: impl FnMut(Frame) -> Option<T>) -> Option<T> {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        if depth > DEPTH {
            let found = SPILL.with_borrow(|spill| spill.iter().rev().copied().find_map(&mut pick));
            if found.is_some() {
                return found;
            }
        }
        stack.frames[..depth.min(DEPTH)].iter().rev().map(Cell::get).find_map(pick)
    })
}

pin_project_lite::pin_project! {
    /// A future with a frame around each of its polls.
    pub(crate) struct Marked<F> {
        frame: Frame,
        #[pin]
        future: F,
    }
}

/// Runs `future` with `frame` around each of its polls.
pub(crate) fn marked<F: Future>(frame: Frame, future: F) -> Marked<F> {
    Marked { frame, future }
}

impl<F: Future> Future for Marked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = enter(*this.frame);
        this.future.poll(cx)
    }
}
