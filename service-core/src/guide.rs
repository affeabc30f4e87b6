//! The guide: one page a topic, with programs that are compiled and run by the tests of the project.
//!
//! 1. [Getting started](getting_started): two services, a registry, errors, a whole `main`.
//! 2. [Services and dependencies](services_and_dependencies): what services may require, want, provide and be given.
//! 3. [Boot and shutdown](boot_and_shutdown): the order, the budgets, rollback, signals, the plan.
//! 4. [Guarded calls](guarded_calls): methods that run only while their service is ready.
//! 5. [Long-running processes](long_running): background tasks, restarts, health and probes.
//! 6. [HTTP](http): servers, probes and handlers with the crate `service-http`.
//! 7. [Testing](testing): a registry for each test, replaced services, a paused clock.
//! 8. [Reports and graph](reports): what made a boot slow, and how the graph has changed.
//! 9. [Deployment](deployment): signals, systemd, Kubernetes, logs.
//! 10. [Linking](linking): services in crates that no code names.
//! 11. [How we know](how_we_know): proofs, measurements and corner cases.
//! 12. [Glossary](glossary): the words of the guide, one line each.

/// Where the links of a page lead here. They stand before the page, so they win over those at its end, which lead to files.
macro_rules! links {
    () => {
        "[Getting started]: crate::guide::getting_started\n\
         [Services and dependencies]: crate::guide::services_and_dependencies\n\
         [Boot and shutdown]: crate::guide::boot_and_shutdown\n\
         [Guarded calls]: crate::guide::guarded_calls\n\
         [Long-running processes]: crate::guide::long_running\n\
         [HTTP]: crate::guide::http\n\
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
    testing = "testing.md", "# In the API\n\n[`test`](macro@crate::test), [`Builder::isolated`](crate::Builder::isolated), \
        [`Builder::replace`](crate::Builder::replace), [`Builder::give`](crate::Builder::give), \
        [`Registry::scope`](crate::Registry::scope), [`Registry::spawn`](crate::Registry::spawn)";
    reports = "reports.md", "# In the API\n\n[`BootReport`](crate::BootReport), [`ShutdownReport`](crate::ShutdownReport), \
        [`Timeline`](crate::report::Timeline), [`BootPath`](crate::report::BootPath), [`Graph`](crate::Graph)";
    deployment = "deployment.md", "# In the API\n\n[`Registry::launch`](crate::Registry::launch), \
        [`Builder::signals`](crate::Builder::signals), [`Builder::lame_duck`](crate::Builder::lame_duck), \
        [`Event`](crate::Event)";
    linking = "linking.md", "# In the API\n\n[`Builder::with`](crate::Builder::with), [`Registry::graph`](crate::Registry::graph)";
    how_we_know = "how-we-know.md", "";
    glossary = "glossary.md", "";
}
