//! The guide: one page a topic, with programs that are compiled and run by the tests of the project.
//!
//! First steps:
//!
//! 1. [Getting started](getting_started): install, two services, a registry, errors, a whole `main`.
//! 2. [Configuration, main and logs](configuration): environment variables, TOML, the command line, secrets.
//! 3. [Database](database): a connection as a service, migrations, a lost connection.
//! 4. [HTTP](http): servers, probes and handlers with the crate `service-http`.
//! 5. [Long-running processes](long_running): background tasks, restarts, health and probes.
//! 6. [Patterns](patterns): the crate `service-toolkit`: retries, limits, caches, queues, pools, events.
//! 7. [With std and tokio](std_and_tokio): files, joining, time limits, spans.
//! 8. [Testing](testing): a registry for each test, replaced services, a paused clock.
//! 9. [Reports and graph](reports): what made a boot slow, and how the graph has changed.
//! 10. [Deployment](deployment): signals, systemd, Kubernetes, logs.
//! 11. [Troubleshooting](troubleshooting): messages, their causes, and what to change.
//!
//! Concepts:
//!
//! 12. [Services and dependencies](services_and_dependencies): what services may require, want, provide and be given.
//! 13. [Boot and shutdown](boot_and_shutdown): the order, the budgets, rollback, signals, the plan.
//! 14. [Guarded calls](guarded_calls): methods that run only while their service is ready.
//! 15. [Linking](linking): services in crates that no code names.
//!
//! Background:
//!
//! 16. [Comparison](comparison): other libraries, and when to use them instead.
//! 17. [Frequently asked questions](faq): platforms, runtimes, costs.
//! 18. [How we know](how_we_know): proofs, measurements and corner cases.
//! 19. [Glossary](glossary): the words of the guide, one line each.

/// Where the links of a page lead here. They stand before the page, so they win over those at its end, which lead to files.
macro_rules! links {
    () => {
        "[Getting started]: crate::guide::getting_started\n\
         [Configuration, main and logs]: crate::guide::configuration\n\
         [Database]: crate::guide::database\n\
         [Troubleshooting]: crate::guide::troubleshooting\n\
         [Comparison]: crate::guide::comparison\n\
         [Frequently asked questions]: crate::guide::faq\n\
         [Services and dependencies]: crate::guide::services_and_dependencies\n\
         [Boot and shutdown]: crate::guide::boot_and_shutdown\n\
         [Guarded calls]: crate::guide::guarded_calls\n\
         [Long-running processes]: crate::guide::long_running\n\
         [HTTP]: crate::guide::http\n\
         [Patterns]: crate::guide::patterns\n\
         [With std and tokio]: crate::guide::std_and_tokio\n\
         [Testing]: crate::guide::testing\n\
         [Reports and graph]: crate::guide::reports\n\
         [Deployment]: crate::guide::deployment\n\
         [Linking]: crate::guide::linking\n\
         [How we know]: crate::guide::how_we_know\n\
         [Glossary]: crate::guide::glossary\n"
    };
}

macro_rules! pages {
    ($($page:ident = $file:literal, $items:literal;)*) => {
        $(
            #[doc = links!()]
            #[doc = include_str!(concat!("../guide/", $file))]
            #[doc = $items]
            pub mod $page {}
        )*
    };
}

pages! {
    getting_started = "getting-started.md", "# In the API\n\n[`service`](macro@crate::service), [`Lifecycle`](crate::Lifecycle), \
        [`Context`](crate::Context), [`Registry::boot`](crate::Registry::boot), [`Registry::get`](crate::Registry::get), \
        [`Service`](crate::Service), [`BootError`](crate::BootError), [`Registry::launch`](crate::Registry::launch)";
    configuration = "configuration.md", "# In the API\n\n[`Builder::give`](crate::Builder::give), \
        [`Builder::launch`](crate::Builder::launch), [`Lifecycle`](crate::Lifecycle), [`service`](macro@crate::service)";
    database = "database.md", "# In the API\n\n[`Lifecycle`](crate::Lifecycle), [`Health`](crate::Health), \
        [`Context::fail`](crate::Context::fail), [`Restart`](crate::Restart)";
    services_and_dependencies = "services-and-dependencies.md", "# In the API\n\n[`service`](macro@crate::service), \
        [`Context::get`](crate::Context::get), [`Context::get_opt`](crate::Context::get_opt), [`Builder`](crate::Builder), \
        [`Definition`](crate::Definition), [`Plan`](crate::Plan), [`PlanError`](crate::PlanError)";
    boot_and_shutdown = "boot-and-shutdown.md", "# In the API\n\n[`Lifecycle`](crate::Lifecycle), \
        [`Context::defer`](crate::Context::defer), [`Context::extend`](crate::Context::extend), \
        [`Registry::run`](crate::Registry::run), [`Registry::shutdown`](crate::Registry::shutdown), \
        [`BootReport`](crate::BootReport), [`ShutdownReport`](crate::ShutdownReport), [`Graph`](crate::Graph)";
    guarded_calls = "guarded-calls.md", "# In the API\n\n[`guarded`](macro@crate::guarded), [`NotReady`](crate::NotReady), \
        [`Refusal`](crate::Refusal), [`State`](crate::State), [`Context::scope`](crate::Context::scope), \
        [`Builder::deny_undeclared`](crate::Builder::deny_undeclared)";
    long_running = "long-running.md", "# In the API\n\n[`Tasks`](crate::Tasks), [`Schedule`](crate::Schedule), \
        [`Restart`](crate::Restart), [`Health`](crate::Health), [`Registry::health`](crate::Registry::health), \
        [`Registry::readiness`](crate::Registry::readiness), [`Event`](crate::Event)";
    http = "http.md", "";
    patterns = "patterns.md", "";
    std_and_tokio = "std-and-tokio.md", "";
    testing = "testing.md", "# In the API\n\n[`test`](macro@crate::test), [`Builder::isolated`](crate::Builder::isolated), \
        [`Builder::replace`](crate::Builder::replace), [`Builder::give`](crate::Builder::give), \
        [`Registry::scope`](crate::Registry::scope), [`Registry::spawn`](crate::Registry::spawn)";
    reports = "reports.md", "# In the API\n\n[`BootReport`](crate::BootReport), [`ShutdownReport`](crate::ShutdownReport), \
        [`Timeline`](crate::report::Timeline), [`BootPath`](crate::report::BootPath), [`Graph`](crate::Graph)";
    deployment = "deployment.md", "# In the API\n\n[`Registry::launch`](crate::Registry::launch), \
        [`Builder::signals`](crate::Builder::signals), [`Builder::lame_duck`](crate::Builder::lame_duck), \
        [`Event`](crate::Event)";
    troubleshooting = "troubleshooting.md", "# In the API\n\n[`PlanError`](crate::PlanError), [`BootError`](crate::BootError), \
        [`NotReady`](crate::NotReady), [`ShutdownError`](crate::ShutdownError)";
    linking = "linking.md", "# In the API\n\n[`Builder::with`](crate::Builder::with), [`Registry::graph`](crate::Registry::graph)";
    comparison = "comparison.md", "";
    faq = "faq.md", "";
    how_we_know = "how-we-know.md", "";
    glossary = "glossary.md", "";
}
