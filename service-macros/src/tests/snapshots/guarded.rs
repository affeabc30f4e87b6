impl Users {
    pub async fn find(&self, id: i64) -> Result<User, Error> {
        ::service_core::__private_v1::call(
                ::service_core::__private_v1::SelfAt::new::<Self>(self),
                || <Self as ::service_core::Service>::target({
                    static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                        "find",
                        ::service_core::__private_v1::Policy::WaitFor(
                            ::core::time::Duration::new(2u64, 0u32),
                        ),
                    );
                    &METHOD
                }),
                |__refused| {
                    #[allow(unused_imports)]
                    use ::service_core::__private_v1::Panics as _;
                    ::service_core::__private_v1::Refused::<
                        Result<User, Error>,
                    >::new(__refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                },
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                        Result<User, Error>,
                    >::None {
                        return __returned;
                    }
                    self.rows(id).await?.one()
                },
            )
            .await
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn count(&self) -> Alias<u64> {
        let __call = match <Self as ::service_core::Service>::target({
                static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                    "count",
                    ::service_core::__private_v1::Policy::Refuse,
                );
                &METHOD
            })
            .enter(::service_core::__private_v1::SelfAt::new::<Self>(self))
        {
            ::core::result::Result::Ok(__call) => __call,
            ::core::result::Result::Err(__refused) => {
                return {
                    #[allow(unused_imports)]
                    use ::service_core::__private_v1::Panics as _;
                    ::service_core::__private_v1::Refused::<Alias<u64>>::new(__refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                };
            }
        };
        self.count.get()
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub async fn none() -> usize {
        ::service_core::__private_v1::call(
                ::service_core::__private_v1::CurrentInstance,
                || <Self as ::service_core::Service>::target({
                    static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                        "none",
                        ::service_core::__private_v1::Policy::WaitFor(
                            ::core::time::Duration::new(2u64, 0u32),
                        ),
                    );
                    &METHOD
                }),
                |__refused| {
                    #[allow(unused_imports)]
                    use ::service_core::__private_v1::Panics as _;
                    ::service_core::__private_v1::Refused::<usize>::new(__refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                },
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(__returned) = ::core::option::Option::<
                        usize,
                    >::None {
                        return __returned;
                    }
                    5
                },
            )
            .await
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn opaque(&self) -> impl Iterator<Item = u8> + '_ {
        let __call = match <Self as ::service_core::Service>::target({
                static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                    "opaque",
                    ::service_core::__private_v1::Policy::Refuse,
                );
                &METHOD
            })
            .enter(::service_core::__private_v1::SelfAt::new::<Self>(self))
        {
            ::core::result::Result::Ok(__call) => __call,
            ::core::result::Result::Err(__refused) => {
                return ::service_core::__private_v1::Panics::answer(
                    ::service_core::__private_v1::Refused::<_>::new(__refused),
                    ::service_core::FromNotReady::from_not_ready,
                );
            }
        };
        self.bytes.iter().copied()
    }
    pub fn later(self: Arc<Self>) -> impl Future<Output = Result<u8, Error>> {
        let __callee = ::service_core::__private_v1::SelfAt::new::<Self>(&self);
        let n = self.n;
        let __future = async move { n };
        async move {
            ::service_core::__private_v1::call(
                    __callee,
                    || <Self as ::service_core::Service>::target({
                        static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                            "later",
                            ::service_core::__private_v1::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |__refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private_v1::Panics as _;
                        ::service_core::__private_v1::Refused::<
                            Result<u8, Error>,
                        >::new(__refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { __future.await },
                )
                .await
        }
    }
    pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + '_>> {
        let __callee = ::service_core::__private_v1::SelfAt::new::<Self>(self);
        let __future = async { 5 };
        ::std::boxed::Box::pin(async move {
            ::service_core::__private_v1::call(
                    __callee,
                    || <Self as ::service_core::Service>::target({
                        static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                            "boxed",
                            ::service_core::__private_v1::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |__refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private_v1::Panics as _;
                        ::service_core::__private_v1::Refused::<
                            Result<u8, Error>,
                        >::new(__refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { __future.await },
                )
                .await
        })
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn early(&self) -> BoxFuture<'_, u8> {
        let __callee = ::service_core::__private_v1::SelfAt::new::<Self>(self);
        let __future = (move || -> BoxFuture<'_, u8> {
            if self.is_empty() {
                return none();
            }
            some()
        })();
        ::std::boxed::Box::pin(async move {
            ::service_core::__private_v1::call(
                    __callee,
                    || <Self as ::service_core::Service>::target({
                        static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                            "early",
                            ::service_core::__private_v1::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |__refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private_v1::Panics as _;
                        ::service_core::__private_v1::Refused::<u8>::new(__refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { __future.await },
                )
                .await
        })
    }
    fn own(&self) -> Result<()> {
        let __call = match <Self as ::service_core::Service>::target({
                static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                    "own",
                    ::service_core::__private_v1::Policy::Refuse,
                );
                &METHOD
            })
            .enter(::service_core::__private_v1::SelfAt::new::<Self>(self))
        {
            ::core::result::Result::Ok(__call) => __call,
            ::core::result::Result::Err(__refused) => {
                return {
                    #[allow(unused_imports)]
                    use ::service_core::__private_v1::Panics as _;
                    ::service_core::__private_v1::Refused::<Result<()>>::new(__refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                };
            }
        };
        Ok(())
    }
    fn private(&self) {}
}
