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
    const NODE: ::service_core::__private::NodeRef = {
        static NODE: ::service_core::__private::Node = ::service_core::__private::Node::new(
            "Cache",
            ::service_core::__private::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
            &[
                (0usize, "requires", <crate::Db as ::service_core::Service>::NODE),
                (2usize, "wants", <Metrics as ::service_core::Service>::NODE),
                #[cfg(feature = "x")]
                (3usize, "requires", <X as ::service_core::Service>::NODE),
            ],
        );
        ::service_core::__private::NodeRef::of(&NODE)
    };
    fn definition() -> ::service_core::__private::Definition {
        let declare = ::service_core::__private::Declare::<
            Cache,
        >::new(
            "Cache",
            ::service_core::__private::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
        );
        let declare = declare.requires::<crate::Db>("crate::Db");
        let declare = declare.requires::<dyn Mail>("dyn Mail");
        let declare = declare.wants::<Metrics>("Metrics");
        #[cfg(feature = "x")]
        let declare = declare.requires::<X>("X");
        <Cache as ::service_core::Lifecycle>::managed(declare)
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Homed for Cache {
    fn home() -> &'static ::service_core::__private::Home<Self> {
        static HOME: ::service_core::__private::Home<Cache> = ::service_core::__private::Home::new();
        &HOME
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<crate::Db> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<dyn Mail> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<Metrics> for Cache {}
#[cfg(feature = "x")]
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<X> for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<::service_core::__private::Hidden<0usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<::service_core::__private::Hidden<1usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<::service_core::__private::Hidden<0usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<::service_core::__private::Hidden<1usize>>
for Cache {}
#[diagnostic::do_not_recommend]
impl ::service_core::Lifecycle for Cache {
    async fn init(cx: &::service_core::Context<Self>) -> ::service_core::Result<Self> {
        ::core::result::Result::Ok({
            let _ = cx;
            Self {
                db: cx.get::<Db>(),
                metrics: cx.get_opt::<Metrics>(),
                mail: ::core::option::Option::Some(cx.get::<dyn Mail>()),
                hits: ::core::default::Default::default(),
                capacity: 1024,
                names: ::core::default::Default::default(),
                #[cfg(feature = "x")]
                x: cx.get::<X>(),
            }
        })
    }
}
const _: fn() = || {
    #[allow(unused_imports)]
    use ::service_core::__private::NotCloned as _;
    ::service_core::Instance::<Cache>::clone();
};
const _: () = {
    const CHECKED: ::service_core::__private::Checked = ::service_core::__private::check(
        <Cache as ::service_core::Service>::NODE,
    );
    CHECKED.dependency(0usize);
    CHECKED.dependency(2usize);
    #[cfg(feature = "x")] CHECKED.dependency(3usize);
};
::service_core::__private::inventory::submit! {
    ::service_core::__private::Entry::of:: < Cache > ()
}
