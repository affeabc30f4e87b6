#[should_panic]
#[::core::prelude::v1::test]
fn finds() -> Result<()> {
    ::service_core::__private::Trial::new()
        .worker_threads(4)
        .run(
            async |
                builder: ::service_core::Builder,
            | -> ::service_core::Result<::service_core::Builder> {
                let builder = builder.only::<Users>();
                let builder = builder.replace::<Db>(Db::fake().await?);
                let builder = builder.replace_dyn::<dyn Mail>(Arc::new(Fake));
                let builder = builder.give(Settings::test());
                let builder = fixture(builder);
                ::core::result::Result::Ok(builder)
            },
            |registry: ::service_core::Registry| async move {
                let users: Arc<Users> = ::service_core::__private::argument::<
                    Users,
                >(&registry)
                    .await;
                let mut registry: Registry = ::core::clone::Clone::clone(&registry);
                ::core::mem::drop(registry);
                #[allow(
                    unreachable_code,
                    unreachable_patterns,
                    clippy::all,
                    clippy::pedantic
                )]
                if let ::core::option::Option::Some(returned) = ::core::option::Option::<
                    Result<()>,
                >::None {
                    return returned;
                }
                Ok(())
            },
        )
}
