struct Cache {
    db: Arc<Db>,
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
            &[(0usize, "requires", <Db as ::service_core::Service>::NODE)],
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
        let declare = declare.requires::<Db>("Db");
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
impl ::service_core::__private::Requires<Db> for Cache {}
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
impl Cache {
    /// The service, each field injected or by its default.
    fn autowire(cx: &::service_core::Context<Self>) -> Self {
        let _ = cx;
        Self { db: cx.get::<Db>() }
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
};
::service_core::__private::inventory::submit! {
    ::service_core::__private::Entry::of:: < Cache > ()
}
