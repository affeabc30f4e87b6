//! Futures of the user that are large: they are stored once, and not copied through the stack again and again.

use service_core::{Context, Lifecycle, Result, service};
use tests::isolated;

const LARGE: usize = 1 << 20;

#[service(lazy)]
struct Large {
    sum: usize,
}

impl Lifecycle for Large {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        // A part of the future, because it lives across an `await`.
        let mut bytes = [1_u8; LARGE];
        tokio::task::yield_now().await;
        bytes[0] = 2;
        Ok(Self { sum: bytes.iter().map(|&byte| usize::from(byte)).sum() })
    }
}

/// A thread of tokio has a stack of two megabytes, and without optimisation a value is copied wherever it is moved.
#[tokio::test(flavor = "multi_thread")]
async fn an_init_whose_future_has_a_megabyte_runs() -> Result<()> {
    let registry = isolated().with::<Large>().boot().await?;
    assert_eq!(registry.get::<Large>()?.sum, LARGE + 1);
    registry.shutdown().await?;
    Ok(())
}
