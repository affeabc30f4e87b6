use std::time::Duration;

use super::Serialize;
use serde_json::{Value, json};

use crate::base::{Failure, Phase, State, StopOutcome};
use crate::plan::fixtures::{at, plan, service};
use crate::plan::{Graph, NodeStatus};
use crate::report::{Event, EventKind, Health, HealthReport, ServiceHealth};

fn value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_graph_has_the_shape_of_its_json() {
    let plan = plan(vec![service("A").requires(&["B"]), service("B").wants(&["C"]), service("C")]);
    assert_eq!(value(plan.graph()), parsed(&plan.to_json()));
    assert_eq!(value(&plan), parsed(&plan.to_json()));
    let status = |index| NodeStatus {
        state: Some([State::Failed, State::Blocked, State::Ready][index]),
        waited: Duration::from_nanos(1_234_567),
        own: (index != 1).then_some(Duration::from_millis(5)),
        root_failure: index == 0,
    };
    let graph = Graph::of(&plan, &status, &[(0, 2)]);
    assert_eq!(value(&graph), parsed(&graph.to_json()));
    assert_eq!(value(&graph)["dependencies"][0]["from"], "A");
}

#[test]
fn health_has_the_shape_of_its_json() {
    for health in [Health::Healthy, Health::degraded("\"slow\""), Health::unhealthy("gone\n")] {
        assert_eq!(value(&health), parsed(&health.to_json()));
    }
    let nanos = [0, 1, 499, 1_000, 1_234_567, 5_000_000, 7_000_000_123];
    let entry = |nanos| ServiceHealth {
        name: "Db".to_owned(),
        health: Health::degraded("slow"),
        latency: Duration::from_nanos(nanos),
        tags: vec!["http".to_owned()],
    };
    let report = HealthReport { services: nanos.map(entry).into() };
    assert_eq!(value(&report), parsed(&report.to_json()));
}

#[test]
fn an_event_has_its_type_and_its_fields() {
    let failure =
        Failure::panic("Db", at("db", 3), Phase::Task("poll".into()), Duration::from_millis(2), "boom".to_owned());
    let outcome = StopOutcome::Failed(failure);
    let kind = EventKind::Stopped { service: "Db".into(), outcome, elapsed: Duration::from_secs(1) };
    let event = Event { number: 7, at: Duration::from_micros(9), kind };
    let location = json!({"module": "shop", "file": "src/db.rs", "line": 3, "column": 1});
    let failure = json!({
        "service": "Db", "location": location, "phase": "task poll", "elapsed_us": 2_000, "kind": "panic",
        "error": "boom", "path": [],
    });
    let kind = json!({
        "type": "stopped", "service": "Db", "outcome": {"status": "failed", "failure": failure},
        "elapsed_us": 1_000_000,
    });
    assert_eq!(value(&event), json!({"number": 7, "at_us": 9, "kind": kind}));
}
