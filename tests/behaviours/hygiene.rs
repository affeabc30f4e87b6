//! Services in a module whose names are those of generated code.
#![allow(non_upper_case_globals, dead_code, clippy::upper_case_acronyms, reason = "the names are chosen to collide")]
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Restart, Result, guarded, service};
use tests::isolated;

const it: u8 = 1;
const cx: u8 = 2;
const instance: u8 = 3;
const refused: u8 = 4;
const entered: u8 = 5;
const returned: u8 = 6;
const callee: u8 = 7;
const future: u8 = 8;
const builder: u8 = 9;
const registry: u8 = 10;
const CHECKED: fn() -> bool = declare;
const METHOD: &str = "method";
const FACTS: u8 = 11;

struct Hidden;
struct Descriptor;
struct Service;
struct Some;
struct None;
struct Ok;

fn declare() -> bool {
    true
}

fn holds() -> Restart {
    Restart::transient()
}

trait Voice: Send + Sync {
    fn say(&self) -> u8;
}

#[service(lazy, autowire, when = declare, restart = holds(), provides = [dyn Voice])]
struct NODE {
    #[service(default = cx + it)]
    first: u8,
}

impl Voice for NODE {
    fn say(&self) -> u8 {
        self.first
    }
}

#[service(lazy, autowire, requires = [NODE], when = Self::is_on, restart = Self::policy())]
struct DESCRIPTOR {
    node: Arc<NODE>,
}

impl DESCRIPTOR {
    fn is_on() -> bool {
        CHECKED()
    }

    fn policy() -> Restart {
        holds()
    }
}

#[service(lazy, requires = [DESCRIPTOR, dyn Voice])]
struct HOME {
    descriptor: Arc<DESCRIPTOR>,
    voice: Arc<dyn Voice>,
}

impl Lifecycle for HOME {
    async fn init(context: &Context<Self>) -> Result<Self> {
        Result::Ok(Self { descriptor: context.get(), voice: context.get() })
    }
}

#[guarded]
impl HOME {
    pub async fn later(&self) -> Result<u8, NotReady> {
        Result::Ok(self.voice.say() + refused + returned)
    }

    pub fn now(&self) -> Result<usize, NotReady> {
        Result::Ok(METHOD.len() + usize::from(entered))
    }

    pub fn boxed(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<u8, NotReady>> + Send + '_>> {
        Box::pin(async { Result::Ok(callee + future) })
    }
}

#[service_core::test]
async fn names_of_generated_code_are_free_for_users(home: Arc<HOME>) -> Result<()> {
    assert_eq!(home.descriptor.node.first, 3);
    assert_eq!(home.later().await?, 13);
    assert_eq!(home.now()?, 11);
    assert_eq!(home.boxed().await?, 15);
    let of_its_own = isolated().only::<NODE>().plan()?;
    assert_eq!(of_its_own.to_string().lines().count(), 1);
    assert_eq!(builder + registry + instance, 22);
    Result::Ok(())
}
