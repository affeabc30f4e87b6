pub struct Users {
    db: Arc<Db>,
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
impl ::service_core::__private_v1::Requires<Db> for Users {}
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
::service_core::__private_v1::inventory::submit! {
    ::service_core::__private_v1::Entry::new(< Users as ::service_core::Service >
    ::declared)
}
