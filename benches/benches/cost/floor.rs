//! Two hand-written lifecycles to compare with. [`plain`] keeps no rule. [`careful`] keeps those that a boot needs: a task for
//! each service, a budget, panics caught, events, and a shutdown in reverse order.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use benches::Shape;
use tokio::time::timeout;

type Hook = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send>;

struct Service {
    name: String,
    requires: Vec<usize>,
    init: Hook,
}

fn services(shape: Shape, services: usize) -> Vec<Service> {
    let service = |at: usize| Service {
        name: format!("service-{at:05}"),
        requires: shape.requires(at, services),
        init: Box::new(|| Box::pin(async { Ok(()) })),
    };
    (0..services).rev().map(service).collect()
}

/// An order in which each service comes after what it requires. Services are named by their number, and stored in reverse.
fn order(services: &[Service]) -> Vec<usize> {
    let last = services.len() - 1;
    let mut missing: Vec<usize> = services.iter().map(|service| service.requires.len()).collect();
    let mut dependants = vec![Vec::new(); services.len()];
    for (at, service) in services.iter().enumerate() {
        service.requires.iter().for_each(|on| dependants[last - on].push(at));
    }
    let mut order: Vec<usize> = (0..services.len()).filter(|&at| missing[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &dependant in &dependants[at] {
            missing[dependant] -= 1;
            if missing[dependant] == 0 {
                order.push(dependant);
            }
        }
    }
    order
}

/// Boots in order, and forgets the services in reverse.
pub(crate) async fn plain(shape: Shape, count: usize, shuts_down: bool) {
    let services = services(shape, count);
    let mut up = Vec::with_capacity(count);
    for at in order(&services) {
        (services[at].init)().await.expect("it starts");
        up.push(at);
    }
    while let Some(at) = up.pop().filter(|_| shuts_down) {
        std::hint::black_box(&services[at].name);
    }
}

/// Boots each service in a task, within a budget, and stops each in a task, in reverse.
pub(crate) async fn careful(shape: Shape, count: usize, shuts_down: bool) {
    let services = services(shape, count);
    let began = Instant::now();
    let mut events: Vec<(Duration, &'static str, String)> = Vec::new();
    let mut up = Vec::with_capacity(count);
    for at in order(&services) {
        let Service { name, init, .. } = &services[at];
        events.push((began.elapsed(), "starting", name.clone()));
        let ended = tokio::spawn(timeout(Duration::from_secs(30), init())).await;
        ended.expect("it does not panic").expect("it is in time").expect("it starts");
        events.push((began.elapsed(), "ready", name.clone()));
        up.push(at);
    }
    while let Some(at) = up.pop().filter(|_| shuts_down) {
        let Service { name, init, .. } = &services[at];
        events.push((began.elapsed(), "stopping", name.clone()));
        let ended = tokio::spawn(timeout(Duration::from_secs(10), init())).await;
        ended.expect("it does not panic").expect("it is in time").expect("it stops");
        events.push((began.elapsed(), "stopped", name.clone()));
    }
    std::hint::black_box(events);
}
