//! [`ServiceCore`]: the adapter of service-core. Each service of a plan is a definition created at run time.

use service_conformance::{Adapter, Capability, Plan, Service, Value};
use service_core::{Builder, Context, Definition, Registry};
use tokio_util::sync::CancellationToken;

/// The adapter of service-core.
pub(crate) struct ServiceCore;

/// The definition of a service of a plan.
fn definition(service: &Service) -> Definition<Value> {
    let (init, shutdown) = (service.clone(), service.clone());
    let mut definition = Definition::new(service.name())
        .requires(service.requires())
        .wants(service.wants())
        .after(service.after())
        .init(move |cx| {
            let service = init.clone();
            async move { Ok(service.init(dependencies(&service, &cx)?).await?) }
        })
        .shutdown(move |_, _| {
            let service = shutdown.clone();
            async move { Ok(service.shutdown().await?) }
        });
    if let Some(time) = service.init_timeout() {
        definition = definition.init_timeout(time);
    }
    if let Some(time) = service.shutdown_timeout() {
        definition = definition.shutdown_timeout(time);
    }
    definition
}

/// The values of the services that a service requires, and of those that it wants and that are ready.
fn dependencies(service: &Service, cx: &Context<Value>) -> service_core::Result<Vec<Value>> {
    let required = service.requires().iter().map(|name| cx.get_named::<Value>(name).map(|it| Value::clone(&it)));
    let mut values = required.collect::<Result<Vec<_>, _>>()?;
    values.extend(service.wants().iter().filter_map(|name| Some(Value::clone(&*cx.get_named(name).ok()?))));
    Ok(values)
}

fn builder(plan: &Plan) -> Builder {
    let mut builder = Registry::builder().isolated();
    for service in plan.services() {
        builder = builder.define(definition(service));
    }
    if let Some(only) = plan.only() {
        builder = builder.only_named(only);
    }
    if let Some(services) = plan.concurrency() {
        builder = builder.concurrency(services);
    }
    if let Some(time) = plan.boot_timeout() {
        builder = builder.boot_timeout(time);
    }
    if let Some(time) = plan.shutdown_timeout() {
        builder = builder.shutdown_timeout(time);
    }
    builder
}

impl Adapter for ServiceCore {
    type Registry = Registry;

    fn name(&self) -> String {
        "service-core 0.1".to_owned()
    }

    fn unsupported(&self, _: Capability) -> Option<&'static str> {
        None
    }

    async fn boot(&self, plan: &Plan) -> Result<Registry, String> {
        let token = CancellationToken::new();
        if plan.is_cancelled() {
            token.cancel();
        }
        let boot = builder(plan).cancel(token.clone()).boot();
        let boot = async { boot.await.map_err(|error| error.to_string()) };
        // Cancels concurrently with the boot, as a program does.
        let cancel = async {
            plan.cancelled().await;
            token.cancel();
            std::future::pending::<Result<Registry, String>>().await
        };
        tokio::select! {
            biased;
            never = cancel => never,
            result = boot => result,
        }
    }

    async fn get(&self, registry: &Registry, service: &str) -> Result<Value, String> {
        registry.get_named::<Value>(service).map(|value| Value::clone(&value)).map_err(|error| error.to_string())
    }

    async fn shutdown(&self, registry: &Registry) -> Result<(), String> {
        registry.shutdown().await.map(drop).map_err(|error| error.to_string())
    }

    fn validate(&self, plan: &Plan) -> Result<(), String> {
        builder(plan).plan().map(drop).map_err(|error| error.to_string())
    }
}
