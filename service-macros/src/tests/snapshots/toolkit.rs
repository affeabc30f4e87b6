/// Docs.
pub async fn import<T: Read>(file: T) -> io::Result<u32> {
    #[allow(unused_imports)]
    use app::toolkit::attribute_v1::Infallible as _;
    app::toolkit::attribute_v1::operation(
            app::toolkit::Operation::new("import").domain("orders"),
            async move {
                #[allow(
                    unreachable_code,
                    unreachable_patterns,
                    clippy::all,
                    clippy::pedantic
                )]
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                    io::Result<u32>,
                >::None {
                    return __returned;
                }
                file.read()?;
                Ok(1)
            },
            |returned| {
                app::toolkit::attribute_v1::Returned::<io::Result<u32>>::new(returned)
                    .failure()
            },
        )
        .await
}
async fn fetch(page: u32, __parameter1: (u8, u8), c: &str) -> Result<Page, Error> {
    ::service_toolkit::attribute_v1::retried(
            "fetch",
            ::service_toolkit::RetryPolicy::multiplied(
                5,
                ::core::time::Duration::new(0u64, 20000000u32),
                2f64,
                ::core::time::Duration::new(10u64, 0u32),
            ),
            move || {
                let mut page = ::core::clone::Clone::clone(&page);
                let (a, b) = ::core::clone::Clone::clone(&__parameter1);
                let c = ::core::clone::Clone::clone(&c);
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                        Result<Page, Error>,
                    >::None {
                        return __returned;
                    }
                    page += 1;
                    Ok(get(page).await?)
                }
            },
            |error| error.is_busy(),
        )
        .await
}
async fn find(id: u32, name: &str) -> Option<User> {
    #[allow(unused_imports)]
    use ::service_toolkit::attribute_v1::PlainKind as _;
    let __key = (
        ::core::clone::Clone::clone(&id),
        ::std::borrow::ToOwned::to_owned(name),
    );
    ::service_toolkit::attribute_v1::cached_for_function(
            ::service_toolkit::attribute_v1::FunctionCache {
                caches: {
                    static CACHES: ::service_toolkit::attribute_v1::Caches = ::service_toolkit::attribute_v1::Caches::new();
                    &CACHES
                },
                instance: || {},
                max_size: 100,
                ttl: ::core::option::Option::Some(|value| ::service_toolkit::attribute_v1::ttl_of_option(
                    value,
                    ::core::time::Duration::new(300u64, 0u32),
                    ::core::time::Duration::new(1u64, 0u32),
                )),
            },
            ::service_toolkit::attribute_v1::Kind::<Option<User>>::new().kind(),
            __key,
            async move {
                #[allow(
                    unreachable_code,
                    unreachable_patterns,
                    clippy::all,
                    clippy::pedantic
                )]
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                    Option<User>,
                >::None {
                    return __returned;
                }
                load(id, name).await
            },
        )
        .await
}
async fn prices(day: Day) -> Result<Vec<u32>, Error> {
    ::service_toolkit::attribute_v1::contained_again(
            "prices",
            2,
            || {
                let day = ::core::clone::Clone::clone(&day);
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                        Result<Vec<u32>, Error>,
                    >::None {
                        return __returned;
                    }
                    load(day).await
                }
            },
            is_busy,
            ::service_toolkit::attribute_v1::Fallback::<
                Result<Vec<u32>, Error>,
            >::of(|| Vec::new()),
        )
        .await
}
