//! service-core is used through a crate that re-exports it: by a path, and by a macro of that crate.

use std::sync::Arc;

use linking_facade::answering;
use linking_facade::core::{Registry, Result};

mod inner {
    //! The path is resolved in this module.

    use linking_facade::core;

    #[core::service(crate = core, autowire)]
    pub(super) struct Base;
}

answering!(Deep, 42);

#[linking_facade::core::service(crate = ::linking_facade::core, autowire)]
struct Top {
    deep: Arc<Deep>,
    base: Arc<inner::Base>,
}

#[linking_facade::core::test(crate = linking_facade::core)]
async fn services_work_through_a_crate_that_re_exports_service_core(top: Arc<Top>, registry: Registry) -> Result<()> {
    assert_eq!(top.deep.answer().await?, 42);
    assert!(Arc::ptr_eq(&top.base, &registry.get::<inner::Base>()?));
    Ok(())
}
