//! The ambient stack: on whose behalf this thread is running, right now. One word a frame, pushed around every poll of
//! a hook, a task, a guarded call or a scope. It knows numbers, not services.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// What a frame stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// A future inside `registry.scope(…)`: names the registry only.
    Scope = 0,
    /// `init`, `start` or the first `health` of a service.
    Starting = 1,
    /// A guarded call of a service.
    Call = 2,
    /// A background task of a service.
    Task = 3,
    /// `shutdown`, a cleanup, or a later `health` of a service.
    Hook = 4,
}

/// One frame: which registry, which of its services, in what role; in one word, because a guarded call pushes one.
///
/// Bits 0 to 7: the role. Bits 8 to 31: the service. Bits 32 to 63: the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame(u64);

impl Frame {
    /// No service: the frame of a scope.
    pub(crate) const NO_SERVICE: u32 = 0x00ff_ffff;

    pub(crate) const fn new(registry: u32, service: u32, role: Role) -> Self {
        Self(((registry as u64) << 32) | (((service & Self::NO_SERVICE) as u64) << 8) | role as u64)
    }

    pub(crate) const fn from_word(word: u64) -> Self {
        Self(word)
    }

    pub(crate) const fn word(self) -> u64 {
        self.0
    }

    pub(crate) const fn registry(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) const fn service(self) -> u32 {
        (self.0 >> 8) as u32 & Self::NO_SERVICE
    }

    pub(crate) const fn role(self) -> Role {
        match self.0 as u8 {
            1 => Role::Starting,
            2 => Role::Call,
            3 => Role::Task,
            4 => Role::Hook,
            _ => Role::Scope,
        }
    }
}

/// A power of two, so that a place needs no bounds check.
const DEPTH: usize = 32;

struct Stack {
    depth: Cell<usize>,
    /// The thread's number plus one, or 0 before it has one.
    thread: Cell<usize>,
    /// How many of the frames are [`Role::Starting`].
    starting: Cell<usize>,
    /// The lowest frames, in place: no destructor, no allocation.
    frames: [Cell<Frame>; DEPTH],
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static STACK: Stack = const {
        Stack {
            depth: Cell::new(0),
            thread: Cell::new(0),
            starting: Cell::new(0),
            frames: [const { Cell::new(Frame(0)) }; DEPTH],
        }
    };
    /// The frames above `DEPTH`, where somebody nests that deep.
    static SPILL: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A number that threads share out evenly.
#[inline]
pub(crate) fn stripe() -> usize {
    STACK.with(|stack| match stack.thread.get() {
        0 => number_thread(stack),
        thread => thread,
    })
}

#[cold]
fn number_thread(stack: &Stack) -> usize {
    let thread = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    stack.thread.set(thread);
    thread
}

/// Pops its frame when it is dropped, on a panic too.
#[derive(Debug)]
pub(crate) struct Entered {
    /// A frame belongs to its thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

/// Pushes a frame until the returned value is dropped.
#[inline]
pub(crate) fn enter(frame: Frame) -> Entered {
    STACK.with(|stack| {
        let depth = stack.depth.get();
        match stack.frames.get(depth) {
            Some(place) => place.set(frame),
            None => spill(frame),
        }
        stack.depth.set(depth + 1);
    });
    Entered { _not_send: std::marker::PhantomData }
}

#[cold]
fn spill(frame: Frame) {
    SPILL.with_borrow_mut(|spill| spill.push(frame));
}

#[cold]
fn unspill() {
    SPILL.with_borrow_mut(Vec::pop);
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        STACK.with(|stack| {
            let depth = stack.depth.get() - 1;
            stack.depth.set(depth);
            if depth >= DEPTH {
                unspill();
            }
        });
    }
}

/// Whether this thread is working on the start of some service.
#[inline]
pub(crate) fn is_starting() -> bool {
    STACK.with(|stack| stack.starting.get() > 0)
}

/// The innermost frame.
#[inline]
pub(crate) fn innermost() -> Option<Frame> {
    STACK.with(|stack| match stack.depth.get() {
        0 => None,
        depth if depth <= DEPTH => Some(stack.frames[depth - 1].get()),
        _ => SPILL.with_borrow(|spill| spill.last().copied()),
    })
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

/// Counts a frame that is [`Role::Starting`] while it is on the stack.
struct Starting;

impl Starting {
    fn begin() -> Self {
        STACK.with(|stack| stack.starting.set(stack.starting.get() + 1));
        Self
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        STACK.with(|stack| stack.starting.set(stack.starting.get() - 1));
    }
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
        let _starting = (this.frame.role() == Role::Starting).then(Starting::begin);
        this.future.poll(cx)
    }
}
