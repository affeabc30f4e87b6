//! `Operation`: its records, its span, its outcome, and how operations are nested.
#![cfg(feature = "operation")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

mod harness;
mod host;

use std::future::{Ready, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use harness::{Events, ms, poll_once, seeds};
use host::Log;
use service_core::Registry;
use service_toolkit::{EventTracker, Operation, OperationEvent, OperationOutcome, OperationScope, TaskGroup};
use tokio::time::sleep;

/// A line of the log without the ids, which differ from run to run.
fn without_ids(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.starts_with("operation_id=") && !word.starts_with("parent_id="));
    words.collect::<Vec<_>>().join(" ")
}

fn records(events: &Events) -> Vec<String> {
    events.with("action=").iter().map(|line| without_ids(line)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_success_is_two_records_with_the_metadata_in_the_last() {
    let events = Events::record();
    let operation = Operation::new("import").domain("orders").metadata("file", "a b.csv");
    let imported = operation.run(|operation| async move {
        sleep(ms(250)).await;
        assert_eq!((operation.name(), operation.elapsed()), ("import", ms(250)));
        operation.add_metadata("orders", 2);
        operation.add_metadata("orders", 3);
        operation.success("rows", 3);
        operation.error("hint", "none");
        Ok::<_, String>(3)
    });
    assert!(records(&events).is_empty(), "it begins at its first poll");
    assert_eq!(imported.await, Ok(3));
    let words = |status: &str| format!("domain=\"orders\" action=\"import\" status=\"{status}\"");
    assert_eq!(
        records(&events),
        [
            format!("INFO started {} metadata=\"file=\\\"a b.csv\\\"\"", words("started")),
            format!(
                "INFO succeeded {} elapsed=0.25 metadata=\"file=\\\"a b.csv\\\" orders=3 rows=3\"",
                words("success")
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_logged_with_its_type_and_returned() {
    let events = Events::record();
    let parsed = Operation::new("parse").run(|operation| async move {
        operation.success("rows", 3);
        operation.error("hint", "digits");
        "x".parse::<u8>()
    });
    assert!(parsed.await.is_err());
    assert_eq!(
        records(&events)[1..],
        ["ERROR failed domain=\"operation\" action=\"parse\" status=\"error\" elapsed=0.0 metadata=\"hint=digits\" \
          operation=\"parse\" error=\"invalid digit found in string\" error_type=\"core::num::error::ParseIntError\""]
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_logged_and_goes_on() {
    let events = Events::record();
    let task = tokio::spawn(Operation::new("parse").run_infallible(|_| async { panic!("on purpose") }));
    let payload = task.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    let last = &records(&events)[1..];
    assert_eq!(
        last,
        ["ERROR panicked domain=\"operation\" action=\"parse\" status=\"error\" elapsed=0.0 operation=\"parse\" \
          error=\"on purpose\" error_type=\"panic\""]
    );
}

#[tokio::test(start_paused = true)]
async fn the_call_of_the_closure_belongs_to_the_operation() {
    let events = Events::record();
    let seen = Arc::new(Mutex::new(None));
    let of_call = seen.clone();
    let operation = Operation::new("parse").run_infallible(move |operation| -> Ready<()> {
        *of_call.lock().unwrap() = Some((operation.id(), OperationScope::current().map(|current| current.id())));
        panic!("on purpose")
    });
    assert!(tokio::spawn(operation).await.unwrap_err().is_panic());
    let (id, current) = seen.lock().unwrap().unwrap();
    assert_eq!(current, Some(id));
    assert_eq!((events.with("panicked").len(), records(&events).len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_drop_is_one_record_and_a_future_that_was_never_polled_is_none() {
    let events = Events::record();
    drop(Operation::new("never").run_infallible(|_| pending::<()>()));
    {
        let mut waits = pin!(Operation::new("waits").run_infallible(|operation| async move {
            operation.success("rows", 3);
            pending::<()>().await;
        }));
        assert!(poll_once(waits.as_mut()).is_pending());
        assert_eq!(records(&events).len(), 1);
    }
    assert_eq!(
        records(&events)[1..],
        ["WARN cancelled domain=\"operation\" action=\"waits\" status=\"cancelled\" elapsed=0.0"]
    );
}

#[tokio::test(start_paused = true)]
async fn operations_are_nested_across_awaits_and_spawned_tasks() {
    let tracker = EventTracker::new(10);
    let outer = tracker.clone();
    let (id, other) = tracker
        .track("outer")
        .run_infallible(|operation| async move {
            sleep(ms(1)).await;
            outer.track("awaited").run_infallible(|inner| async move { assert!(inner.parent().is_some()) }).await;
            let spawned = outer.track("spawned").run_infallible(|_| sleep(ms(1)));
            operation.spawn(spawned).await.unwrap();
            let mut group = TaskGroup::<(), String>::new();
            let grouped = outer.track("grouped").run(|_| async { Ok(()) });
            group.spawn(grouped);
            group.join().await;
            let elsewhere = tokio::spawn(outer.track("elsewhere").run_infallible(|inner| async move { inner.id() }));
            (operation.id(), elsewhere.await.unwrap())
        })
        .await;
    let parents: Vec<_> = tracker.events().into_iter().map(|event| (event.name, event.parent)).collect();
    let expected =
        [("awaited", Some(id)), ("spawned", Some(id)), ("grouped", Some(id)), ("elsewhere", None), ("outer", None)];
    assert_eq!(parents, expected.map(|(name, parent)| (name.into(), parent)));
    assert_ne!(id, other);
    assert!(OperationScope::current().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_belongs_to_the_registry() {
    let (registry, ..) = host::boot().await;
    let inside = registry.scope(Operation::new("inside").run_infallible(|operation| async move {
        operation.spawn(async { Registry::current().is_some() }).await.unwrap()
    }));
    assert!(inside.await);
    registry.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_work_logs_belongs_to_the_span_of_the_operation() {
    let (log, _guard) = Log::start();
    let id = Operation::new("import")
        .run_infallible(|operation| async move {
            tracing::info!("inside");
            operation.spawn(async { tracing::info!("in a task") }).await.unwrap();
            operation.id()
        })
        .await;
    let text = log.text();
    for line in ["inside", "in a task", "succeeded"] {
        let line = text.lines().find(|it| it.contains(line)).unwrap();
        let span = format!("operation{{domain=\"operation\" operation=\"import\" operation_id={id}}}");
        assert!(line.contains(&span), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_for_the_end_that_panics_stops_nothing() {
    let events = Events::record();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = seen.clone();
    let operation = Operation::new("import")
        .on_end(|_| panic!("on purpose"))
        .on_end(move |event: &OperationEvent| list.lock().unwrap().push(event.outcome.clone()));
    assert_eq!(operation.run(|_| async { Ok::<_, String>(1) }).await, Ok(1));
    assert_eq!(*seen.lock().unwrap(), [OperationOutcome::Success]);
    assert_eq!(events.with("a function for the end of the operation panicked").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_without_a_text_is_an_error() {
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no text")
        }
    }
    let tracker = EventTracker::new(1);
    assert!(tracker.track("import").run(|_| async { Err::<(), _>(Broken) }).await.is_err());
    let [event] = &tracker.events()[..] else { panic!("one event") };
    let OperationOutcome::Error { error, .. } = &event.outcome else { panic!("{event:?}") };
    assert_eq!(error, "no text, because it panicked: no text");
}

/// What a generated operation does after its children.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Success,
    Error,
    Panic,
}

#[derive(Debug)]
struct Node {
    name: u32,
    children: Vec<Node>,
    end: End,
}

fn generated(random: &mut fastrand::Rng, next: &mut u32, depth: u32) -> Node {
    let name = *next;
    *next += 1;
    let children = (0..random.u32(..3)).filter(|_| depth > 0).map(|_| ()).collect::<Vec<_>>();
    let children = children.iter().map(|()| generated(random, next, depth - 1)).collect();
    let end = [End::Success, End::Success, End::Error, End::Panic][random.usize(..4)];
    Node { name, children, end }
}

async fn run(tracker: EventTracker, node: Arc<Node>, begun: Arc<Mutex<Vec<u32>>>) -> Result<(), String> {
    let operation = tracker.track(node.name.to_string());
    let work = |_| async move {
        begun.lock().unwrap().push(node.name);
        tokio::task::yield_now().await;
        for child in &node.children {
            let child = Arc::new(Node {
                name: child.name,
                children: child.children.iter().map(copy).collect(),
                end: child.end,
            });
            let child = Box::pin(run(tracker.clone(), child, begun.clone()));
            let _ = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(child)).await;
        }
        match node.end {
            End::Success => Ok(()),
            End::Error => Err("on purpose".to_owned()),
            End::Panic => panic!("on purpose"),
        }
    };
    operation.run(work).await
}

fn copy(node: &Node) -> Node {
    Node { name: node.name, children: node.children.iter().map(copy).collect(), end: node.end }
}

/// For each operation its parent, and its outcome if nothing is dropped.
fn expected(node: &Node, parent: Option<u32>, list: &mut Vec<(u32, Option<u32>, End)>) {
    node.children.iter().for_each(|child| expected(child, Some(node.name), list));
    list.push((node.name, parent, node.end));
}

#[test]
fn generated_operations_that_are_dropped_at_any_await_end_once_with_the_right_outcome() {
    seeds(60, |seed| {
        let tree = generated(&mut fastrand::Rng::with_seed(seed), &mut 0, 3);
        let mut all = Vec::new();
        expected(&tree, None, &mut all);
        let tree = Arc::new(tree);
        for polls in 1..=all.len() + 1 {
            let tracker = EventTracker::new(1000);
            let begun = Arc::<Mutex<Vec<u32>>>::default();
            {
                let mut running = pin!(futures_util::FutureExt::catch_unwind(AssertUnwindSafe(run(
                    tracker.clone(),
                    tree.clone(),
                    begun.clone()
                ))));
                for _ in 0..polls {
                    if poll_once(running.as_mut()).is_ready() {
                        break;
                    }
                }
            }
            let events = tracker.events();
            let mut begun = begun.lock().unwrap().clone();
            let mut ended: Vec<u32> = events.iter().map(|event| event.name.parse().unwrap()).collect();
            let cancelled = events.iter().filter(|event| event.outcome == OperationOutcome::Cancelled).count();
            // What had begun is what ran, or waited for its children, when the root was dropped.
            assert!(cancelled <= 4, "the depth of the tree");
            assert_eq!(cancelled > 0, polls <= all.len());
            assert!(events[events.len() - cancelled..].iter().all(|it| it.outcome == OperationOutcome::Cancelled));
            for event in &events {
                let name = event.name.parse::<u32>().unwrap();
                let (_, parent, end) = all.iter().find(|(known, ..)| *known == name).unwrap();
                let parent_event =
                    parent.map(|parent| events.iter().find(|it| it.name == parent.to_string()).unwrap().id);
                assert_eq!(event.parent, parent_event);
                match &event.outcome {
                    OperationOutcome::Success => assert_eq!(*end, End::Success),
                    OperationOutcome::Error { .. } => assert_eq!(*end, End::Error),
                    OperationOutcome::Panicked(_) => assert_eq!(*end, End::Panic),
                    OperationOutcome::Cancelled => {}
                    other => panic!("{other:?}"),
                }
            }
            begun.sort_unstable();
            ended.sort_unstable();
            assert_eq!(begun, ended);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_drop_of_the_work_is_the_outcome() {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            panic!("the drop of the work");
        }
    }
    let explosive = Explosive;
    // It uses what explodes, so it keeps it until it is dropped.
    let work = poll_fn(move |_| Poll::Ready(Ok::<_, String>(size_of_val(&explosive))));
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let sees = outcomes.clone();
    let operation = Operation::new("import").on_end(move |event| sees.lock().unwrap().push(event.outcome.clone()));
    let run = tokio::spawn(operation.run(|_| work));
    assert!(run.await.unwrap_err().is_panic());
    assert_eq!(*outcomes.lock().unwrap(), [OperationOutcome::Panicked("the drop of the work".into())]);
}
