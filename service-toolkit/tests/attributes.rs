//! `#[operation]`, `#[retry]`, `#[cached]` and `#[error_boundary]`: what they do, and where they can be.
#![cfg(all(feature = "boundary", feature = "cache", feature = "operation", feature = "retry"))]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use harness::{Events, ms, settle};
use service_core::Result;
use service_toolkit::boundary::BoundaryError;
use service_toolkit::{OperationScope, cached, error_boundary, operation, retry};
use tokio::time::{Instant, advance};

fn counted(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

mod operations {
    use super::*;

    #[operation(domain = "orders", name = "import a file")]
    async fn import<T: Display + Sync>(file: &T, (first, mut second): (u32, u32)) -> io::Result<u32> {
        second += 1;
        OperationScope::current().unwrap().add_metadata("file", file);
        if first == 0 {
            return Err(io::Error::other("empty"));
        }
        let sum = first.checked_add(second).ok_or_else(|| io::Error::other("too much"))?;
        Ok(sum)
    }

    #[operation]
    async fn r#async() -> Option<u32> {
        None?;
        Some(1)
    }

    #[operation]
    async fn nothing() {}

    fn statuses(events: &Events) -> Vec<String> {
        let words = |line: &str| {
            let word = |name: &str| line.split(name).nth(1).unwrap().split('"').nth(1).unwrap().to_owned();
            format!("{} {} {}", word("domain="), word("action="), word("status="))
        };
        events.with("action=").iter().map(|line| words(line)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_is_a_function_whose_begin_and_end_are_logged() {
        let events = Events::record();
        assert_eq!(import(&"a.csv", (1, 2)).await.unwrap(), 4);
        assert_eq!(statuses(&events), ["orders import a file started", "orders import a file success"]);
        assert_eq!(events.with("metadata=\"file=a.csv\"").len(), 1);
        let events = Events::record();
        assert_eq!(import(&1, (0, 0)).await.unwrap_err().to_string(), "empty");
        assert_eq!(statuses(&events)[1..], ["orders import a file error"]);
        assert_eq!(events.with("error=\"empty\" error_type=\"std::io::error::Error\"").len(), 1);
        let events = Events::record();
        assert_eq!(r#async().await, None);
        nothing().await;
        assert_eq!(
            statuses(&events)[1..],
            ["operation async success", "operation nothing started", "operation nothing success"]
        );
    }
}

mod retries {
    use super::*;

    #[derive(Default)]
    struct Client {
        calls: AtomicU32,
    }

    impl Client {
        #[retry(attempts = 3, delay = "1s", factor = 3)]
        async fn third(&self, mut list: Vec<u32>, (word, _): (&str, u32)) -> Result<String, String> {
            list.push(counted(&self.calls));
            if list.len() == 1 && list[0] == 3 { Ok(format!("{word}{list:?}")) } else { Err(format!("{list:?}")) }
        }

        #[retry(when = |error| error.kind() == io::ErrorKind::TimedOut)]
        async fn refused(&self) -> io::Result<()> {
            counted(&self.calls);
            Err(io::ErrorKind::NotFound)?;
            Ok(())
        }

        #[retry(attempts = 2, jitter = 0)]
        async fn generic<T: Display + Clone>(&self, error: T) -> std::result::Result<(), T> {
            counted(&self.calls);
            Err(error)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_attempt_has_its_own_parameters_and_the_last_error_is_returned() {
        let (client, began) = (Client::default(), Instant::now());
        assert_eq!(client.third(Vec::new(), ("a", 1)).await.unwrap(), "a[3]");
        assert_eq!(began.elapsed(), Duration::from_secs(4));
        assert_eq!(client.third(Vec::new(), ("a", 1)).await.unwrap_err(), "[6]");
        let client = Client::default();
        assert_eq!(client.refused().await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(client.calls.load(Ordering::Relaxed), 1);
        let client = Arc::new(Client::default());
        let task = tokio::spawn(async move { (client.generic("no".to_owned()).await, client) });
        let (result, client) = task.await.unwrap();
        assert_eq!((result, client.calls.load(Ordering::Relaxed)), (Err("no".to_owned()), 2));
    }
}

mod caches {
    use super::*;

    static SUMS: AtomicU32 = AtomicU32::new(0);

    #[cached(ttl = "5m")]
    async fn sum(mut a: u32, text: &str) -> u32 {
        a += text.len() as u32;
        a + 1000 * counted(&SUMS)
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_kept_by_the_parameters_and_for_its_time() {
        let text = String::from("ab");
        assert_eq!((sum(1, &text).await, sum(1, "ab").await), (1003, 1003));
        assert_eq!((sum(2, "ab").await, sum(1, "a").await), (2004, 3002));
        advance(Duration::from_secs(299)).await;
        assert_eq!(sum(1, "ab").await, 1003);
        advance(Duration::from_secs(1)).await;
        assert_eq!(sum(1, "ab").await, 4003);
    }

    #[cached(key = id, none_ttl = "1s", ttl = "1m")]
    async fn user(id: u32, calls: Arc<AtomicU32>) -> io::Result<Option<u32>> {
        match id {
            0 => Err(io::Error::other(counted(&calls).to_string())),
            1 => Ok(None::<u32>.or_else(|| (counted(&calls) > 99).then_some(1))),
            _ => Ok(Some(counted(&calls))),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn errors_are_not_kept_and_none_is_kept_as_long_as_it_says() {
        let calls = Arc::new(AtomicU32::new(0));
        let user = |id| user(id, calls.clone());
        assert_eq!(user(0).await.unwrap_err().to_string(), "1");
        assert_eq!(user(0).await.unwrap_err().to_string(), "2");
        assert_eq!((user(2).await.unwrap(), user(2).await.unwrap()), (Some(3), Some(3)));
        assert_eq!((user(1).await.unwrap(), user(1).await.unwrap(), calls.load(Ordering::Relaxed)), (None, None, 4));
        advance(ms(1000)).await;
        assert_eq!((user(1).await.unwrap(), calls.load(Ordering::Relaxed)), (None, 5));
        assert_eq!(user(2).await.unwrap(), Some(3));
        advance(Duration::from_secs(59)).await;
        assert_eq!(user(2).await.unwrap(), Some(6));
    }

    struct Kind<const N: u32, T>(T);

    impl<const N: u32, T: Default + Display> Kind<N, T> {
        #[cached(max_size = 10)]
        async fn name(id: u32) -> String {
            format!("{id} {N} {}", Self(T::default()).0)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_instance_of_a_generic_function_has_its_own_values() {
        for _ in 0..2 {
            assert_eq!(Kind::<1, u8>::name(5).await, "5 1 0");
            assert_eq!(Kind::<2, u8>::name(5).await, "5 2 0");
            assert_eq!(Kind::<2, String>::name(5).await, "5 2 ");
        }
    }

    #[derive(Default)]
    struct Gate {
        calls: AtomicU32,
        open: tokio::sync::Notify,
    }

    #[cached(key = 0)]
    async fn gated(gate: Arc<Gate>) -> u32 {
        let call = counted(&gate.calls);
        gate.open.notified().await;
        call
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_calls_share_one_run_and_a_dropped_one_passes_it_on() {
        let gate = Arc::<Gate>::default();
        let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(gated(gate.clone()))).collect();
        settle().await;
        assert_eq!(gate.calls.load(Ordering::Relaxed), 1);
        tasks[0].abort();
        settle().await;
        assert_eq!(gate.calls.load(Ordering::Relaxed), 2);
        gate.open.notify_one();
        for task in tasks.into_iter().skip(1) {
            assert_eq!(task.await.unwrap(), 2);
        }
        assert_eq!(gated(gate.clone()).await, 2);
    }
}

mod boundaries {
    use super::*;

    #[error_boundary(fallback = text.len(), retries = 2, name = "parsing")]
    async fn parsed(text: String, calls: &AtomicU32) -> Result<usize, std::num::ParseIntError> {
        assert_ne!(counted(calls), 1, "on purpose");
        text.parse()
    }

    #[error_boundary(recoverable = |error| !matches!(error, BoundaryError::Panicked(_)), fallback = 7)]
    async fn recovered(number: u32) -> Result<u32, String> {
        match number {
            0 => Err("zero".to_owned()),
            1 => panic!("one"),
            _ => Ok(number),
        }
    }

    #[error_boundary(recoverable = |_| panic!("on purpose"), fallback = 7)]
    async fn refused() -> Result<u32, &'static str> {
        Err("no")
    }

    #[error_boundary]
    async fn logged<'a>(error: &'a str) -> Result<(), &'a str> {
        Err(error)
    }

    #[tokio::test(start_paused = true)]
    async fn errors_and_panics_are_retried_and_logged_and_replaced() {
        let (events, calls) = (Events::record(), AtomicU32::new(0));
        assert_eq!(parsed("12".to_owned(), &calls).await, Ok(12));
        assert!(events.with("fallback").is_empty());
        assert_eq!(parsed("abc".to_owned(), &calls).await, Ok(3));
        assert_eq!(calls.load(Ordering::Relaxed), 5);
        assert_eq!(events.with("operation=\"parsing\"").iter().filter(|line| line.contains("fallback")).count(), 1);
        assert_eq!((recovered(0).await, recovered(2).await), (Ok(7), Ok(2)));
        assert_eq!(refused().await, Err("no"), "an error for which `recoverable` panics is not replaced");
        let panic = tokio::spawn(recovered(1)).await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "one");
        assert_eq!(logged("no").await, Err("no"));
        assert_eq!(
            events
                .with("ERROR failed domain=\"boundary\" action=\"run\" status=\"error\" operation=\"logged\" error=no")
                .len(),
            1
        );
    }
}

mod shapes {
    use super::*;

    mod facade {
        pub(crate) use service_toolkit as toolkit;
    }

    trait Source {
        fn next(&self, calls: &AtomicU32) -> impl Future<Output = Result<u32, String>> + Send;
    }

    struct Numbers;

    impl Source for Numbers {
        #[operation(crate = facade::toolkit)]
        #[facade::toolkit::retry(attempts = 2, delay = "1s", crate = facade::toolkit)]
        async fn next(&self, calls: &AtomicU32) -> Result<u32, String> {
            match counted(calls) {
                1 => Err(OperationScope::current().expect("it is inside").name().to_owned()),
                call => Ok(call),
            }
        }
    }

    #[retry(attempts = 2, delay = "1s")]
    #[cached(key = text.to_string())]
    async fn parsed(text: impl Display + Clone + Send, calls: Arc<AtomicU32>) -> Result<u32, std::num::ParseIntError> {
        counted(&calls);
        text.to_string().parse()
    }

    macro_rules! doubled {
        ($name:ident($($parameter:ident: $ty:ty),*) -> $output:ty $body:block) => {
            #[operation]
            #[error_boundary(retries = 1, fallback = 7)]
            async fn $name($($parameter: $ty),*) -> $output $body
        };
    }

    doubled!(double(number: u32, calls: &AtomicU32) -> Result<u32, String> {
        if counted(calls) < 3 { Err(number.to_string())? }
        Ok(2 * number)
    });

    #[tokio::test(start_paused = true)]
    async fn attributes_are_on_trait_methods_in_macros_and_behind_a_facade() {
        let calls = Arc::new(AtomicU32::new(0));
        assert_eq!(Numbers.next(&calls).await, Ok(2));
        assert_eq!(double(4, &AtomicU32::new(0)).await, Ok(7));
        assert_eq!(double(4, &AtomicU32::new(1)).await, Ok(8));
        calls.store(0, Ordering::Relaxed);
        let task = tokio::spawn({
            let calls = calls.clone();
            async move {
                (parsed("5", calls.clone()).await, parsed("5", calls.clone()).await, parsed("x", calls).await.is_err())
            }
        });
        assert_eq!(task.await.unwrap(), (Ok(5), Ok(5), true));
        assert_eq!(calls.load(Ordering::Relaxed), 3, "the retries are outside of the cache, and an error is not kept");
    }
}
