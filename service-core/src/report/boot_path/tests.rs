use std::time::Duration;

use super::Change;
use crate::base::{Location, Rng, State};
use crate::report::{BootReport, ServiceReport};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A graph in which each service depends on some of those before it, with the own time of each service.
struct Model {
    own: Vec<Duration>,
    below: Vec<Vec<usize>>,
}

impl Model {
    fn random(seed: u64) -> Self {
        let mut rng = Rng::new(Some(seed));
        let mut roll = |sides: usize| (rng.draw() * sides as f64) as usize;
        let count = 1 + roll(9);
        let below = (0..count).map(|at| (0..at).filter(|_| roll(3) == 0).collect()).collect();
        Self { own: (0..count).map(|_| ms(roll(20) as u64)).collect(), below }
    }

    fn with(&self, service: usize, own: Duration) -> Self {
        let mut changed = Self { own: self.own.clone(), below: self.below.clone() };
        changed.own[service] = own;
        changed
    }

    /// The duration of each path that ends with this service, found by following every path.
    fn paths(&self, service: usize) -> Vec<Duration> {
        let longer = self.below[service].iter().flat_map(|&below| self.paths(below));
        longer.map(|path| path + self.own[service]).chain([self.own[service]]).collect()
    }

    fn boots_in(&self) -> Duration {
        (0..self.own.len()).flat_map(|service| self.paths(service)).max().unwrap_or_default()
    }

    /// The report of a boot that runs each service when its last dependency has ended.
    fn report(&self) -> BootReport {
        let services = (0..self.own.len()).map(|at| {
            let began = self.below[at].iter().flat_map(|&below| self.paths(below)).max().unwrap_or_default();
            let dependencies = self.below[at].iter().map(|below| format!("s{below}")).collect();
            ServiceReport { own: self.own[at], ..entry(&format!("s{at}"), dependencies, began) }
        });
        BootReport::new(services.collect(), self.boots_in(), Vec::new())
    }
}

fn entry(name: &str, dependencies: Vec<String>, began: Duration) -> ServiceReport {
    ServiceReport {
        name: name.to_owned(),
        location: Location::new("shop", "src/shop.rs", 3, 1),
        state: State::Ready,
        eager: true,
        dependencies,
        began: Some(began),
        waited: began,
        waited_for_slot: Duration::ZERO,
        own: Duration::ZERO,
        slack: None,
        attempts: 1,
        blocked: None,
        failure: None,
        missing: Vec::new(),
    }
}

// shows: O03
#[test]
fn the_own_times_of_the_path_add_up_to_the_boot_on_generated_graphs() {
    for seed in 0..2_000 {
        let report = Model::random(seed).report();
        let path = report.path();
        assert_eq!((path.own(), path.rest), (report.total, Duration::ZERO), "seed {seed}: {path}");
        let names: Vec<_> = path.steps.iter().map(|step| &step.name).collect();
        for pair in names.windows(2) {
            let above = report.services.iter().find(|it| it.name == *pair[1]).unwrap();
            assert!(above.dependencies.contains(pair[0]), "seed {seed}: {path}");
        }
    }
}

// shows: O04
#[test]
fn a_service_with_its_slack_more_does_not_delay_the_boot_and_with_one_more_it_does() {
    for seed in 0..2_000 {
        let model = Model::random(seed);
        let report = model.report();
        for (at, service) in report.services.iter().enumerate() {
            let own = service.own + service.slack.unwrap();
            assert_eq!(model.with(at, own).boots_in(), report.total, "seed {seed}, {}", service.name);
            assert_eq!(model.with(at, own + ms(1)).boots_in(), report.total + ms(1), "seed {seed}, {}", service.name);
        }
    }
}

#[test]
fn what_if_is_the_time_of_a_boot_with_the_changed_service() {
    for seed in 0..2_000 {
        let model = Model::random(seed);
        let report = model.report();
        for (at, service) in report.services.iter().enumerate() {
            for own in [Duration::ZERO, ms(1), service.own / 2, service.own * 3, ms(100)] {
                let expected = Some(model.with(at, own).boots_in());
                assert_eq!(report.what_if(&service.name, own), expected, "seed {seed}, {} {own:?}", service.name);
            }
            let twice = Some(model.with(at, service.own * 2).boots_in());
            assert_eq!(report.what_if(&service.name, 2.0), twice, "seed {seed}, {}", service.name);
        }
    }
}

#[test]
fn a_change_by_no_sensible_number_neither_panics_nor_goes_below_zero() {
    for (factor, own) in [(-1.0, ms(0)), (f64::NAN, ms(0)), (f64::INFINITY, Duration::MAX), (1e300, Duration::MAX)] {
        assert_eq!(Change::from(factor).apply(ms(5)), own, "{factor}");
    }
    let report = Model { own: vec![ms(5), ms(6)], below: vec![vec![], vec![0]] }.report();
    assert_eq!(report.what_if("s0", Duration::MAX), Some(Duration::MAX));
    assert_eq!(report.what_if("nobody", 0.5), None);
}

#[test]
fn a_service_that_waited_for_a_slot_follows_the_one_that_left_it() {
    let slow = ServiceReport { own: ms(30), ..entry("slow", vec![], ms(0)) };
    let waits = ServiceReport { own: ms(10), waited_for_slot: ms(30), ..entry("waits", vec![], ms(30)) };
    let path = BootReport::new(vec![slow, waits], ms(40), Vec::new()).path();
    assert_eq!(path.to_string(), "slow 30ms → waits 10ms");
    assert_eq!((path.own(), path.total()), (ms(40), ms(40)));
}

#[test]
fn what_the_path_does_not_explain_is_shown_apart() {
    let db = ServiceReport { own: ms(30), ..entry("db", vec![], ms(1)) };
    let api = ServiceReport { own: ms(10), ..entry("api", vec!["db".to_owned()], ms(33)) };
    let lazy = ServiceReport { own: ms(90), eager: false, ..entry("lazy", vec![], ms(0)) };
    let restarted = ServiceReport { own: ms(5), ..entry("restarted", vec![], ms(70)) };
    let report = BootReport::new(vec![db, api, lazy, restarted], ms(44), Vec::new());
    let path = report.path();
    let pauses: Vec<_> = path.steps.iter().map(|step| step.pause).collect();
    assert_eq!((pauses, path.rest, path.total()), (vec![ms(1), ms(2)], ms(1), ms(44)));
    assert_eq!(path.to_string(), "db 30ms → api 10ms, and 4ms between them");
    assert_eq!(report.services[2].slack, None);
    assert_eq!(BootReport::new(Vec::new(), ms(0), Vec::new()).path().to_string(), "");
}

/// A wanted service that was blocked has no time of its own: what follows it has waited for what blocked it.
#[test]
fn the_path_leads_through_a_service_that_was_blocked() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let root = ServiceReport { own: ms(30), state: State::Failed, ..entry("root", vec![], ms(0)) };
    let blocked = ServiceReport { began: None, attempts: 0, ..entry("blocked", names(&["root"]), ms(0)) };
    let api = ServiceReport { own: ms(10), ..entry("api", names(&["blocked"]), ms(30)) };
    let report = BootReport::new(vec![root, blocked, api], ms(40), Vec::new());
    assert_eq!(report.critical_path, ["root", "api"]);
    assert_eq!(report.what_if("root", ms(10)), Some(ms(20)));
    assert_eq!(report.what_if("blocked", ms(10)), None);
}
