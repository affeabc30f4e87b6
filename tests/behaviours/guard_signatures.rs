//! The forms of guarded methods: receivers, generics, borrowed returns, futures, and the methods of traits.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::fmt::Display;
use std::future::ready;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use service_core::{NotReady, Result, State, guarded, service};
use tests::{isolated, ms};

/// A `return` that the attribute cannot see.
macro_rules! give {
    ($future:expr) => {
        return $future
    };
}

#[service(lazy, autowire)]
struct Shapes {
    #[service(default = "shapes".to_owned())]
    name: String,
}

#[guarded]
impl Shapes {
    pub fn by_reference(&self) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub async fn by_arc(self: Arc<Self>) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub async fn by_arc_reference(self: &Arc<Self>) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub fn by_nothing() -> Result<usize, NotReady> {
        Ok(6)
    }

    pub async fn generic<T: Into<usize>, const N: usize>(&self, number: T) -> Result<usize, NotReady> {
        Ok(number.into() + N)
    }

    pub fn opaque_argument(&self, words: impl Display) -> Result<String, NotReady> {
        Ok(format!("{words} {}", self.name))
    }

    pub async fn borrowed(&self) -> Result<&str, NotReady> {
        Ok(&self.name)
    }

    pub fn longer<'a>(&'a self, other: &'a str) -> Result<&'a str, NotReady> {
        Ok(if other.len() > self.name.len() { other } else { &self.name })
    }

    pub fn opaque(&self) -> impl Iterator<Item = u8> + '_ {
        self.name.bytes()
    }

    pub fn future(&self, early: bool) -> impl Future<Output = Result<usize, NotReady>> + Send + 'static + use<> {
        let length = self.name.len();
        async move {
            if early {
                return Ok(0);
            }
            tokio::task::yield_now().await;
            Ok(length)
        }
    }

    pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<usize, NotReady>> + Send + '_>> {
        Box::pin(async { Ok(self.name.len()) })
    }

    pub fn future_by_macro(&self, early: bool) -> impl Future<Output = Result<usize, NotReady>> + use<> {
        if early {
            give!(ready(Ok(0)));
        }
        ready(Ok(self.name.len()))
    }

    pub fn boxed_by_macro(&self, early: bool) -> Pin<Box<dyn Future<Output = Result<usize, NotReady>> + Send + '_>> {
        if early {
            give!(Box::pin(ready(Ok(0))));
        }
        Box::pin(async { Ok(self.name.len()) })
    }

    pub fn boxed_opaque(&self) -> Pin<Box<dyn Future<Output = Result<impl Into<usize>, NotReady>> + Send + '_>> {
        debug_assert!(!self.name.is_empty(), "a macro call in a method whose return type no closure can name");
        Box::pin(async { Ok(self.name.len()) })
    }

    pub async fn by_reference_typed(self: &Shapes) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub async fn by_arc_of_the_name(self: Arc<Shapes>) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub async fn by_pinned_reference(self: Pin<&Self>) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub async fn by_pinned_arc(self: Pin<Arc<Self>>) -> Result<usize, NotReady> {
        Ok(self.name.len())
    }

    pub fn current() -> Result<Arc<Self>, NotReady> {
        Self::try_service()
    }

    #[must_use = "kept"]
    #[allow(clippy::unused_async, reason = "kept too")]
    pub async fn question(&self, text: &str) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        let parsed: usize = text.parse()?;
        Ok(parsed)
    }

    #[guarded(skip)]
    pub fn label(&self) -> &str {
        &self.name
    }

    #[inline]
    #[track_caller]
    pub fn line_of_the_caller(&self) -> Result<u32, NotReady> {
        Ok(Location::caller().line())
    }
}

trait Native {
    fn skipped(&self) -> usize;
    async fn native(&self) -> Result<usize, NotReady>;
    fn promised(&self) -> impl Future<Output = Result<usize, NotReady>> + Send;
}

#[guarded]
impl Native for Shapes {
    #[guarded(skip)]
    fn skipped(&self) -> usize {
        self.name.len()
    }

    async fn native(&self) -> Result<usize, NotReady> {
        Ok(1)
    }

    async fn promised(&self) -> Result<usize, NotReady> {
        Ok(2)
    }
}

#[async_trait]
trait Boxed {
    async fn boxed_by_attribute(&self) -> Result<usize, NotReady>;
}

#[async_trait]
#[guarded]
impl Boxed for Shapes {
    async fn boxed_by_attribute(&self) -> Result<usize, NotReady> {
        Ok(3)
    }
}

#[async_trait]
trait BoxedFirst {
    async fn boxed_first(&self) -> Result<usize, NotReady>;
}

#[guarded]
#[async_trait]
impl BoxedFirst for Shapes {
    async fn boxed_first(&self) -> Result<usize, NotReady> {
        Ok(4)
    }
}

async fn all(shapes: &Arc<Shapes>) -> Vec<Result<usize, NotReady>> {
    vec![
        shapes.by_reference(),
        shapes.clone().by_arc().await,
        shapes.by_arc_reference().await,
        Shapes::by_nothing(),
        shapes.generic::<u8, 2>(4).await,
        shapes.opaque_argument(1).map(|words| words.len() - 2),
        shapes.borrowed().await.map(str::len),
        shapes.longer("a").map(str::len),
        shapes.future(false).await,
        shapes.future(true).await.map(|length| length + 6),
        shapes.boxed().await,
        shapes.future_by_macro(false).await,
        shapes.future_by_macro(true).await.map(|length| length + 6),
        shapes.boxed_by_macro(false).await,
        shapes.boxed_by_macro(true).await.map(|length| length + 6),
        shapes.boxed_opaque().await.map(Into::into),
        shapes.by_reference_typed().await,
        shapes.clone().by_arc_of_the_name().await,
        Pin::new(&**shapes).by_pinned_reference().await,
        Pin::new(shapes.clone()).by_pinned_arc().await,
        Shapes::current().map(|shapes| shapes.name.len()),
        shapes.native().await.map(|length| length + 5),
        shapes.promised().await.map(|length| length + 4),
        shapes.boxed_by_attribute().await.map(|length| length + 3),
        shapes.boxed_first().await.map(|length| length + 2),
    ]
}

// shows: D10
#[tokio::test(start_paused = true)]
async fn every_form_of_guarded_method_runs_while_its_service_is_ready_and_is_refused_afterwards() -> Result<()> {
    let registry = isolated().only::<Shapes>().boot().await?;
    let shapes = registry.get::<Shapes>()?;
    for (at, returned) in registry.scope(all(&shapes)).await.into_iter().enumerate() {
        assert_eq!(returned.ok(), Some(6), "shape {at}");
    }
    assert_eq!(shapes.opaque().count(), 6);
    assert_eq!(shapes.question("6").await.ok(), Some(6));
    assert_eq!(shapes.line_of_the_caller()?, line!());
    assert!(shapes.question("six").await.is_err_and(|error| error.is::<std::num::ParseIntError>()));

    // The future is created while Shapes is ready and polled when it is stopped. The guard is inside the future.
    let late = shapes.future(true);
    let report = registry.shutdown().await?;
    assert_eq!(report.services[0].drain, ms(0), "a future that was not polled is no call");
    assert_eq!(late.await.expect_err("Shapes is stopped").state(), State::Stopped);
    for (at, returned) in registry.scope(all(&shapes)).await.into_iter().enumerate() {
        assert_eq!(returned.expect_err("Shapes is stopped").state(), State::Stopped, "shape {at}");
    }
    assert!(shapes.question("6").await.is_err_and(|error| error.is::<NotReady>()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_method_that_a_guarded_block_skips_runs_after_the_shutdown() -> Result<()> {
    let registry = isolated().only::<Shapes>().boot().await?;
    let shapes = registry.get::<Shapes>()?;
    registry.shutdown().await?;
    assert!(shapes.by_reference().is_err(), "the others in the block are guarded");
    assert_eq!((shapes.label(), shapes.skipped()), ("shapes", 6));
    Ok(())
}
