//! The examples of the guide, of the README and of the manuals of the macros. `cargo test` compiles and runs every block of
//! Rust in them.

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
    getting_started = "../../service-core/guide/getting-started.md";
    configuration = "../../service-core/guide/configuration.md";
    database = "../../service-core/guide/database.md";
    services_and_dependencies = "../../service-core/guide/services-and-dependencies.md";
    boot_and_shutdown = "../../service-core/guide/boot-and-shutdown.md";
    guarded_calls = "../../service-core/guide/guarded-calls.md";
    long_running = "../../service-core/guide/long-running.md";
    deployment = "../../service-core/guide/deployment.md";
    http = "../../service-core/guide/http.md";
    patterns = "../../service-core/guide/patterns.md";
    std_and_tokio = "../../service-core/guide/std-and-tokio.md";
    reports = "../../service-core/guide/reports.md";
    testing = "../../service-core/guide/testing.md";
    linking = "../../service-core/guide/linking.md";
    service = "../../service-macros/docs/service.md";
    guarded = "../../service-macros/docs/guarded.md";
    test = "../../service-macros/docs/test.md";
    operation = "../../service-macros/docs/operation.md";
    retry = "../../service-macros/docs/retry.md";
    cached = "../../service-macros/docs/cached.md";
    error_boundary = "../../service-macros/docs/error_boundary.md";
}
