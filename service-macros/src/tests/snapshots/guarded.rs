impl Users {
    pub async fn find(&self, id: i64) -> Result<User, Error> {
        match ::service_core::__private::call::<
            Self,
            _,
        >(
                ::service_core::__private::Who::<Self>::at(&self),
                {
                    static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                        "find",
                    );
                    &METHOD
                },
                ::service_core::__private::Policy::WaitFor(
                    ::core::time::Duration::new(2u64, 0u32),
                ),
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
        {
            ::core::result::Result::Ok(returned) => returned,
            ::core::result::Result::Err(refused) => {
                #[allow(unused_imports)]
                use ::service_core::__private::Panics as _;
                ::service_core::__private::Refused::<Result<User, Error>>::new(refused)
                    .answer()
            }
        }
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn count(&self) -> Alias<u64> {
        let _entered = match ::service_core::__private::enter::<
            Self,
        >(
            ::service_core::__private::Who::<Self>::at(&self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "count",
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
                        .answer()
                };
            }
        };
        self.count.get()
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub async fn none() -> usize {
        match ::service_core::__private::call::<
            Self,
            _,
        >(
                ::service_core::__private::Who::<Self>::current(),
                {
                    static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                        "none",
                    );
                    &METHOD
                },
                ::service_core::__private::Policy::WaitFor(
                    ::core::time::Duration::new(2u64, 0u32),
                ),
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
        {
            ::core::result::Result::Ok(returned) => returned,
            ::core::result::Result::Err(refused) => {
                #[allow(unused_imports)]
                use ::service_core::__private::Panics as _;
                ::service_core::__private::Refused::<usize>::new(refused).answer()
            }
        }
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn opaque(&self) -> impl Iterator<Item = u8> + '_ {
        let _entered = match ::service_core::__private::enter::<
            Self,
        >(
            ::service_core::__private::Who::<Self>::at(&self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "opaque",
                );
                &METHOD
            },
        ) {
            ::core::result::Result::Ok(entered) => entered,
            ::core::result::Result::Err(refused) => {
                return ::service_core::__private::Panics::answer(
                    ::service_core::__private::Refused::<_>::new(refused),
                );
            }
        };
        self.bytes.iter().copied()
    }
    pub fn later(self: Arc<Self>) -> impl Future<Output = Result<u8, Error>> {
        let who = ::service_core::__private::Who::<Self>::at(&self);
        let n = self.n;
        let future = async move { n };
        async move {
            match ::service_core::__private::call::<
                Self,
                _,
            >(
                    who,
                    {
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "later",
                        );
                        &METHOD
                    },
                    ::service_core::__private::Policy::WaitFor(
                        ::core::time::Duration::new(2u64, 0u32),
                    ),
                    future,
                )
                .await
            {
                ::core::result::Result::Ok(returned) => returned,
                ::core::result::Result::Err(refused) => {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<Result<u8, Error>>::new(refused)
                        .answer()
                }
            }
        }
    }
    pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + '_>> {
        let who = ::service_core::__private::Who::<Self>::at(&self);
        let future = async { 5 };
        ::std::boxed::Box::pin(async move {
            match ::service_core::__private::call::<
                Self,
                _,
            >(
                    who,
                    {
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "boxed",
                        );
                        &METHOD
                    },
                    ::service_core::__private::Policy::WaitFor(
                        ::core::time::Duration::new(2u64, 0u32),
                    ),
                    future,
                )
                .await
            {
                ::core::result::Result::Ok(returned) => returned,
                ::core::result::Result::Err(refused) => {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<Result<u8, Error>>::new(refused)
                        .answer()
                }
            }
        })
    }
    /**

# Panics

When the call is refused, because the service is not ready.*/
    pub fn early(&self) -> BoxFuture<'_, u8> {
        let who = ::service_core::__private::Who::<Self>::at(&self);
        let future = (move || -> BoxFuture<'_, u8> {
            if self.is_empty() {
                return none();
            }
            some()
        })();
        ::std::boxed::Box::pin(async move {
            match ::service_core::__private::call::<
                Self,
                _,
            >(
                    who,
                    {
                        static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                            "early",
                        );
                        &METHOD
                    },
                    ::service_core::__private::Policy::WaitFor(
                        ::core::time::Duration::new(2u64, 0u32),
                    ),
                    future,
                )
                .await
            {
                ::core::result::Result::Ok(returned) => returned,
                ::core::result::Result::Err(refused) => {
                    #[allow(unused_imports)]
                    use ::service_core::__private::Panics as _;
                    ::service_core::__private::Refused::<u8>::new(refused).answer()
                }
            }
        })
    }
    fn own(&self) -> Result<()> {
        let _entered = match ::service_core::__private::enter::<
            Self,
        >(
            ::service_core::__private::Who::<Self>::at(&self),
            {
                static METHOD: ::service_core::__private::Method = ::service_core::__private::Method::new(
                    "own",
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
                        .answer()
                };
            }
        };
        Ok(())
    }
    fn private(&self) {}
}
