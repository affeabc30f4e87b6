impl Users {
    pub async fn find(&self, id: i64) -> Result<User, Error> {
        ::service_core::__private::call(
                ::service_core::__private::This::at::<Self>(self),
                || <Self as ::service_core::Service>::way({
                    static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                        "find",
                        ::service_core::__private::Policy::WaitFor(
                            ::core::time::Duration::new(2u64, 0u32),
                        ),
                    );
                    &METHOD
                }),
                |refused| {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<
                        Result<User, Error>,
                    >::new(refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                },
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(returned) = ::core::option::Option::<
                        Result<User, Error>,
                    >::None {
                        return returned;
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
        let _entered = match <Self as ::service_core::Service>::enter(
            ::service_core::__private::This::at::<Self>(self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "count",
                    ::service_core::__private::Policy::Refuse,
                );
                &METHOD
            },
        ) {
            ::core::result::Result::Ok(entered) => entered,
            ::core::result::Result::Err(refused) => {
                return {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<Alias<u64>>::new(refused)
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
        ::service_core::__private::call(
                ::service_core::__private::Current,
                || <Self as ::service_core::Service>::way({
                    static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                        "none",
                        ::service_core::__private::Policy::WaitFor(
                            ::core::time::Duration::new(2u64, 0u32),
                        ),
                    );
                    &METHOD
                }),
                |refused| {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<usize>::new(refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                },
                async move {
                    #[allow(
                        unreachable_code,
                        unreachable_patterns,
                        clippy::all,
                        clippy::pedantic
                    )]
                    if let ::core::option::Option::Some(returned) = ::core::option::Option::<
                        usize,
                    >::None {
                        return returned;
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
        let _entered = match <Self as ::service_core::Service>::enter(
            ::service_core::__private::This::at::<Self>(self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "opaque",
                    ::service_core::__private::Policy::Refuse,
                );
                &METHOD
            },
        ) {
            ::core::result::Result::Ok(entered) => entered,
            ::core::result::Result::Err(refused) => {
                return ::service_core::__private::Panics::answer(
                    ::service_core::__private::Refused::<_>::new(refused),
                    ::service_core::FromNotReady::from_not_ready,
                );
            }
        };
        self.bytes.iter().copied()
    }
    pub fn later(self: Arc<Self>) -> impl Future<Output = Result<u8, Error>> {
        let callee = ::service_core::__private::This::at::<Self>(&self);
        let n = self.n;
        let future = async move { n };
        async move {
            ::service_core::__private::call(
                    callee,
                    || <Self as ::service_core::Service>::way({
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "later",
                            ::service_core::__private::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private::Panics as _;
                        ::service_core::__private::Refused::<
                            Result<u8, Error>,
                        >::new(refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { future.await },
                )
                .await
        }
    }
    pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + '_>> {
        let callee = ::service_core::__private::This::at::<Self>(self);
        let future = async { 5 };
        ::std::boxed::Box::pin(async move {
            ::service_core::__private::call(
                    callee,
                    || <Self as ::service_core::Service>::way({
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "boxed",
                            ::service_core::__private::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private::Panics as _;
                        ::service_core::__private::Refused::<
                            Result<u8, Error>,
                        >::new(refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { future.await },
                )
                .await
        })
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn early(&self) -> BoxFuture<'_, u8> {
        let callee = ::service_core::__private::This::at::<Self>(self);
        let future = (move || -> BoxFuture<'_, u8> {
            if self.is_empty() {
                return none();
            }
            some()
        })();
        ::std::boxed::Box::pin(async move {
            ::service_core::__private::call(
                    callee,
                    || <Self as ::service_core::Service>::way({
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "early",
                            ::service_core::__private::Policy::WaitFor(
                                ::core::time::Duration::new(2u64, 0u32),
                            ),
                        );
                        &METHOD
                    }),
                    |refused| {
                        #[allow(unused_imports)]
                        use ::service_core::__private::Panics as _;
                        ::service_core::__private::Refused::<u8>::new(refused)
                            .answer(::service_core::FromNotReady::from_not_ready)
                    },
                    async move { future.await },
                )
                .await
        })
    }
    fn own(&self) -> Result<()> {
        let _entered = match <Self as ::service_core::Service>::enter(
            ::service_core::__private::This::at::<Self>(self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "own",
                    ::service_core::__private::Policy::Refuse,
                );
                &METHOD
            },
        ) {
            ::core::result::Result::Ok(entered) => entered,
            ::core::result::Result::Err(refused) => {
                return {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<Result<()>>::new(refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                };
            }
        };
        Ok(())
    }
    fn private(&self) {}
}
