const _: [(); <dyn Mail as ::service_core::Shareable>::ASSERTED] = [];
pub struct Users {
    cache: Arc<Cache>,
}
#[allow(dead_code)]
impl Users {
    /**The instance of [`Users`] in the current registry, once it is ready.

# Errors

When it is not coming up, or does not within its budget.*/
    pub async fn service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        <Self as ::service_core::Service>::service().await
    }
    /**The instance of [`Users`] in the current registry, if it is ready now.

# Errors

When it is not ready.*/
    pub fn try_service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        <Self as ::service_core::Service>::try_service()
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::Service for Users {
    const FACTS: ::service_core::__private_v1::Descriptor = ::service_core::__private_v1::Descriptor {
        name: ::core::option::Option::Some("users"),
        dependencies: &[
            ::service_core::__private_v1::DeclaredDependency::on::<
                Cache,
            >(
                0usize,
                ::service_core::__private_v1::Bond::Requires,
                "Cache",
                ::core::option::Option::Some(
                    <Cache as ::service_core::Service>::DESCRIPTOR,
                ),
            ),
            ::service_core::__private_v1::DeclaredDependency::on::<
                dyn Mail,
            >(
                1usize,
                ::service_core::__private_v1::Bond::Requires,
                "dyn Mail",
                ::core::option::Option::None,
            ),
            ::service_core::__private_v1::DeclaredDependency::on::<
                metrics::Metrics,
            >(
                2usize,
                ::service_core::__private_v1::Bond::Wants,
                "metrics::Metrics",
                ::core::option::Option::Some(
                    <metrics::Metrics as ::service_core::Service>::DESCRIPTOR,
                ),
            ),
            ::service_core::__private_v1::DeclaredDependency::on::<
                Migrations,
            >(
                3usize,
                ::service_core::__private_v1::Bond::After,
                "Migrations",
                ::core::option::Option::Some(
                    <Migrations as ::service_core::Service>::DESCRIPTOR,
                ),
            ),
        ],
        provides: &[
            ::service_core::__private_v1::Provided::of::<
                dyn Directory,
            >(
                "dyn Directory",
                |__instance| <dyn Directory as ::service_core::Shareable>::cast::<
                    Users,
                >(__instance, |__it| __it),
            ),
        ],
        when: ::core::option::Option::Some(::service_core::__private_v1::When {
            text: "features::users",
            holds: features::users,
        }),
        budgets: ::service_core::__private_v1::Budgets {
            init: ::core::time::Duration::new(5u64, 0u32),
            drain: ::core::time::Duration::new(90u64, 0u32),
            shutdown: ::core::time::Duration::new(0u64, 250000000u32),
            ..::service_core::__private_v1::Budgets::DEFAULT
        },
        retry: ::service_core::__private_v1::Retry::new(
            5u32,
            ::core::time::Duration::new(0u64, 200000000u32),
            ::core::time::Duration::new(5u64, 0u32),
        ),
        restart: ::core::option::Option::Some(|| Restart::transient()),
        lazy: true,
        optional: true,
        ..::service_core::__private_v1::Descriptor::new(
            "Users",
            ::service_core::__private_v1::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
        )
    };
    const DESCRIPTOR: ::service_core::__private_v1::DescriptorRef = {
        static DESCRIPTOR: ::service_core::__private_v1::Descriptor = <Users as ::service_core::Service>::FACTS;
        ::service_core::__private_v1::DescriptorRef::of(&DESCRIPTOR)
    };
    const HOOKS: ::core::option::Option<::service_core::__private_v1::MakeHooks<Self>> = ::core::option::Option::Some(
        <Users as ::service_core::Lifecycle>::__hooks,
    );
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::HasTypeEntry for Users {
    fn type_entry() -> &'static ::service_core::__private_v1::TypeEntry<Self> {
        static ENTRY: ::service_core::__private_v1::TypeEntry<Users> = ::service_core::__private_v1::TypeEntry::new(
            ::service_core::__private_v1::SLOW_PATH,
        );
        &ENTRY
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<Cache> for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<dyn Mail> for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<metrics::Metrics> for Users {}
impl ::service_core::__private_v1::Requires<metrics::Metrics> for Users
where
    for<'any> metrics::Metrics: ::service_core::OnlyWanted<'any, Users>,
{}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<0usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<1usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<0usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<1usize>>
for Users {}
const _: fn() = || {
    #[allow(unused_imports)]
    use ::service_core::__private_v1::NotCloned as _;
    ::service_core::Instance::<Users>::clone();
};
const _: () = <Users as ::service_core::Service>::CHECKED.dependency(0usize);
const _: () = <Users as ::service_core::Service>::CHECKED.dependency(2usize);
const _: () = <Users as ::service_core::Service>::CHECKED.dependency(3usize);
::service_core::__private_v1::inventory::submit! {
    ::service_core::__private_v1::Entry::new(< Users as ::service_core::Service >
    ::declared)
}
