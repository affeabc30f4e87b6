#[should_panic]
#[::core::prelude::v1::test]
fn finds() -> Result<()> {
    ::service_core::__private_v1::Trial::new()
        .worker_threads(4)
        .run(
            async |
                __builder: ::service_core::Builder,
                __fakes: &mut ::service_core::__private_v1::Fakes,
            | -> ::service_core::Result<::service_core::Builder> {
                let __builder = __builder.replace::<Db>(Db::fake().await?);
                let __builder = {
                    let __fake = Arc::new(Fake);
                    __fakes.keep::<dyn Mail, _>(&__fake);
                    __builder.replace_dyn::<dyn Mail>(__fake)
                };
                let __builder = __builder.give(Settings::test());
                let __builder = fixture(__builder);
                let __builder = __fakes.only::<Users>(__builder);
                ::core::result::Result::Ok(__builder)
            },
            |
                __registry: ::service_core::Registry,
                __fakes: ::service_core::__private_v1::Fakes|
            async move {
                let users: Arc<Users> = __fakes.argument::<Users>(&__registry).await;
                let mut registry: Registry = ::core::clone::Clone::clone(&__registry);
                ::core::mem::drop((__registry, __fakes));
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
