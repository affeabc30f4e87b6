impl Users {
    pub async fn count(&self) -> Result<u64, NotReady> {
        ::service_core::__private_v1::call(
                ::service_core::__private_v1::SelfAt::new::<Self>(self),
                || <Self as ::service_core::Service>::target({
                    static METHOD: ::service_core::__private_v1::Method = ::service_core::__private_v1::Method::new(
                        "count",
                        ::service_core::__private_v1::Policy::Wait,
                    );
                    &METHOD
                }),
                |__refused| {
                    #[allow(unused_imports)]
                    use ::service_core::__private_v1::Panics as _;
                    ::service_core::__private_v1::Refused::<
                        Result<u64, NotReady>,
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
                        Result<u64, NotReady>,
                    >::None {
                        return __returned;
                    }
                    Ok(self.count)
                },
            )
            .await
    }
}
