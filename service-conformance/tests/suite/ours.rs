//! [`ServiceCore`]: the adapter of service-core. Services of a plan are definitions made at run time.

use service_conformance::{Capability, Plan, Service, Subject, Value};
use service_core::{Builder, Context, Definition, Registry};
use tokio_util::sync::CancellationToken;

/// The adapter of service-core.
pub(crate) struct ServiceCore;

/// The definition of one service. Each field of the plan has its method.
fn definition(service: &Service) -> Definition<Value> {
    let (init, shutdown) = (service.clone(), service.clone());
    let mut definition = Definition::new(service.name())
        .requires(service.requires())
        .wants(service.wants())
        .after(service.after())
        .init(move |cx| {
            let service = init.clone();
            async move { Ok(service.init(given(&service, &cx)?).await?) }
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

/// What the registry hands out for what a service requires and, where they are there, wants.
fn given(service: &Service, cx: &Context<Value>) -> service_core::Result<Vec<Value>> {
    let required = service.requires().iter().map(|name| cx.get_named::<Value>(name).map(|it| Value::clone(&it)));
    let mut given = required.collect::<Result<Vec<_>, _>>()?;
    given.extend(service.wants().iter().filter_map(|name| Some(Value::clone(&*cx.get_named(name).ok()?))));
    Ok(given)
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

impl Subject for ServiceCore {
    type Up = Registry;

    fn name(&self) -> String {
        "service-core 0.1".to_owned()
    }

    fn lacks(&self, _: Capability) -> Option<&'static str> {
        None
    }

    async fn boot(&self, plan: &Plan) -> Result<Registry, String> {
        let token = CancellationToken::new();
        if plan.is_cancelled() {
            token.cancel();
        }
        let boot = builder(plan).cancel(token.clone()).boot();
        let boot = async { boot.await.map_err(|error| error.to_string()) };
        // The one who cancels is beside the boot, as it would be in a program.
        let cancel = async {
            plan.cancelled().await;
            token.cancel();
            std::future::pending::<Result<Registry, String>>().await
        };
        tokio::select! {
            biased;
            never = cancel => never,
            up = boot => up,
        }
    }

    async fn get(&self, up: &Registry, service: &str) -> Result<Value, String> {
        up.get_named::<Value>(service).map(|value| Value::clone(&value)).map_err(|error| error.to_string())
    }

    async fn shutdown(&self, up: &Registry) -> Result<(), String> {
        up.shutdown().await.map(drop).map_err(|error| error.to_string())
    }

    fn validate(&self, plan: &Plan) -> Result<(), String> {
        builder(plan).plan().map(drop).map_err(|error| error.to_string())
    }
}
