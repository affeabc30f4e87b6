struct Pool;
#[allow(dead_code)]
impl Pool {
    /**The instance of [`Pool`] in the current registry, once it is ready.

# Errors

When it is not coming up, or does not within its budget.*/
    async fn service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        <Self as ::service_core::Service>::service().await
    }
    /**The instance of [`Pool`] in the current registry, if it is ready now.

# Errors

When it is not ready.*/
    fn try_service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        <Self as ::service_core::Service>::try_service()
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::Service for Pool {
    const FACTS: ::service_core::__private_v1::Descriptor = ::service_core::__private_v1::Descriptor {
        dependencies: &[
            ::service_core::__private_v1::DeclaredDependency::on::<
                Db,
            >(
                0usize,
                ::service_core::__private_v1::Bond::Requires,
                "Db",
                ::core::option::Option::Some(<Db as ::service_core::Service>::DESCRIPTOR),
            ),
        ],
        retry: ::service_core::__private_v1::Retry::new(
            2u32,
            ::core::time::Duration::new(0u64, 100000000u32),
            ::core::time::Duration::new(10u64, 0u32),
        ),
        given: true,
        ..::service_core::__private_v1::Descriptor::new(
            "Pool",
            ::service_core::__private_v1::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
        )
    };
    const DESCRIPTOR: ::service_core::__private_v1::DescriptorRef = {
        static DESCRIPTOR: ::service_core::__private_v1::Descriptor = <Pool as ::service_core::Service>::FACTS;
        ::service_core::__private_v1::DescriptorRef::of(&DESCRIPTOR)
    };
    const HOOKS: ::core::option::Option<::service_core::__private_v1::MakeHooks<Self>> = {
        #[allow(unused_imports)]
        use ::service_core::__private_v1::WithoutLifecycle as _;
        ::service_core::__private_v1::GivenHooks::<Pool>::HOOKS
    };
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::HasTypeEntry for Pool {
    fn type_entry() -> &'static ::service_core::__private_v1::TypeEntry<Self> {
        static ENTRY: ::service_core::__private_v1::TypeEntry<Pool> = ::service_core::__private_v1::TypeEntry::new(
            ::service_core::__private_v1::SLOW_PATH,
        );
        &ENTRY
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<Db> for Pool {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<0usize>>
for Pool {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<1usize>>
for Pool {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<0usize>>
for Pool {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<1usize>>
for Pool {}
const _: () = <Pool as ::service_core::HasHooks>::ASSERTED;
const _: () = <Pool as ::service_core::HasHooks>::ASSERTED;
const _: fn() = || {
    #[allow(unused_imports)]
    use ::service_core::__private_v1::NotCloned as _;
    ::service_core::Instance::<Pool>::clone();
};
const _: () = <Pool as ::service_core::Service>::CHECKED.dependency(0usize);
::service_core::__private_v1::inventory::submit! {
    ::service_core::__private_v1::Entry::new(< Pool as ::service_core::Service >
    ::declared)
}
