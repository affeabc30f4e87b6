//! [`gather`]: runs futures concurrently in the task of the caller.
//!
//! Nothing is spawned: a drop of the gather drops its futures, they may borrow, and they run in the scope of the caller's
//! registry. For tasks that run on several threads, use a task group.

use std::any::Any;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use service_core::{CancellationToken, record};

use crate::caught::message;
use crate::pin_project::pin_project;

/// Runs these futures concurrently in the current task, and returns their outputs in the order of the arguments.
///
/// The iterator may be lazy, as `items.iter().map(fetch)` is: with a [`limit`](Gather::limit), an item is taken when its future
/// begins. It must know its length; collect a filtered iterator first. To get each output as it completes, use
/// [`next`](Gather::next) or the `Stream` implementation. To separate results from errors and panics, use
/// [`split`](Gather::split). A panic of a future unwinds into the caller otherwise.
///
/// The name is that of Python's `asyncio.gather`; compare `join_all` and `buffered` of the crate futures.
///
/// ```
/// use service_toolkit::gather;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let squares = gather([1, 2, 3].into_iter().map(|n| async move { n * n })).limit(2);
/// let squares = squares.on_progress(|progress| println!("{} of {}", progress.completed, progress.total));
/// assert_eq!(squares.await, [1, 4, 9]);
/// # }
/// ```
pub fn gather<I>(futures: I) -> Gather<I::IntoIter>
where
    I: IntoIterator<Item: Future, IntoIter: ExactSizeIterator>,
{
    let (futures, running) = (futures.into_iter(), FuturesUnordered::new());
    let total = futures.len();
    Gather { futures, running, limit: usize::MAX, begun: 0, completed: 0, total, closed: false, on_progress: |_| () }
}

/// How many futures of a [`gather`] have completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many have completed.
    pub completed: usize,
    /// How many there are.
    pub total: usize,
}

/// Futures that run concurrently; see [`gather`]. Await it for all outputs.
#[must_use = "the futures do not run until the gather is awaited"]
pub struct Gather<I: Iterator<Item: Future>, P = fn(Progress)> {
    futures: I,
    running: FuturesUnordered<Numbered<I::Item>>,
    limit: usize,
    begun: usize,
    completed: usize,
    total: usize,
    /// No further future begins.
    closed: bool,
    on_progress: P,
}

type Caught<T> = Result<T, Box<dyn Any + Send>>;
type Completed<F> = (usize, Caught<<F as Future>::Output>);

impl<I: Iterator<Item: Future>, P: FnMut(Progress)> Gather<I, P> {
    /// Lets at most this many futures run at the same time. By default, there is no limit. Zero is taken as one.
    ///
    /// ```
    /// # use service_toolkit::gather;
    /// # async fn example(downloads: Vec<std::future::Ready<u8>>) {
    /// let bytes = gather(downloads).limit(8).await;
    /// # let _ = bytes;
    /// # }
    /// ```
    pub fn limit(mut self, running: usize) -> Self {
        self.limit = running.max(1);
        self
    }

    /// Calls this function as each future completes.
    ///
    /// ```
    /// # use service_toolkit::gather;
    /// # async fn example(downloads: Vec<std::future::Ready<u8>>) {
    /// gather(downloads).on_progress(|progress| println!("{} of {}", progress.completed, progress.total)).await;
    /// # }
    /// ```
    pub fn on_progress<Q: FnMut(Progress)>(self, on_progress: Q) -> Gather<I, Q> {
        let Self { futures, running, limit, begun, completed, total, closed, .. } = self;
        Gather { futures, running, limit, begun, completed, total, closed, on_progress }
    }

    /// Waits for the next future that completes, and returns its position in the arguments and its output; `None` when all have
    /// completed. If the returned future is dropped, nothing is lost.
    ///
    /// ```
    /// use std::time::Duration;
    /// use service_toolkit::gather;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut sleeps = gather([3, 1].map(|n| tokio::time::sleep(Duration::from_millis(n))));
    /// let mut order = Vec::new();
    /// while let Some((index, ())) = sleeps.next().await {
    ///     order.push(index);
    /// }
    /// assert_eq!(order, [1, 0]);
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<(usize, <I::Item as Future>::Output)> {
        StreamExt::next(self).await
    }

    /// Runs all futures, also those after an error or a panic, and separates the results from the errors. A failure is also a
    /// `tracing` event with the counts. Outputs that [`next`](Self::next) has returned before are not part of it.
    ///
    /// ```
    /// use service_toolkit::gather;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let split = gather(["1", "x", "3"].map(|text| async move { text.parse::<u8>() })).split().await;
    /// assert_eq!(split.successes, [1, 3]);
    /// assert_eq!(split.errors.len(), 1);
    /// # }
    /// ```
    pub async fn split<T, E>(self) -> Split<T, E>
    where
        I::Item: Future<Output = Result<T, E>>,
    {
        self.split_until(&CancellationToken::new()).await
    }

    /// Like [`split`](Self::split), but begins no further future once the token is cancelled. The futures that run then are
    /// completed, and those that have not begun count as cancelled. With
    /// [`cx.draining()`](service_core::Context::draining), a service that stops takes no more work and finishes what it has begun.
    ///
    /// ```
    /// # use service_core::Context;
    /// # use service_toolkit::gather;
    /// # async fn send(letter: String) -> std::io::Result<()> { drop(letter); Ok(()) }
    /// # async fn example<S>(cx: Context<S>, letters: Vec<String>) {
    /// let sent = gather(letters.into_iter().map(send)).limit(8).split_until(&cx.draining()).await;
    /// println!("{} sent, {} failed, {} not begun", sent.successes.len(), sent.errors.len(), sent.cancelled);
    /// # }
    /// ```
    pub async fn split_until<T, E>(mut self, token: &CancellationToken) -> Split<T, E>
    where
        I::Item: Future<Output = Result<T, E>>,
    {
        // Those that the caller has taken with `next` are not cancelled, although they have no outcome here.
        let (taken, mut outcomes) = (self.completed, Vec::new());
        outcomes.resize_with(self.total, || None);
        let mut cancelled = pin!(token.cancelled());
        loop {
            let next = std::future::poll_fn(|cx| {
                self.closed = self.closed || cancelled.as_mut().poll(cx).is_ready();
                self.poll_caught(cx)
            });
            let Some((index, output)) = next.await else { break };
            let outcome = match output {
                Ok(result) => Outcome::from(result),
                Err(payload) => Outcome::Panicked(message(payload)),
            };
            set(&mut outcomes, index, Some(outcome), || None);
        }
        let cancelled = outcomes.iter().filter(|outcome| outcome.is_none()).count() - taken;
        let split = Split { cancelled, ..outcomes.into_iter().flatten().collect() };
        let Split { successes, errors, panics, cancelled } = &split;
        let (successes, errors, panicked) = (successes.len(), errors.len(), panics.len());
        match split.is_success() {
            true => {
                record!(level: DEBUG, domain: "gather", action: "split", status: success,
                    successes, "all gathered futures succeeded");
            }
            false => {
                record!(domain: "gather", action: "split", status: warning,
                    successes, errors, panicked, cancelled, "not all gathered futures succeeded");
            }
        }
        split
    }

    fn poll_caught(&mut self, cx: &mut Context<'_>) -> Poll<Option<Completed<I::Item>>> {
        while !self.closed && self.running.len() < self.limit {
            let Some(future) = self.futures.next() else { break };
            self.running.push(Numbered { number: self.begun, future });
            self.begun += 1;
            // An iterator may know its length wrongly.
            self.total = self.total.max(self.begun);
        }
        let Some(next) = ready!(self.running.poll_next_unpin(cx)) else { return Poll::Ready(None) };
        self.completed += 1;
        (self.on_progress)(Progress { completed: self.completed, total: self.total });
        Poll::Ready(Some(next))
    }
}

impl<I: Iterator<Item: Future>, P> Unpin for Gather<I, P> {}

impl<I: Iterator<Item: Future>, P: FnMut(Progress)> Stream for Gather<I, P> {
    type Item = (usize, <I::Item as Future>::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.poll_caught(cx));
        Poll::Ready(next.map(|(index, output)| (index, output.unwrap_or_else(|payload| resume_unwind(payload)))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.total - self.completed;
        (left, Some(left))
    }
}

impl<I: Iterator<Item: Future>, P: FnMut(Progress)> IntoFuture for Gather<I, P> {
    type Output = Vec<<I::Item as Future>::Output>;
    type IntoFuture = Gathered<I, P>;

    fn into_future(self) -> Self::IntoFuture {
        Gathered { outputs: Vec::with_capacity(self.total), gather: self }
    }
}

impl<I: Iterator<Item: Future>, P> fmt::Debug for Gather<I, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { running, completed, total, .. } = self;
        f.debug_struct("Gather")
            .field("running", &running.len())
            .field("completed", completed)
            .field("total", total)
            .finish_non_exhaustive()
    }
}

/// The future of a [`Gather`] that is awaited.
#[must_use = "futures do nothing until they are awaited"]
pub struct Gathered<I: Iterator<Item: Future>, P> {
    gather: Gather<I, P>,
    outputs: Vec<Option<<I::Item as Future>::Output>>,
}

impl<I: Iterator<Item: Future>, P> Unpin for Gathered<I, P> {}

impl<I: Iterator<Item: Future>, P: FnMut(Progress)> Future for Gathered<I, P> {
    type Output = Vec<<I::Item as Future>::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some((index, output)) = ready!(self.gather.poll_next_unpin(cx)) {
            set(&mut self.outputs, index, Some(output), || None);
        }
        Poll::Ready(std::mem::take(&mut self.outputs).into_iter().flatten().collect())
    }
}

impl<I: Iterator<Item: Future>, P> fmt::Debug for Gathered<I, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gather.fmt(f)
    }
}

fn set<T>(values: &mut Vec<T>, index: usize, value: T, absent: impl FnMut() -> T) {
    if index >= values.len() {
        values.resize_with(index + 1, absent);
    }
    values[index] = value;
}

pin_project! {
    /// A future and its position in the arguments. A panic of it is caught, so that it does not end the others.
    struct Numbered<F> {
        number: usize,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Numbered<F> {
    type Output = Completed<F>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match catch_unwind(AssertUnwindSafe(|| this.future.poll(cx))) {
            Ok(poll) => poll.map(|output| (*this.number, Ok(output))),
            Err(payload) => Poll::Ready((*this.number, Err(payload))),
        }
    }
}

/// How one of several futures or tasks ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T, E> {
    /// It returned this value.
    Success(T),
    /// It returned this error.
    Error(E),
    /// It panicked, with this message.
    Panicked(String),
    /// It was cancelled, or never began.
    Cancelled,
}

impl<T, E> From<Result<T, E>> for Outcome<T, E> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Success(value),
            Err(error) => Self::Error(error),
        }
    }
}

/// Outcomes, separated by their kind, each in the order of the arguments.
///
/// ```
/// use service_toolkit::{Outcome, Split};
///
/// let outcomes = [Outcome::Success(1), Outcome::Cancelled, Outcome::Error("no")];
/// let split: Split<i32, &str> = outcomes.into_iter().collect();
/// assert_eq!((split.successes, split.errors, split.cancelled), (vec![1], vec!["no"], 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split<T, E> {
    /// The values of those that succeeded.
    pub successes: Vec<T>,
    /// The errors of those that failed.
    pub errors: Vec<E>,
    /// The messages of those that panicked.
    pub panics: Vec<String>,
    /// How many were cancelled or never began.
    pub cancelled: usize,
}

impl<T, E> Split<T, E> {
    /// Whether all succeeded.
    ///
    /// ```
    /// use service_toolkit::{Outcome, Split};
    ///
    /// let split: Split<u8, &str> = [Outcome::Success(1), Outcome::Cancelled].into_iter().collect();
    /// assert!(!split.is_success());
    /// ```
    pub fn is_success(&self) -> bool {
        self.errors.is_empty() && self.panics.is_empty() && self.cancelled == 0
    }
}

impl<T, E> FromIterator<Outcome<T, E>> for Split<T, E> {
    fn from_iter<I: IntoIterator<Item = Outcome<T, E>>>(outcomes: I) -> Self {
        let mut split = Self { successes: Vec::new(), errors: Vec::new(), panics: Vec::new(), cancelled: 0 };
        for outcome in outcomes {
            match outcome {
                Outcome::Success(value) => split.successes.push(value),
                Outcome::Error(error) => split.errors.push(error),
                Outcome::Panicked(message) => split.panics.push(message),
                Outcome::Cancelled => split.cancelled += 1,
            }
        }
        split
    }
}
