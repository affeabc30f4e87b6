//! Ten thousand services in a chain, a star and layers, on a small stack.

use crate::plan::facts::Facts;
use crate::plan::fixtures::service;
use crate::plan::prove::prove;
use crate::plan::request::Request;

const MANY: usize = 10_000;

fn name(number: usize) -> String {
    format!("service-{number}")
}

fn chain() -> Vec<Facts> {
    let link = |number: usize| match number {
        0 => service(&name(0)),
        _ => service(&name(number)).requires(&[&name(number - 1)]),
    };
    (0..MANY).map(link).collect()
}

fn star() -> Vec<Facts> {
    let leaves: Vec<String> = (1..MANY).map(name).collect();
    let hub = service(&name(0)).requires(&leaves.iter().map(String::as_str).collect::<Vec<_>>());
    std::iter::once(hub).chain(leaves.iter().map(|leaf| service(leaf))).collect()
}

/// A hundred layers of a hundred, each service on five of the layer below.
fn layered() -> Vec<Facts> {
    let below = |number: usize| (0..5).map(move |step| name((number / 100 - 1) * 100 + (number + 7 * step) % 100));
    let brick = |number: usize| match number {
        0..100 => service(&name(number)),
        _ => below(number).fold(service(&name(number)), |brick, below| brick.requires(&[&below])),
    };
    (0..MANY).map(brick).collect()
}

/// Runs on a stack that any recursion over ten thousand services would overflow.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(work).expect("a thread");
    thread.join().expect("no panic")
}

// shows: G19
#[test]
fn ten_thousand_services_are_proved_and_drawn_in_linear_size() {
    for (shape, catalog) in [("chain", chain()), ("star", star()), ("layered", layered())] {
        let edges: usize = catalog.iter().map(|facts| facts.dependencies.len()).sum();
        let (lines, bytes, path) = on_a_small_stack(move || {
            let plan = prove(catalog, &Request::default()).expect("it is sound");
            let tree = plan.to_string();
            let all = tree.len() + plan.to_dot().len() + plan.to_mermaid().len() + plan.to_json().len();
            (tree.lines().count(), all, plan.critical_path().iter().count())
        });
        // A line for each edge and each root, and one more for each service that is drawn on at the left.
        assert!(lines <= edges + MANY, "{shape}: {lines} lines");
        assert!(bytes <= 400 * (edges + MANY), "{shape}: {bytes} bytes");
        assert_eq!(
            path,
            match shape {
                "chain" => MANY,
                "star" => 2,
                _ => 100,
            },
            "{shape}"
        );
    }
}

// shows: G19
#[test]
fn a_cycle_of_ten_thousand_is_found_on_a_small_stack() {
    let mut catalog = chain();
    catalog[0] = service(&name(0)).requires(&[&name(MANY - 1)]);
    let error = on_a_small_stack(|| prove(catalog, &Request::default()).expect_err("it is a cycle"));
    assert_eq!(error.to_string().matches(" requires ").count(), MANY);
}
