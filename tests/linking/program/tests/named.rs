//! `Cargo.toml` lists `linking-plug`, and one line of code names it.

use linking_plug as _;
use linking_program::Speaker;
use service_core::{Registry, Result};

#[tokio::test]
async fn a_crate_that_the_code_names_registers_its_services() -> Result<()> {
    let registry = Registry::builder().isolated().boot().await?;
    assert_eq!(registry.graph().to_string().lines().count(), 2, "{}", registry.graph());
    assert_eq!(registry.get::<Speaker>()?.speak(), "hello");
    registry.shutdown().await?;
    Ok(())
}
