///Docs.
#[inline]
#[retry]
#[cached(cache = self.a)]
#[::service_toolkit::operation(__outermost, domain = "a")]
async fn find(&self) -> Result<u8, E> {
    a()
}
#[cached(cache = self.a)]
#[service_toolkit::operation(__outermost, domain = "a")]
async fn find(&self) -> Result<u8, E> {
    ::service_toolkit::attribute_v1::retried(
            "find",
            ::service_toolkit::RetryPolicy::multiplied(
                3,
                ::core::time::Duration::new(0u64, 100000000u32),
                2f64,
                ::core::time::Duration::new(10u64, 0u32),
            ),
            move || {
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                        Result<u8, E>,
                    >::None {
                        return __returned;
                    }
                    a()
                }
            },
            |_| true,
        )
        .await
}
impl Users {
    ///Docs.
    #[cached(cache = self.a)]
    #[inline]
    #[retry]
    #[app::core::guarded(refuse, crate = app::core)]
    async fn find(&self) -> Result<u8, E> {
        a()
    }
    ///Docs.
    #[cached(cache = self.a)]
    #[inline]
    #[retry]
    #[app::core::guarded(wait = "2000000000ns", crate = app::core)]
    pub async fn all(&self) -> Result<u8, E> {
        a()
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub async fn other(&self) {
        app::core::__private_v1::call(
                app::core::__private_v1::SelfAt::new::<Self>(self),
                || <Self as app::core::Service>::target({
                    static METHOD: app::core::__private_v1::Method = app::core::__private_v1::Method::new(
                        "other",
                        app::core::__private_v1::Policy::WaitFor(
                            ::core::time::Duration::new(2u64, 0u32),
                        ),
                    );
                    &METHOD
                }),
                |__refused| {
                    #[allow(unused_imports)]
                    use app::core::__private_v1::Panics as _;
                    app::core::__private_v1::Refused::<()>::new(__refused)
                        .answer(app::core::FromNotReady::from_not_ready)
                },
                async move {},
            )
            .await
    }
}
