//! An `init` that calls the services that its service requires, and methods that anybody may call at any time.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::Arc;

use service_core::{Context, Lifecycle, NotReady, Result, State, guarded, service};
use tests::{isolated, secs};
use tokio::time::sleep;

#[service(lazy)]
struct Numbers {
    first: u32,
}

impl Lifecycle for Numbers {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        sleep(secs(1)).await;
        Ok(Self { first: 7 })
    }
}

#[guarded]
impl Numbers {
    pub fn first(&self) -> Result<u32, NotReady> {
        Ok(self.first)
    }

    pub async fn next(number: u32) -> Result<u32, NotReady> {
        sleep(secs(1)).await;
        Ok(Self::after(number))
    }

    fn after(number: u32) -> u32 {
        number + 1
    }
}

impl Numbers {
    fn is_even(number: u32) -> bool {
        Self::after(number) % 2 == 1
    }

    fn sum_with(&self, other: u32) -> u32 {
        self.first + other
    }
}

/// The numbers that it got in its `init`.
#[service(lazy, requires = [Numbers])]
struct Sums {
    numbers: Arc<Numbers>,
    sum: u32,
}

impl Lifecycle for Sums {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let numbers: Arc<Numbers> = cx.get();
        let sum = numbers.first()? + Numbers::next(7).await?;
        Ok(Self { numbers, sum })
    }
}

#[tokio::test(start_paused = true)]
async fn an_init_calls_guarded_methods_of_what_its_service_requires() -> Result<()> {
    let registry = isolated().deny_undeclared().only::<Sums>().boot().await?;
    let sums = registry.get::<Sums>()?;
    assert_eq!((sums.sum, sums.numbers.first()?), (15, 7));
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_method_without_the_attribute_runs_in_every_state_and_starts_nothing() -> Result<()> {
    let registry = isolated().with::<Numbers>().boot().await?;
    let numbers = registry.get::<Numbers>()?;
    registry.shutdown().await?;
    assert_eq!(numbers.first().map_err(|refusal| refusal.state()), Err(State::Stopped));
    assert_eq!(numbers.sum_with(1), 8);

    let other = isolated().boot().await?;
    assert!(other.scope(async { Numbers::is_even(2) }).await);
    assert_eq!(other.state::<Numbers>(), State::Idle);
    other.scope(Numbers::next(7)).await?;
    assert_eq!(other.state::<Numbers>(), State::Ready);
    other.shutdown().await?;
    Ok(())
}
