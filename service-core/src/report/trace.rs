//! A boot and a shutdown as a Chrome trace, which <https://ui.perfetto.dev> and `chrome://tracing` open.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt::Write;
use std::time::Duration;

use super::boot_report::{BootReport, ServiceReport};
use super::shutdown_report::ShutdownReport;
use crate::base::json::{Field, object, quoted};
use crate::base::{State, sort_by};

#[cfg(test)]
mod tests;

/// Each step of a service is in the first lane that is free, so that the number of lanes is that of concurrent services.
#[derive(Default)]
struct Lanes {
    free: BinaryHeap<Reverse<usize>>,
    busy: BinaryHeap<Reverse<(Duration, usize)>>,
    count: usize,
}

impl Lanes {
    /// The lane for a step, which begins no earlier than the steps before it.
    fn take(&mut self, begin: Duration, end: Duration) -> usize {
        while let Some(Reverse((_, lane))) = self.busy.peek().copied().filter(|Reverse((end, _))| *end <= begin) {
            self.busy.pop();
            self.free.push(Reverse(lane));
        }
        let lane = self.free.pop().map_or(self.count, |Reverse(lane)| lane);
        self.count = self.count.max(lane + 1);
        self.busy.push(Reverse((end, lane)));
        lane
    }
}

/// The text of a trace that is being written.
struct TraceText {
    json: String,
    lanes: usize,
}

/// One event. Times are in microseconds, with nanoseconds after the point.
struct TraceEvent<'a> {
    phase: &'a str,
    name: &'a str,
    category: &'a str,
    lane: usize,
    at: Duration,
    /// Fields of this phase, each with its comma before it.
    rest: String,
}

impl TraceText {
    fn new(events: usize) -> Self {
        let mut json = String::with_capacity(300 * events + 100);
        json.push_str("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n");
        json.push_str(
            "{\"ph\": \"M\", \"name\": \"process_name\", \"pid\": 1, \"tid\": 0, \"args\": {\"name\": \"services\"}}",
        );
        Self { json, lanes: 0 }
    }

    fn event(&mut self, event: &TraceEvent<'_>) {
        let TraceEvent { phase, name, category, lane, at, rest } = event;
        let (tid, at) = (lane + 1, TraceMicros(*at));
        self.lanes = self.lanes.max(tid);
        let name = quoted(name);
        let _ = write!(
            self.json,
            ",\n{{\"ph\": \"{phase}\", \"name\": {name}, \"cat\": \"{category}\", \"pid\": 1, \"tid\": {tid}, \"ts\": {at}{rest}}}"
        );
    }

    fn finish(mut self) -> String {
        for lane in 1..=self.lanes {
            let _ = write!(
                self.json,
                ",\n{{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": 1, \"tid\": {lane}, \"args\": {{\"name\": \"lane {lane}\"}}}}"
            );
        }
        self.json.push_str("\n]}");
        self.json
    }
}

/// A time in microseconds as a JSON number.
struct TraceMicros(Duration);

impl std::fmt::Display for TraceMicros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0.as_micros(), self.0.subsec_nanos() % 1_000)
    }
}

fn length(duration: Duration, args: &str) -> String {
    format!(", \"dur\": {}, \"args\": {args}", TraceMicros(duration))
}

impl BootReport {
    /// The boot as a Chrome trace, which <https://ui.perfetto.dev> opens: one slice for each start, in as many lanes as services
    /// started at the same time, with arrows from the dependency that each waited for last.
    ///
    /// The arguments of a slice are what the report knows about the service. A service that failed has `"failure": "root"`; one
    /// that was not started because of it is an instant with `"failure": "consequence"`.
    ///
    /// ```
    /// # use service_core::{Definition, Registry};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> service_core::Result<()> {
    /// # let folder = std::env::temp_dir();
    /// # let registry = Registry::builder().isolated().define(Definition::new("cache")).boot().await?;
    /// let boot = registry.report();
    /// let shutdown = registry.shutdown().await?;
    /// std::fs::write(folder.join("trace.json"), boot.to_trace_with(&shutdown))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_trace(&self) -> String {
        self.trace(None)
    }

    /// The same, and the shutdown that ended it: for each service a slice of its drain and one of its own `shutdown`.
    pub fn to_trace_with(&self, shutdown: &ShutdownReport) -> String {
        self.trace(Some(shutdown))
    }

    fn trace(&self, shutdown: Option<&ShutdownReport>) -> String {
        let mut trace = TraceText::new(3 * self.services.len() + shutdown.map_or(0, |it| 2 * it.services.len()));
        self.trace_boot(&mut trace);
        if let Some(shutdown) = shutdown {
            shutdown.trace(&mut trace);
        }
        trace.finish()
    }

    fn trace_boot(&self, trace: &mut TraceText) {
        let started = self.services.iter().filter_map(|service| Some((service.began?, service)));
        let mut started: Vec<_> = started.collect();
        sort_by(&mut started, |a, b| a.0.cmp(&b.0));
        let mut lanes = Lanes::default();
        let mut lane_of: HashMap<&str, (Duration, usize)> = HashMap::with_capacity(started.len());
        for (number, (began, service)) in started.into_iter().enumerate() {
            let (end, name) = (began + service.own, service.name.as_str());
            let lane = lanes.take(began, end);
            lane_of.insert(name, (end, lane));
            let rest = length(service.own, &service.args());
            trace.event(&TraceEvent { phase: "X", name, category: "start", lane, at: began, rest });
            let below = service.dependencies.iter().filter_map(|it| lane_of.get(it.as_str()));
            if let Some((ended, from)) = below.filter(|(end, _)| *end <= began).max() {
                let flow = |phase, lane, at, end| TraceEvent {
                    phase,
                    name: "dependency",
                    category: "dependency",
                    lane,
                    at,
                    rest: format!(", \"id\": {number}{end}"),
                };
                trace.event(&flow("s", *from, *ended, ""));
                // Bound to the slice that begins here.
                trace.event(&flow("f", lane, began, ", \"bp\": \"e\""));
            }
        }
        self.trace_consequences(trace);
    }

    /// A service that never started has no slice. It is marked at the moment at which the last of what it depends on had ended.
    fn trace_consequences(&self, trace: &mut TraceText) {
        let mut ends: HashMap<&str, Duration> = HashMap::with_capacity(self.services.len());
        for service in &self.services {
            let below = service.dependencies.iter().filter_map(|name| ends.get(name.as_str()));
            let end = service.ended().or_else(|| below.max().copied()).unwrap_or_default();
            ends.insert(&service.name, end);
            if service.state == State::Blocked {
                let rest = format!(", \"s\": \"p\", \"args\": {}", service.args());
                trace.event(&TraceEvent { phase: "i", name: &service.name, category: "start", lane: 0, at: end, rest });
            }
        }
    }
}

impl ServiceReport {
    fn args(&self) -> String {
        let failure = self.failure.as_ref().map(ToString::to_string);
        let kind = match self.state {
            State::Blocked => Some("consequence"),
            _ => failure.is_some().then_some("root"),
        };
        let dependencies: Vec<_> = self.dependencies.iter().map(String::as_str).collect();
        let [waited, slot] = [self.waited, self.waited_for_slot].map(|time| TraceMicros(time).to_string());
        object(&[
            ("state", Field::Text(self.state.as_str())),
            ("attempts", Field::Count(self.attempts.into())),
            ("waited_us", Field::Json(&waited)),
            ("waited_for_slot_us", Field::Json(&slot)),
            ("dependencies", Field::Texts(&dependencies)),
            ("failure", kind.into()),
            ("error", failure.as_deref().into()),
        ])
    }
}

impl ShutdownReport {
    fn trace(&self, trace: &mut TraceText) {
        let mut services: Vec<_> = self.services.iter().collect();
        sort_by(&mut services, |a, b| a.waited.cmp(&b.waited));
        let mut lanes = Lanes::default();
        for service in services {
            let began = self.began + service.waited;
            let drained = began + service.drain;
            let lane = lanes.take(began, drained + service.own);
            let error = service.outcome.failure().map(ToString::to_string);
            let args = object(&[
                ("outcome", Field::Text(service.outcome.status())),
                ("was_ready", Field::Flag(service.was_ready)),
                ("error", error.as_deref().into()),
            ]);
            let mut slice = |name: &str, category, at, time| {
                trace.event(&TraceEvent { phase: "X", name, category, lane, at, rest: length(time, &args) });
            };
            if !service.drain.is_zero() {
                slice(&format!("{} drain", service.name), "drain", began, service.drain);
            }
            slice(&format!("{} shutdown", service.name), "shutdown", drained, service.own);
        }
    }
}
