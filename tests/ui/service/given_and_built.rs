// one mistake each: nothing of a given service without a lifecycle runs
use service_core::{Restart, service};

#[service(given, lazy, retry(attempts = 2))]
struct Settings {}

#[service(given, requires = [Settings], restart = Restart::transient(), shutdown_timeout = "1s")]
struct Pool {}

#[service(given, autowire(fn))]
struct Cache {}

#[service(given, autowire, requires = [Settings], retry(attempts = 2))]
struct Queue {}

fn main() {}
