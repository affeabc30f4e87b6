impl Users {
    pub fn count(&self) -> Result<u64, NotReady> {
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
                    ::service_core::__private_v1::Refused::<
                        Result<u64, NotReady>,
                    >::new(__refused)
                        .answer(::service_core::FromNotReady::from_not_ready)
                };
            }
        };
        Ok(self.count)
    }
}
