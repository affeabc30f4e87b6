//! `#[cfg]` and `cfg_attr` in the lists of `#[service]` and on its fields. `any()` never holds, and `all()` always does.

use std::sync::Arc;

use service_core::{Result, service};
use tests::isolated;

trait Mail: Send + Sync {}

trait Fax: Send + Sync {}

#[service(autowire, lazy)]
struct Always {}

// The names in a removed member of a list need not exist.
#[service(
    autowire,
    lazy,
    requires = [#[cfg(any())] Removed, #[cfg(all())] Always],
    wants = [#[cfg_attr(all(), cfg(any()))] Removed],
    provides = [#[cfg(all())] dyn Mail, #[cfg(any())] dyn Removed],
    tags = [#[cfg(all())] "kept", #[cfg(any())] "removed"]
)]
struct Smtp {}

impl Mail for Smtp {}

// Only one of the two members is there.
#[service(autowire, lazy, requires = [#[cfg(all())] dyn Mail], wants = [#[cfg(any())] dyn Mail])]
struct Orders {}

#[service(autowire, lazy)]
struct Fields {
    #[cfg_attr(all(), cfg(any()))]
    removed: Arc<Removed>,
    #[cfg_attr(any(), cfg(any()))]
    kept: Arc<Always>,
    // No service provides it, but the default holds.
    #[cfg_attr(all(), service(default))]
    default: Option<Arc<dyn Fax>>,
    #[cfg_attr(any(), service(default = unreachable!("the condition does not hold")))]
    injected: Arc<dyn Mail>,
    #[cfg_attr(any(), service(default = 1))]
    #[cfg_attr(all(), service(default = 2), allow(dead_code))]
    second: usize,
}

#[tokio::test(start_paused = true)]
async fn conditions_decide_what_a_service_requires_and_provides() -> Result<()> {
    let registry = isolated().only::<Fields>().only::<Orders>().boot().await?;
    let fields = registry.get::<Fields>()?;
    assert_eq!((fields.default.is_none(), fields.second), (true, 2));
    let always = registry.get::<Always>()?;
    assert!(Arc::ptr_eq(&fields.kept, &always));
    let mail = registry.get::<dyn Mail>()?;
    assert!(Arc::ptr_eq(&fields.injected, &mail), "Smtp provides it");
    drop((fields, always, mail));
    registry.shutdown().await?;
    Ok(())
}
