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
    const NODE: ::service_core::__private::NodeRef = {
        static NODE: ::service_core::__private::Node = ::service_core::__private::Node::new(
            "Users",
            ::service_core::__private::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
            &[
                (0usize, "requires", <Cache as ::service_core::Service>::NODE),
                (2usize, "wants", <metrics::Metrics as ::service_core::Service>::NODE),
                (3usize, "comes after", <Migrations as ::service_core::Service>::NODE),
            ],
        );
        ::service_core::__private::NodeRef::of(&NODE)
    };
    fn definition() -> ::service_core::__private::Definition {
        let declare = ::service_core::__private::Declare::<
            Users,
        >::new(
            "Users",
            ::service_core::__private::Location::new(
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            ),
        );
        let declare = declare.name("users");
        let declare = declare.requires::<Cache>("Cache");
        let declare = declare.requires::<dyn Mail>("dyn Mail");
        let declare = declare.wants::<metrics::Metrics>("metrics::Metrics");
        let declare = declare.after::<Migrations>("Migrations");
        let declare = declare.provides::<dyn Directory>("dyn Directory", |it| it);
        let declare = declare.lazy();
        let declare = declare.optional();
        let holds: fn() -> bool = features::users;
        let declare = declare.when("features::users", holds);
        let declare = declare.init_timeout(::core::time::Duration::new(5u64, 0u32));
        let declare = declare.drain_timeout(::core::time::Duration::new(90u64, 0u32));
        let declare = declare
            .shutdown_timeout(::core::time::Duration::new(0u64, 250000000u32));
        let declare = declare
            .retry(
                ::service_core::__private::Retry::new(
                    5u32,
                    ::core::time::Duration::new(0u64, 200000000u32),
                    ::core::time::Duration::new(5u64, 0u32),
                ),
            );
        let restart: ::service_core::Restart = Restart::transient();
        let declare = declare.restart(restart);
        <Users as ::service_core::Lifecycle>::managed(declare)
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Homed for Users {
    fn home() -> &'static ::service_core::__private::Home<Self> {
        static HOME: ::service_core::__private::Home<Users> = ::service_core::__private::Home::new();
        &HOME
    }
}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<Cache> for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<dyn Mail> for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<metrics::Metrics> for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<::service_core::__private::Hidden<0usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Requires<::service_core::__private::Hidden<1usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<::service_core::__private::Hidden<0usize>>
for Users {}
#[diagnostic::do_not_recommend]
impl ::service_core::__private::Wants<::service_core::__private::Hidden<1usize>>
for Users {}
const _: fn() = || {
    #[allow(unused_imports)]
    use ::service_core::__private::NotCloned as _;
    ::service_core::Instance::<Users>::clone();
};
const _: () = {
    const CHECKED: ::service_core::__private::Checked = ::service_core::__private::check(
        <Users as ::service_core::Service>::NODE,
    );
    CHECKED.dependency(0usize);
    CHECKED.dependency(2usize);
    CHECKED.dependency(3usize);
};
::service_core::__private::inventory::submit! {
    ::service_core::__private::Entry::of:: < Users > ()
}
