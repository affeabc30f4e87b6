//! The ambient stack: on whose behalf this thread is running, right now. One word a frame, pushed around every poll of
//! a hook, a task, a guarded call or a scope. It knows numbers, not services.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::gate;
use crate::base::pin_project;

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

    /// The frame of nobody, in no registry: those are numbered from 1.
    const NOBODY: Self = Self::new(0, Self::NO_SERVICE, Role::Scope);

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

/// As many frames lie in place: no destructor, no allocation.
const DEPTH: usize = 32;

/// In a cursor: this thread has no number yet.
const UNNUMBERED: usize = 1 << (usize::BITS - 1);

/// In a cursor: one of the frames is [`Role::Starting`].
const STARTING: usize = 1 << (usize::BITS - 2);

const FLAGS: usize = UNNUMBERED | STARTING;

struct Stack {
    /// How many frames there are, and flags. So that the frames in place are free to be used, that the thread has a number
    /// and that it starts no service is one comparison: less than [`DEPTH`].
    cursor: Cell<usize>,
    /// Where this thread counts its calls, at every gate, once it has a number.
    stripe: Cell<usize>,
    /// The lowest frames.
    frames: [Cell<Frame>; DEPTH],
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static STACK: Stack = const {
        Stack {
            cursor: Cell::new(UNNUMBERED),
            stripe: Cell::new(0),
            frames: [const { Cell::new(Frame(0)) }; DEPTH],
        }
    };
    /// The frames above `DEPTH`, where somebody nests that deep.
    static SPILL: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The top of a stack on which a frame can be pushed without further questions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Top {
    cursor: usize,
}

/// Pops the frame of a guarded call when it is dropped, on a panic too. It need not know where that is: a call changes no
/// flag, so one frame less is where the stack was.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// A frame belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

/// Pops its frame when it is dropped, on a panic too.
#[derive(Debug)]
pub(crate) struct Entered {
    /// The cursor before. Frames are popped in the order in which they were pushed, so it is the cursor after, too.
    cursor: usize,
    /// A frame belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

/// The top of this thread's stack, if the short way is open: there is room, the thread has a number, and it is not
/// working on the start of a service.
#[inline(always)]
pub(crate) fn top() -> Option<Top> {
    let cursor = STACK.with(|stack| stack.cursor.get());
    if cursor < DEPTH { Some(Top { cursor }) } else { None }
}

impl Top {
    /// Where this thread counts its calls, at every gate.
    #[inline(always)]
    pub(crate) fn stripe(self) -> usize {
        STACK.with(|stack| stack.stripe.get())
    }

    /// The innermost frame.
    #[inline(always)]
    pub(crate) fn frame(self) -> Option<Frame> {
        let below = self.cursor.checked_sub(1)?;
        STACK.with(|stack| Some(stack.frames[below % DEPTH].get()))
    }

    /// Pushes the frame of a guarded call until the returned value is dropped.
    #[inline(always)]
    pub(crate) fn push(self, frame: Frame) -> Pushed {
        STACK.with(|stack| {
            stack.frames[self.cursor % DEPTH].set(frame);
            stack.cursor.set(self.cursor + 1);
        });
        Pushed { _not_send: PhantomData }
    }
}

/// Where this thread counts its calls, at every gate; it has a number afterwards, and threads share the stripes evenly.
pub(crate) fn stripe() -> usize {
    STACK.with(|stack| {
        let cursor = stack.cursor.get();
        if cursor & UNNUMBERED != 0 {
            stack.stripe.set(gate::stripe(THREADS.fetch_add(1, Ordering::Relaxed)));
            stack.cursor.set(cursor & !UNNUMBERED);
        }
        stack.stripe.get()
    })
}

/// Pushes a frame until the returned value is dropped.
pub(crate) fn enter(frame: Frame) -> Entered {
    // First of all: the cursor that is kept must be that of a thread with a number.
    stripe();
    STACK.with(|stack| {
        let cursor = stack.cursor.get();
        let depth = cursor & !FLAGS;
        match stack.frames.get(depth) {
            Some(place) => place.set(frame),
            None => SPILL.with_borrow_mut(|spill| {
                // What was popped from here is still there: popping only moves the cursor.
                spill.truncate(depth - DEPTH);
                spill.push(frame);
            }),
        }
        let starting = if frame.role() == Role::Starting { STARTING } else { 0 };
        stack.cursor.set((cursor + 1) | starting);
        Entered { cursor, _not_send: PhantomData }
    })
}

/// Pushes the frame of a guarded call until the returned value is dropped.
pub(crate) fn push(frame: Frame) -> Pushed {
    // The frame is popped by the value returned.
    let _ = ManuallyDrop::new(enter(frame));
    Pushed { _not_send: PhantomData }
}

/// Pushes the innermost frame once more: whoever looks finds what it would have found without. For the call of a value that
/// nobody manages.
pub(crate) fn push_again() -> Pushed {
    push(innermost().unwrap_or(Frame::NOBODY))
}

impl Pushed {
    /// Leaves the frame where it is, for somebody else on this thread to pop.
    pub(crate) fn keep(self) {
        let _ = ManuallyDrop::new(self);
    }

    /// The frame that was kept, to be popped.
    pub(crate) fn kept() -> Self {
        Self { _not_send: PhantomData }
    }
}

impl Drop for Pushed {
    #[inline(always)]
    fn drop(&mut self) {
        STACK.with(|stack| stack.cursor.set(stack.cursor.get() - 1));
    }
}

impl Drop for Entered {
    #[inline(always)]
    fn drop(&mut self) {
        STACK.with(|stack| stack.cursor.set(self.cursor));
    }
}

/// The innermost frame.
pub(crate) fn innermost() -> Option<Frame> {
    find(Some)
}

/// The first frame, from the innermost out, that `pick` accepts.
pub(crate) fn find<T>(mut pick: impl FnMut(Frame) -> Option<T>) -> Option<T> {
    STACK.with(|stack| {
        let depth = stack.cursor.get() & !FLAGS;
        if depth > DEPTH {
            let spilled = depth - DEPTH;
            let found = SPILL.with_borrow(|spill| spill[..spilled].iter().rev().copied().find_map(&mut pick));
            if found.is_some() {
                return found;
            }
        }
        stack.frames[..depth.min(DEPTH)].iter().rev().map(Cell::get).find_map(pick)
    })
}

pin_project! {
    /// A future with a frame around each of its polls, and around its end.
    pub(crate) struct Marked<F> {
        frame: Frame,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Marked<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = enter(*this.frame);
            this.future.set(None);
        }
    }
}

/// Runs `future` with `frame` around each of its polls, and while it is dropped.
pub(crate) fn marked<F: Future>(frame: Frame, future: F) -> Marked<F> {
    Marked { frame, future: Some(future) }
}

impl<F: Future> Future for Marked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = enter(*this.frame);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            // Only dropping it takes it away.
            None => Poll::Pending,
        }
    }
}
