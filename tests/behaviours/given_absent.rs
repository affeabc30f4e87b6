//! A `given` service without hooks that was not given: which boots need it, and what its dependants see.

use std::sync::Arc;

use service_core::{Context, Lifecycle, Result, State, service};
use tests::isolated;

trait Store: Send + Sync {
    fn origin(&self) -> &'static str;
}

/// A value without hooks.
#[service(given, provides = [dyn Store])]
#[derive(Debug)]
struct Settings {
    origin: &'static str,
}

impl Store for Settings {
    fn origin(&self) -> &'static str {
        self.origin
    }
}

#[service(lazy, requires = [Settings])]
#[derive(Debug)]
struct Needs;

impl Lifecycle for Needs {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }
}

#[service(lazy, optional, requires = [Settings])]
#[derive(Debug)]
struct MayNeed;

impl Lifecycle for MayNeed {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }
}

#[service(lazy, autowire)]
struct Wishes {
    settings: Option<Arc<Settings>>,
    store: Option<Arc<dyn Store>>,
}

#[test]
fn a_value_that_a_booted_service_requires_must_be_given() {
    let error = isolated().with::<Needs>().plan().expect_err("no value");
    let text = error.to_string();
    assert!(text.contains("is declared `given`, but was not given, and Needs ("), "{text}");
    assert!(text.ends_with("requires it; hand it over with `.give(…)` on the builder"), "{text}");
    isolated().plan().expect("nothing that is booted requires it");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_only_wanted_may_be_absent() -> Result<()> {
    let registry = isolated().with::<Wishes>().boot().await?;
    let wishes = registry.get::<Wishes>()?;
    assert!(wishes.settings.is_none() && wishes.store.is_none());
    let report = registry.report();
    let wishes = report.services.iter().find(|it| it.name == "Wishes").expect("it is in the plan");
    assert_eq!(wishes.missing, ["Settings", "dyn Store"]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_given_is_there_for_all_of_them() -> Result<()> {
    let builder = isolated().give(Settings { origin: "given" });
    let registry = builder.with::<Wishes>().with::<Needs>().with::<MayNeed>().boot().await?;
    let wishes = registry.get::<Wishes>()?;
    assert_eq!(wishes.settings.as_ref().map(|it| it.origin), Some("given"));
    assert_eq!(wishes.store.as_ref().map(|it| it.origin()), Some("given"));
    assert_eq!(registry.state::<MayNeed>(), State::Ready);
    drop(wishes);
    registry.shutdown().await?;
    Ok(())
}

/// Whether a text says which value is missing, and what to do.
fn names_the_value(text: &str) -> bool {
    text.contains("Settings") && text.contains("was not given; hand it over with `.give(…)` on the builder")
}

#[tokio::test(start_paused = true)]
async fn an_optional_service_that_requires_an_absent_value_is_blocked() -> Result<()> {
    let registry = isolated().with::<MayNeed>().with::<Wishes>().boot().await?;
    assert_eq!(registry.state::<MayNeed>(), State::Blocked);
    let refused = registry.get::<MayNeed>().expect_err("it is blocked");
    assert!(names_the_value(&refused.to_string()), "{refused}");
    assert!(registry.get::<Wishes>()?.settings.is_none());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lazy_service_that_requires_an_absent_value_is_refused() -> Result<()> {
    let registry = isolated().boot().await?;
    for _ in 0..2 {
        let refused = registry.wait_ready::<Needs>().await.expect_err("it has no value");
        assert!(names_the_value(&refused.to_string()), "{refused}");
    }
    assert!(registry.is_ready());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_absent_value_itself_is_refused_by_its_name() -> Result<()> {
    let registry = isolated().boot().await?;
    let refused = registry.get::<Settings>().expect_err("it was not given");
    assert!(names_the_value(&refused.to_string()), "{refused}");
    let refused = registry.scope(Settings::service()).await.expect_err("it was not given");
    assert!(names_the_value(&refused.to_string()), "{refused}");
    registry.shutdown().await?;
    Ok(())
}
