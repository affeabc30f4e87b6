//! A crate with a private service. The service is registered in every program that links the crate.

mod parrot {
    //! A service in a private module.

    use linking_port::Voice;
    use service_core::{Context, Lifecycle, Result, service};

    #[service(provides = [dyn Voice])]
    struct Parrot;

    impl Lifecycle for Parrot {
        async fn init(_cx: &Context<Self>) -> Result<Self> {
            Ok(Self)
        }
    }

    impl Voice for Parrot {
        fn say(&self) -> &'static str {
            "hello"
        }
    }
}
