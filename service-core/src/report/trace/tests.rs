use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::{Failure, Location, Phase, Rng, ShutdownReason, State, StopOutcome};
use crate::report::{BootReport, ServiceReport, ServiceShutdown, ShutdownReport};

const PLACE: Location = Location::new("shop", "src/shop.rs", 3, 1);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn entry(name: &str, dependencies: &[&str], began: Option<u64>, own: u64) -> ServiceReport {
    ServiceReport {
        name: name.to_owned(),
        location: PLACE,
        state: State::Ready,
        eager: true,
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        began: began.map(ms),
        waited: ms(began.unwrap_or_default()),
        waited_for_slot: Duration::ZERO,
        own: ms(own),
        slack: None,
        attempts: 1,
        blocked: None,
        failure: None,
        missing: Vec::new(),
    }
}

fn events(trace: &str) -> Vec<Value> {
    let trace: Value = serde_json::from_str(trace).unwrap_or_else(|error| panic!("{error}: {trace}"));
    trace["traceEvents"].as_array().expect("a list of events").clone()
}

fn of_phase<'a>(events: &'a [Value], phase: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["ph"] == phase)
}

#[test]
fn a_boot_and_its_shutdown_are_slices_in_microseconds() {
    let boot =
        BootReport::new(vec![entry("Db", &[], Some(0), 30), entry("Api", &["Db"], Some(30), 10)], ms(40), vec![]);
    let stopped = ServiceShutdown {
        was_ready: true,
        waited: ms(5),
        drain: Duration::from_nanos(1_500),
        own: ms(7),
        outcome: StopOutcome::Clean,
        ..ServiceShutdown::new("Db", PLACE)
    };
    let reason = ShutdownReason::Signal("SIGTERM");
    let shutdown = ShutdownReport { reason, services: vec![stopped], began: ms(1_000), total: ms(12) };
    let events = events(&boot.to_trace_with(&shutdown));
    let slices: Vec<_> =
        of_phase(&events, "X").map(|it| json!([it["name"], it["cat"], it["ts"], it["dur"], it["tid"]])).collect();
    let expected = [
        json!(["Db", "start", 0.0, 30_000.0, 1]),
        json!(["Api", "start", 30_000.0, 10_000.0, 1]),
        json!(["Db drain", "drain", 1_005_000.0, 1.5, 1]),
        json!(["Db shutdown", "shutdown", 1_005_001.5, 7_000.0, 1]),
    ];
    assert_eq!(slices, expected);
    let flows: Vec<_> =
        events.iter().filter(|it| it["cat"] == "dependency").map(|it| json!([it["ph"], it["id"], it["ts"]])).collect();
    assert_eq!(flows, [json!(["s", 1, 30_000.0]), json!(["f", 1, 30_000.0])]);
    assert_eq!(of_phase(&events, "X").nth(1).expect("Api")["args"]["dependencies"], json!(["Db"]));
}

// shows: O07
#[test]
fn a_trace_marks_the_root_cause_and_its_consequences_apart() {
    let failure = Failure::panic("Db", PLACE, Phase::Init, ms(30), "\"boom\"\n".to_owned());
    let db = ServiceReport { state: State::Failed, failure: Some(failure), ..entry("Db", &[], Some(0), 30) };
    let blocked = |name, on| ServiceReport { state: State::Blocked, attempts: 0, ..entry(name, &[on], None, 0) };
    let services = vec![db, blocked("Users", "Db"), blocked("Api", "Users"), entry("Mail", &[], Some(0), 5)];
    let events = events(&BootReport::new(services, ms(30), vec![]).to_trace());
    let kinds: Vec<_> = events
        .iter()
        .filter(|it| it["cat"] == "start")
        .map(|it| json!([it["ph"], it["name"], it["ts"], it["args"]["failure"]]))
        .collect();
    let expected = [
        json!(["X", "Db", 0.0, "root"]),
        json!(["X", "Mail", 0.0, null]),
        json!(["i", "Users", 30_000.0, "consequence"]),
        json!(["i", "Api", 30_000.0, "consequence"]),
    ];
    assert_eq!(kinds, expected);
    let db = of_phase(&events, "X").next().expect("Db");
    assert!(db["args"]["error"].as_str().is_some_and(|error| error.contains("\"boom\"\n")), "{db}");
}

#[test]
fn slices_of_one_lane_never_overlap_and_no_lane_is_too_many() {
    for seed in 0..300 {
        let mut rng = Rng::new(Some(seed));
        let mut roll = |sides: u64| (rng.draw() * sides as f64) as u64;
        let services: Vec<_> = (0..30).map(|at| entry(&format!("s{at}"), &[], Some(roll(40)), roll(20))).collect();
        let times: Vec<_> = services.iter().filter_map(|it| Some((it.began?, it.began? + it.own))).collect();
        let events = events(&BootReport::new(services, ms(60), vec![]).to_trace());
        let slices: Vec<_> = of_phase(&events, "X")
            .map(|it| {
                let at = it["ts"].as_f64().unwrap();
                (it["tid"].as_u64().unwrap(), at, at + it["dur"].as_f64().unwrap())
            })
            .collect();
        assert_eq!(slices.len(), 30);
        for (at, a) in slices.iter().enumerate() {
            for b in &slices[at + 1..] {
                assert!(a.0 != b.0 || a.2 <= b.1 || b.2 <= a.1, "seed {seed}: {a:?} and {b:?}");
            }
        }
        // As many as run at one moment; one that takes no time still has its moment.
        let at_once = |moment: Duration| {
            times.iter().filter(|(from, to)| *from == moment || (*from < moment && moment < *to)).count()
        };
        let most = times.iter().map(|(from, _)| at_once(*from)).max().unwrap();
        let lanes: BTreeSet<_> = slices.iter().map(|it| it.0).collect();
        assert!(lanes.len() <= most, "seed {seed}: {} lanes for {most}", lanes.len());
        let named = of_phase(&events, "M").filter(|it| it["name"] == "thread_name").count();
        assert_eq!(named, lanes.len(), "seed {seed}");
    }
}

#[test]
fn strange_names_are_valid_json() {
    let names = ["a\nb", "\"q\" <b>", "数据库", "\u{1b}[31m", "\\", "\u{7f}\u{202e}"];
    let services = names.iter().map(|name| entry(name, &[], Some(0), 1)).collect();
    let events = events(&BootReport::new(services, ms(1), vec![]).to_trace());
    assert_eq!(of_phase(&events, "X").map(|it| it["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
}
