use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// A programmable async function that records its calls, as Python's `AsyncMock` is.
///
/// A fake of a service or of a trait has a mock for each method that the test programs. `A` is the type of the arguments, a tuple if
/// there are several; `R` is what the method returns, so a failure is an `Err`.
///
/// A call gets the first answer that was added by a method that ends in `_once`, and removes it. If there is none left, the call gets
/// the answer of [`returns`](Self::returns) or [`answers`](Self::answers). Clones share the answers and the calls: the fake has one,
/// the test another.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use service_core::{Result, service};
/// use service_toolkit::testing::Mock;
///
/// trait Bank: Send + Sync {
///     fn charge(&self, cents: u32) -> impl Future<Output = Result<u32, &'static str>> + Send;
/// }
///
/// struct FakeBank {
///     charge: Mock<u32, Result<u32, &'static str>>,
/// }
///
/// impl Bank for FakeBank {
///     async fn charge(&self, cents: u32) -> Result<u32, &'static str> {
///         self.charge.call(cents).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let charge = Mock::new("Bank::charge").returns_once(Err("busy")).delay(Duration::from_millis(5)).returns(Ok(1));
/// let bank = FakeBank { charge: charge.clone() };
/// assert_eq!(bank.charge(250).await, Err("busy"));
/// assert_eq!(bank.charge(250).await, Ok(1)); // after 5 ms
/// assert_eq!(charge.calls(), [250, 250]);
/// charge.verify();
/// # }
/// ```
///
/// # Panics
///
/// A call for which there is no answer panics, and the message names the mock and the arguments. The code under test may contain that
/// panic; [`verify`](Self::verify) reports it then.
pub struct Mock<A, R> {
    shared: Arc<Shared<A, R>>,
}

struct Shared<A, R> {
    name: Arc<str>,
    made: Instant,
    script: Mutex<Script<A, R>>,
    /// How many calls have begun.
    calls: watch::Sender<usize>,
}

struct Script<A, R> {
    delay: Duration,
    once: VecDeque<Answer<A, R>>,
    otherwise: Option<(Duration, Answering<A, R>)>,
    calls: Vec<(Arc<A>, Duration)>,
    unanswered: usize,
    cancelled: usize,
}

type Answering<A, R> = Arc<dyn Fn(&A) -> R + Send + Sync>;

enum Answer<A, R> {
    After(Duration, Box<dyn FnOnce(&A) -> R + Send>),
    Never,
}

impl<A: Debug + 'static, R: 'static> Mock<A, R> {
    /// Makes a mock without answers. The name, such as `Bank::charge`, appears in the messages.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        let script = Script {
            delay: Duration::ZERO,
            once: VecDeque::new(),
            otherwise: None,
            calls: Vec::new(),
            unanswered: 0,
            cancelled: 0,
        };
        let (calls, _) = watch::channel(0);
        Self { shared: Arc::new(Shared { name: name.into(), made: Instant::now(), script: Mutex::new(script), calls }) }
    }

    /// Returns a value to one call.
    pub fn returns_once(self, value: R) -> Self
    where
        R: Send,
    {
        self.answers_once(move |_| value)
    }

    /// Returns each of these values to one call, in this order.
    pub fn returns_each(self, values: impl IntoIterator<Item = R>) -> Self
    where
        R: Send,
    {
        values.into_iter().fold(self, Self::returns_once)
    }

    /// Returns a value to each call for which no other answer is left. Replaces the value of an earlier `returns` or `answers`.
    pub fn returns(self, value: R) -> Self
    where
        R: Clone + Send + Sync,
    {
        self.answers(move |_| value.clone())
    }

    /// Computes the answer to one call from its arguments. The function may panic; its caller then does.
    pub fn answers_once(self, answer: impl FnOnce(&A) -> R + Send + 'static) -> Self {
        let mut script = self.shared.lock();
        let answer = Answer::After(script.delay, Box::new(answer));
        script.once.push_back(answer);
        drop(script);
        self
    }

    /// Computes the answer to each call for which no other answer is left.
    pub fn answers(self, answer: impl Fn(&A) -> R + Send + Sync + 'static) -> Self {
        let mut script = self.shared.lock();
        script.otherwise = Some((script.delay, Arc::new(answer)));
        drop(script);
        self
    }

    /// Never answers one call. The caller has to be cancelled, for example by a time limit.
    pub fn hangs_once(self) -> Self {
        self.shared.lock().once.push_back(Answer::Never);
        self
    }

    /// Lets the answers that are added after this call take some time, on tokio's clock.
    pub fn delay(self, delay: Duration) -> Self {
        self.shared.lock().delay = delay;
        self
    }

    /// Records a call and returns the next answer. The body of the method of a fake.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn call(&self, arguments: A) -> R {
        let arguments = Arc::new(arguments);
        let answer = self.shared.begin(&arguments);
        let mut running = Running { shared: &self.shared, ended: false };
        match answer {
            Answer::Never => pending().await,
            Answer::After(delay, answer) => {
                if !delay.is_zero() {
                    sleep(delay).await;
                }
                running.ended = true;
                answer(&arguments)
            }
        }
    }

    /// Waits until a number of calls have begun.
    pub async fn called(&self, calls: usize) {
        // The sender is in `self`, so the channel is open.
        let mut begun = self.shared.calls.subscribe();
        let _open = begun.wait_for(|begun| *begun >= calls).await;
    }

    /// The arguments of all calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<A>
    where
        A: Clone,
    {
        self.shared.lock().calls.iter().map(|(arguments, _)| A::clone(arguments)).collect()
    }

    /// The times at which the calls began, from the moment when the mock was made.
    #[must_use]
    pub fn times(&self) -> Vec<Duration> {
        self.shared.lock().calls.iter().map(|(_, at)| *at).collect()
    }

    /// How many calls were dropped before they had their answer.
    #[must_use]
    pub fn cancelled(&self) -> usize {
        self.shared.lock().cancelled
    }

    /// Checks that every answer for one call was used, and that every call had an answer.
    ///
    /// # Panics
    ///
    /// If that is not so. The message counts the answers that are left and the calls without one.
    #[track_caller]
    pub fn verify(&self) {
        let (left, unanswered) = {
            let script = self.shared.lock();
            (script.once.len(), script.unanswered)
        };
        assert!(
            left == 0 && unanswered == 0,
            "mock `{}`: {left} answers were not used, and {unanswered} calls had no answer",
            self.shared.name
        );
    }
}

impl<A: Debug + 'static, R: 'static> Shared<A, R> {
    fn begin(self: &Arc<Self>, arguments: &Arc<A>) -> Answer<A, R> {
        let mut script = self.lock();
        script.calls.push((arguments.clone(), self.made.elapsed()));
        let calls = script.calls.len();
        let answer = script.once.pop_front().or_else(|| {
            let (delay, answer) = script.otherwise.as_ref()?;
            // The closure keeps the function alive although another one may replace it during the delay.
            let answer = answer.clone();
            Some(Answer::After(*delay, Box::new(move |arguments| answer(arguments))))
        });
        script.unanswered += usize::from(answer.is_none());
        drop(script);
        self.calls.send_replace(calls);
        answer.unwrap_or_else(|| panic!("mock `{}` has no answer to call {calls}, with {arguments:?}", self.name))
    }
}

impl<A, R> Shared<A, R> {
    fn lock(&self) -> MutexGuard<'_, Script<A, R>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call without its answer yet.
struct Running<'a, A, R> {
    shared: &'a Shared<A, R>,
    ended: bool,
}

impl<A, R> Drop for Running<'_, A, R> {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.lock().cancelled += 1;
        }
    }
}

impl<A, R> Clone for Mock<A, R> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<A, R> Debug for Mock<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").field("name", &self.shared.name).field("calls", &*self.shared.calls.borrow()).finish()
    }
}
