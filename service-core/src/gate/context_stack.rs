//! The context stack of a thread: the services on whose behalf it is running at this moment. A [`Frame`] is pushed around
//! every poll of a hook, a task, a guarded call or a scope. The stack knows numbers, not services.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

pub(crate) use super::frame::{Frame, Role};
use super::gate;
use crate::base::pin_project;

/// How many frames are stored in place: without an allocation, and without a destructor of the thread-local.
const DEPTH: usize = 32;

/// In a cursor: this thread has no number yet.
const UNNUMBERED: usize = 1 << (usize::BITS - 1);

/// In a cursor: one of the frames is [`Role::Starting`].
const STARTING: usize = 1 << (usize::BITS - 2);

const FLAGS: usize = UNNUMBERED | STARTING;

struct Stack {
    /// How many frames there are, and flags. So "there is room for a frame in place", "the thread has a number" and "no
    /// service is starting" are one comparison: the cursor is less than [`DEPTH`].
    cursor: Cell<usize>,
    /// The thread's stripe at every gate, once the thread has a number.
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
            frames: [const { Cell::new(Frame::NONE) }; DEPTH],
        }
    };
    /// The frames above `DEPTH`.
    static SPILL: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The top of a stack that allows the fast path: a frame can be pushed without further checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Top {
    cursor: usize,
}

/// Pops the frame of a guarded call when it is dropped, also during a panic. It has no size: a call changes no flag, so
/// popping is one frame less.
#[derive(Debug)]
pub(crate) struct CallContext {
    /// A frame belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

/// Restores the stack as it was before its frame was pushed when it is dropped, also during a panic.
#[derive(Debug)]
pub(crate) struct ContextGuard {
    /// The cursor before. Frames are popped in the reverse order in which they were pushed, so it is the cursor after, too.
    cursor: usize,
    /// A frame belongs to its thread.
    _not_send: PhantomData<*const ()>,
}

/// The top of this thread's stack, if it allows the fast path: there is room for a frame, the thread has a number, and it
/// does not run the start of a service.
#[inline(always)]
pub(crate) fn top() -> Option<Top> {
    let cursor = STACK.with(|stack| stack.cursor.get());
    if cursor < DEPTH { Some(Top { cursor }) } else { None }
}

impl Top {
    /// The thread's stripe at every gate.
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
    pub(crate) fn push(self, frame: Frame) -> CallContext {
        STACK.with(|stack| {
            stack.frames[self.cursor % DEPTH].set(frame);
            stack.cursor.set(self.cursor + 1);
        });
        CallContext { _not_send: PhantomData }
    }
}

/// The thread's stripe at every gate. Gives the thread a number if it has none; threads share the stripes evenly.
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
pub(crate) fn enter(frame: Frame) -> ContextGuard {
    // First: the cursor that the guard keeps must be that of a thread with a number.
    stripe();
    STACK.with(|stack| {
        let cursor = stack.cursor.get();
        let depth = cursor & !FLAGS;
        match stack.frames.get(depth) {
            Some(place) => place.set(frame),
            None => SPILL.with_borrow_mut(|spill| {
                // Frames that were popped are still in here: popping only moves the cursor.
                spill.truncate(depth - DEPTH);
                spill.push(frame);
            }),
        }
        let starting = if frame.role() == Role::Starting { STARTING } else { 0 };
        stack.cursor.set((cursor + 1) | starting);
        ContextGuard { cursor, _not_send: PhantomData }
    })
}

/// Pushes the frame of a guarded call until the returned value is dropped.
pub(crate) fn push(frame: Frame) -> CallContext {
    // The returned value pops the frame.
    let _ = ManuallyDrop::new(enter(frame));
    CallContext { _not_send: PhantomData }
}

/// Pushes the innermost frame once more, for a call of a value that no registry manages: the context stays the same.
pub(crate) fn push_innermost() -> CallContext {
    push(innermost().unwrap_or(Frame::NONE))
}

impl CallContext {
    /// Leaves the frame on the stack. A value from [`left_on_stack`](Self::left_on_stack) pops it, on the same thread.
    pub(crate) fn leave_on_stack(self) {
        let _ = ManuallyDrop::new(self);
    }

    /// Takes charge of a frame that was left on the stack.
    pub(crate) fn left_on_stack() -> Self {
        Self { _not_send: PhantomData }
    }
}

impl Drop for CallContext {
    #[inline(always)]
    fn drop(&mut self) {
        STACK.with(|stack| stack.cursor.set(stack.cursor.get() - 1));
    }
}

impl Drop for ContextGuard {
    #[inline(always)]
    fn drop(&mut self) {
        STACK.with(|stack| stack.cursor.set(self.cursor));
    }
}

/// Whether the thread runs on behalf of no service.
#[inline]
pub(crate) fn is_empty() -> bool {
    STACK.with(|stack| stack.cursor.get() & !FLAGS == 0)
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
    /// A future with a frame on the stack during each of its polls, and while it is dropped.
    pub(crate) struct InContext<F> {
        frame: Frame,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _context = enter(*this.frame);
            this.future.set(None);
        }
    }
}

/// Runs `future` with `frame` on the stack during each of its polls, and while it is dropped.
pub(crate) fn with_context<F: Future>(frame: Frame, future: F) -> InContext<F> {
    InContext { frame, future: Some(future) }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _context = enter(*this.frame);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            // Only `drop` takes it out.
            None => Poll::Pending,
        }
    }
}
