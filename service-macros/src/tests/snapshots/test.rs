#[should_panic]
#[::core::prelude::v1::test]
fn finds() -> Result<()> {
    ::service_core::__private_v1::Trial::new()
        .worker_threads(4)
        .run(
            async |
                __builder: ::service_core::Builder,
            | -> ::service_core::Result<::service_core::Builder> {
                let __builder = __builder.only::<Users>();
                let __builder = __builder.replace::<Db>(Db::fake().await?);
                let __builder = __builder.replace_dyn::<dyn Mail>(Arc::new(Fake));
                let __builder = __builder.give(Settings::test());
                let __builder = fixture(__builder);
                ::core::result::Result::Ok(__builder)
            },
            |__registry: ::service_core::Registry| async move {
                let users: Arc<Users> = ::service_core::__private_v1::argument::<
                    Users,
                >(&__registry)
                    .await;
                let mut registry: Registry = ::core::clone::Clone::clone(&__registry);
                ::core::mem::drop(__registry);
                #[allow(
                    unreachable_code,
                    unreachable_patterns,
                    clippy::all,
                    clippy::pedantic
                )]
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                    Result<()>,
                >::None {
                    return __returned;
                }
                Ok(())
            },
        )
}
