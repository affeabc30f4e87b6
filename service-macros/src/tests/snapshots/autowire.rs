const _: [(); <dyn Mail as ::service_core::Shareable>::ASSERTED] = [];
struct Cache {
    db: std::sync::Arc<Db>,
    metrics: Option<Arc<Metrics>>,
    mail: Option<Arc<dyn Mail>>,
    hits: AtomicU64,
    capacity: usize,
    names: Arc<Names>,
    #[cfg(feature = "x")]
    x: Arc<X>,
}
#[allow(dead_code)]
impl Cache {
    /**The instance of [`Cache`] in the current registry, once it is ready.

# Errors

When it is not coming up, or does not within its budget.*/
    async fn service() -> ::core::result::Result<
        ::std::sync::Arc<Self>,
        ::service_core::NotReady,
    > {
        <Self as ::service_core::Service>::service().await
    }
    /**The instance of [`Cache`] in the current registry, if it is ready now.

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
impl ::service_core::Service for Cache {
    const FACTS: ::service_core::__private_v1::Descriptor = ::service_core::__private_v1::Descriptor {
        dependencies: &[
            ::service_core::__private_v1::DeclaredDependency::on::<
                crate::Db,
            >(
                0usize,
                ::service_core::__private_v1::Bond::Requires,
                "crate::Db",
                ::core::option::Option::Some(
                    <crate::Db as ::service_core::Service>::DESCRIPTOR,
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
                Metrics,
            >(
                2usize,
                ::service_core::__private_v1::Bond::Wants,
                "Metrics",
                ::core::option::Option::Some(
                    <Metrics as ::service_core::Injectable>::DESCRIPTOR,
                ),
            ),
            #[cfg(feature = "x")]
            ::service_core::__private_v1::DeclaredDependency::on::<
                X,
            >(
                3usize,
                ::service_core::__private_v1::Bond::Requires,
                "X",
                ::core::option::Option::Some(
                    <X as ::service_core::Injectable>::DESCRIPTOR,
                ),
            ),
        ],
        ..::service_core::__private_v1::Descriptor::new(
            "Cache",
            ::service_core::__private_v1::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
        )
    };
    const DESCRIPTOR: ::service_core::__private_v1::DescriptorRef = {
        static DESCRIPTOR: ::service_core::__private_v1::Descriptor = <Cache as ::service_core::Service>::FACTS;
        ::service_core::__private_v1::DescriptorRef::of(&DESCRIPTOR)
    };
    const HOOKS: ::core::option::Option<::service_core::__private_v1::MakeHooks<Self>> = ::core::option::Option::Some(
        <Cache as ::service_core::Lifecycle>::__hooks,
    );
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::HasTypeEntry for Cache {
    fn type_entry() -> &'static ::service_core::__private_v1::TypeEntry<Self> {
        static ENTRY: ::service_core::__private_v1::TypeEntry<Cache> = ::service_core::__private_v1::TypeEntry::new(
            ::service_core::__private_v1::SLOW_PATH,
        );
        &ENTRY
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<crate::Db> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<dyn Mail> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<Metrics> for Cache {}
impl ::service_core::__private_v1::Requires<Metrics> for Cache
where
    for<'any> Metrics: ::service_core::OnlyWanted<'any, Cache>,
{}
#[cfg(feature = "x")]
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<X> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<0usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Requires<::service_core::__private_v1::Hidden<1usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<0usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private_v1::Wants<::service_core::__private_v1::Hidden<1usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::Lifecycle for Cache {
    async fn init(__cx: &::service_core::Context<Self>) -> ::service_core::Result<Self> {
        ::core::result::Result::Ok({
            let _ = __cx;
            Self {
                db: __cx.get::<Db>(),
                metrics: __cx.get_opt::<Metrics>(),
                mail: ::core::option::Option::Some(__cx.get::<dyn Mail>()),
                hits: ::service_core::FieldDefault::field_default(),
                capacity: 1024,
                names: ::service_core::FieldDefault::field_default(),
                #[cfg(feature = "x")]
                x: __cx.get::<X>(),
            }
        })
    }
}
const _: fn() = || {
    #[allow(unused_imports)]
    use ::service_core::__private_v1::NotCloned as _;
    ::service_core::Instance::<Cache>::clone();
};
const _: () = <Cache as ::service_core::Service>::CHECKED.dependency(0usize);
const _: () = <Cache as ::service_core::Service>::CHECKED.dependency(2usize);
#[cfg(feature = "x")]
const _: () = <Cache as ::service_core::Service>::CHECKED.dependency(3usize);
::service_core::__private_v1::inventory::submit! {
    ::service_core::__private_v1::Entry::new(< Cache as ::service_core::Service >
    ::declared)
}
