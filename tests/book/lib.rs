//! The book, the README and the manuals of the macros: every block of Rust in them is an example here, compiled and run by `cargo test`.

macro_rules! pages {
    ($($page:ident = $path:literal;)*) => {
        $(
            #[doc = include_str!($path)]
            #[allow(dead_code)]
            mod $page {}
        )*
    };
}

pages! {
    readme = "../../README.md";
    getting_started = "../../docs/getting-started.md";
    services_and_dependencies = "../../docs/services-and-dependencies.md";
    boot_and_shutdown = "../../docs/boot-and-shutdown.md";
    guarded_calls = "../../docs/guarded-calls.md";
    long_running = "../../docs/long-running.md";
    deployment = "../../docs/deployment.md";
    http = "../../docs/http.md";
    testing = "../../docs/testing.md";
    linking = "../../docs/linking.md";
    service = "../../service-macros/docs/service.md";
    guarded = "../../service-macros/docs/guarded.md";
    test = "../../service-macros/docs/test.md";
}
