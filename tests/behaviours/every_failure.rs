//! Failures at every place of random graphs: exactly the ready services stop, once each, dependants first.

use service_core::Definition;
use tests::{Dag, EventCollector, Recorder, isolated};
use tokio::time::sleep;

/// The services of a graph. The `init` of the service with the number `failing` fails at its end.
fn definitions<'a>(dag: &'a Dag, failing: usize, recorder: &'a Recorder) -> impl Iterator<Item = Definition<()>> + 'a {
    (0..dag.len()).map(move |service| {
        let (takes, fails) = (dag.takes[service], service == failing);
        let requires = dag.requires[service].iter().map(|&on| dag.name(on));
        if fails {
            let definition = dag.definition(service).init(move |_| async move {
                sleep(takes).await;
                Err("no".into())
            });
            return definition;
        }
        recorder.service(&dag.name(service), takes, takes).requires(requires)
    })
}

// shows: F09
#[tokio::test(start_paused = true)]
async fn when_any_init_fails_the_ready_services_stop_once_dependants_first() {
    for seed in 0..60 {
        let dag = Dag::random(seed, 12);
        for failing in 0..dag.len() {
            let case = format!("seed {seed}, service {failing}");
            let recorder = Recorder::new();
            let collector = EventCollector::new();
            let builder = isolated().on_event(collector.listener());
            let boot =
                definitions(&dag, failing, &recorder).fold(builder, |builder, it| builder.define(it)).boot().await;
            let error = boot.err().unwrap_or_else(|| panic!("{case}: the boot succeeded"));
            assert_eq!(error.failures()[0].service(), dag.name(failing), "{case}");
            assert_stopped_in_reverse(&dag, collector.of("ready"), &recorder, &case);
        }
    }
}

fn assert_stopped_in_reverse(dag: &Dag, mut ready: Vec<String>, recorder: &Recorder, case: &str) {
    let mut shut_down = recorder.of("shutdown");
    for service in 0..dag.len() {
        for on in dag.requires[service].iter().map(|&on| dag.name(on)) {
            let name = dag.name(service);
            if shut_down.contains(&name) {
                assert!(
                    recorder.in_order(&format!("down {name}"), &format!("shutdown {on}")),
                    "{case}: {name} uses {on}"
                );
            }
        }
    }
    ready.sort_unstable();
    shut_down.sort_unstable();
    assert_eq!(shut_down, ready, "{case}");
}
