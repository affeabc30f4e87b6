//! Every kind of generated code, with service-core under another name.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Context, Lifecycle, NotReady, Registry, Result, State, guarded, service};

trait Voice: Send + Sync {
    fn say(&self) -> &'static str;
}

#[service(crate = kernel, given)]
struct Settings {
    greeting: &'static str,
}

#[service(crate = kernel, autowire, provides = [dyn Voice])]
struct Parrot {
    settings: Arc<Settings>,
}

impl Voice for Parrot {
    fn say(&self) -> &'static str {
        self.settings.greeting
    }
}

#[service(crate = kernel, autowire(fn), requires = [dyn Voice], wants = [Parrot], after = [Settings])]
struct Speaker {
    voice: Arc<dyn Voice>,
    parrot: Option<Arc<Parrot>>,
}

impl Lifecycle for Speaker {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        Ok(Self::autowire(cx))
    }
}

fn is_on() -> bool {
    true
}

#[service(
    crate = kernel,
    requires = [Speaker],
    name = "echo",
    optional,
    when = is_on,
    init_timeout = "5s",
    retry(attempts = 2),
    restart,
    tags = ["sound"],
)]
struct Echo;

impl Lifecycle for Echo {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let speaker = cx.get::<Speaker>();
        assert!(speaker.parrot.is_some());
        assert_eq!(speaker.voice.say(), "hello");
        Ok(Self)
    }
}

type Done = Result<u8, NotReady>;

#[guarded(crate = kernel)]
impl Echo {
    pub fn sync(&self) -> Done {
        Ok(1)
    }

    #[guarded(refuse)]
    async fn own_attribute(&self) -> Done {
        Ok(2)
    }

    pub async fn without_a_receiver() -> Done {
        Ok(3)
    }

    pub fn opaque(&self) -> impl Iterator<Item = u8> + use<> {
        [4].into_iter()
    }

    pub fn future(self: Arc<Self>) -> impl Future<Output = Done> + Send {
        async { Ok(5) }
    }

    pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Done> + Send + '_>> {
        Box::pin(async { Ok(6) })
    }
}

impl Echo {
    #[guarded(crate = kernel, wait = "1s")]
    async fn alone(&self) -> Done {
        Ok(7)
    }
}

#[async_trait]
trait Job {
    async fn run(&self) -> Done;
}

#[guarded(crate = kernel)]
#[async_trait]
impl Job for Echo {
    async fn run(&self) -> Done {
        Ok(8)
    }
}

#[async_trait]
#[guarded(crate = kernel)]
impl Job for Speaker {
    async fn run(&self) -> Done {
        Ok(9)
    }
}

#[kernel::test(crate = kernel, give(Settings { greeting: "hello" }))]
async fn every_macro_works_with_a_renamed_service_core(
    echo: Arc<Echo>,
    speaker: Arc<Speaker>,
    registry: Registry,
) -> Result<()> {
    assert_eq!(echo.sync()?, 1);
    assert_eq!(echo.own_attribute().await?, 2);
    assert_eq!(Echo::without_a_receiver().await?, 3);
    assert_eq!(echo.opaque().next(), Some(4));
    assert_eq!(echo.clone().future().await?, 5);
    assert_eq!(echo.boxed().await?, 6);
    assert_eq!(echo.alone().await?, 7);
    assert_eq!(echo.run().await?, 8);
    assert_eq!(speaker.run().await?, 9);
    assert!(registry.graph().to_string().starts_with("echo"), "{}", registry.graph());
    drop(speaker);
    registry.shutdown().await?;
    assert_eq!(echo.sync().map_err(|refusal| refusal.state()), Err(State::Stopped));
    Ok(())
}
