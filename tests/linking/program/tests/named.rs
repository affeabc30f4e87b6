//! `linking-plug` is in `Cargo.toml`, and one line names it.

use linking_plug as _;
use linking_program::Speaker;
use service_core::{Registry, Result};

#[tokio::test]
async fn a_crate_that_is_named_brings_its_services() -> Result<()> {
    let registry = Registry::builder().isolated().boot().await?;
    assert_eq!(registry.graph().to_string().lines().count(), 2, "{}", registry.graph());
    assert_eq!(registry.get::<Speaker>()?.speak(), "hello");
    registry.shutdown().await?;
    Ok(())
}
