//! Services that a `macro_rules!` declares: types arrive in invisible delimiters, once for each macro that passes them on.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Registry, Restart, Result, guarded, service};
use tests::{isolated, ms};

trait Voice: Send + Sync {
    fn say(&self) -> &'static str;
}

/// By default, too: a field that is not injected would get one of its own.
#[service(lazy, autowire)]
#[derive(Default)]
struct Base;

#[service(lazy, autowire, provides = [dyn Voice])]
struct Parrot;

impl Voice for Parrot {
    fn say(&self) -> &'static str {
        "hello"
    }
}

#[service(lazy, autowire)]
struct Absent;

/// Declares a service with a list of each kind.
macro_rules! listed {
    ($name:ident, $requires:ty, $object:ty, $wants:path, $after:ty, $provides:ty) => {
        #[service(lazy, requires = [$requires, $object], wants = [$wants], after = [$after], provides = [$provides])]
        struct $name {
            base: Arc<Base>,
            voice: Arc<dyn Voice>,
        }

        impl Lifecycle for $name {
            async fn init(cx: &Context<Self>) -> Result<Self> {
                assert!(cx.get_opt::<$wants>().is_none());
                Ok(Self { base: cx.get(), voice: cx.get() })
            }
        }
    };
}

/// Passes types on, so that their delimiters are nested.
macro_rules! passed_on {
    ($name:ident, $requires:ty, $object:ty, $wants:path, $after:ty, $provides:ty) => {
        listed!($name, $requires, $object, $wants, $after, $provides);
    };
}

trait Listed: Send + Sync {
    fn base(&self) -> &Arc<Base>;
    fn say(&self) -> &'static str;
}

macro_rules! is_listed {
    ($($name:ident)*) => {
        $(impl Listed for $name {
            fn base(&self) -> &Arc<Base> {
                &self.base
            }

            fn say(&self) -> &'static str {
                self.voice.say()
            }
        })*
    };
}

listed!(Once, Base, dyn Voice, Absent, Parrot, dyn Listed);
passed_on!(Twice, Base, dyn Voice, Absent, Parrot, dyn Listed);
is_listed!(Once Twice);

#[tokio::test]
async fn a_type_from_a_macro_is_listed_like_any_other() -> Result<()> {
    let registry = isolated().only::<Once>().with::<Parrot>().boot().await?;
    let listed = registry.get::<dyn Listed>()?;
    assert!(Arc::ptr_eq(listed.base(), &registry.get::<Base>()?));
    assert_eq!(listed.say(), "hello");
    registry.shutdown().await?;

    let registry = isolated().only::<Twice>().with::<Parrot>().boot().await?;
    assert_eq!(registry.get::<dyn Listed>()?.say(), "hello");
    let graph = registry.graph().to_string();
    assert!(graph.contains("Base"), "the names are those of the types:\n{graph}");
    registry.shutdown().await?;
    Ok(())
}

trait Source<T>: Send + Sync {}

macro_rules! unprovided {
    ($name:ident, $item:ty) => {
        #[service(autowire, when = never, requires = [dyn Source<$item>])]
        struct $name;
    };
}

/// The service would make every plan of this process unsound.
fn never() -> bool {
    false
}

unprovided!(Unprovided, Base);

#[test]
fn an_error_has_the_type_as_it_would_be_written() {
    let error = isolated().with::<Unprovided>().plan().expect_err("nothing provides it").to_string();
    assert!(error.contains("requires dyn Source<Base>, which no registered service provides"), "{error}");
}

/// Declares a service whose fields have types from outside.
macro_rules! wired {
    ($visibility:vis $name:ident { $base:ty, $inner:ty, $optional:ty, $object:ty, $count:ty = $start:expr }) => {
        #[service(lazy, autowire)]
        $visibility struct $name {
            base: $base,
            again: Arc<$inner>,
            optional: $optional,
            object: Option<Arc<$object>>,
            #[service(default = $start)]
            count: $count,
        }
    };
}

macro_rules! wired_twice {
    ($name:ident { $base:ty, $inner:ty, $optional:ty, $object:ty, $count:ty = $start:expr }) => {
        wired!($name { $base, $inner, $optional, $object, $count = $start });
    };
}

wired!(pub(crate) Wired { Arc<Base>, Base, Option<Arc<Parrot>>, dyn Voice, usize = 3 + 4 });
wired_twice!(WiredTwice { Arc<Base>, Base, Option<Arc<Parrot>>, dyn Voice, usize = 3 + 4 });

#[tokio::test]
async fn a_field_whose_type_comes_from_a_macro_is_injected() -> Result<()> {
    let registry = isolated().only::<Wired>().only::<WiredTwice>().with::<Parrot>().boot().await?;
    let (wired, twice, base) = (registry.get::<Wired>()?, registry.get::<WiredTwice>()?, registry.get::<Base>()?);
    for injected in [&wired.base, &wired.again, &twice.base, &twice.again] {
        assert!(Arc::ptr_eq(injected, &base), "the registry's instance, and not one of its own");
    }
    assert!(wired.optional.is_some() && twice.optional.is_some());
    assert_eq!(wired.object.as_ref().map(|voice| voice.say()), Some("hello"));
    assert_eq!(twice.object.as_ref().map(|voice| voice.say()), Some("hello"));
    assert_eq!((wired.count, twice.count), (7, 7));
    drop((wired, twice, base));
    registry.shutdown().await?;
    Ok(())
}

fn is_on() -> bool {
    true
}

/// Declares a service with everything else that can be said about one.
macro_rules! stated {
    ($name:ident, $when:path, $policy:expr, $text:literal, $time:literal, $attempts:literal, $tag:expr) => {
        #[service(
                                                                            lazy,
                                                                            autowire,
                                                                            when = $when,
                                                                            restart = $policy,
                                                                            name = $text,
                                                                            tags = [$tag],
                                                                            init_timeout = $time,
                                                                            drain_timeout = $time,
                                                                            health_timeout = $time,
                                                                            shutdown_timeout = $time,
                                                                            retry(attempts = $attempts, delay = $time)
                                                                        )]
        struct $name;

        #[guarded(wait = $time)]
        impl $name {
            pub async fn answer(&self) -> Result<u8, NotReady> {
                Ok(42)
            }
        }
    };
}

stated!(Stated, is_on, Restart::transient().quiet(ms(1)), "stated", "5s", 2, "outside");

#[tokio::test]
async fn every_argument_may_come_from_a_macro() -> Result<()> {
    let registry = isolated().only::<Stated>().boot().await?;
    assert!(registry.graph().to_string().starts_with("stated"), "{}", registry.graph());
    assert_eq!(registry.get::<Stated>()?.answer().await?, 42);
    registry.shutdown().await?;
    Ok(())
}

/// An item as one fragment.
macro_rules! item {
    ($item:item) => {
        #[service(lazy, autowire)]
        $item
    };
}

item! {
    struct Whole {
        base: Arc<Base>,
    }
}

#[tokio::test]
async fn a_whole_item_may_come_from_a_macro() -> Result<()> {
    let registry = isolated().only::<Whole>().boot().await?;
    assert!(Arc::ptr_eq(&registry.get::<Whole>()?.base, &registry.get::<Base>()?));
    registry.shutdown().await?;
    Ok(())
}

/// Writes a test for types from outside.
macro_rules! tested {
    ($name:ident, $service:ty, $shared:ty, $registry:ty, $object:ty, $value:expr, $output:ty) => {
        #[service_core::test(with = lazily, replace($object = $value), start_paused = true)]
        async fn $name(service: Arc<$service>, shared: $shared, registry: $registry) -> $output {
            assert!(Arc::ptr_eq(&service.base, &shared));
            assert_eq!(registry.get::<$object>()?.say(), "replaced");
            Ok(())
        }
    };
}

fn lazily(builder: service_core::Builder) -> service_core::Builder {
    builder.with::<Parrot>()
}

struct Replaced;

impl Voice for Replaced {
    fn say(&self) -> &'static str {
        "replaced"
    }
}

tested!(a_test_may_come_from_a_macro, Wired, Arc<Base>, Registry, dyn Voice, Arc::new(Replaced) as _, Result<()>);
