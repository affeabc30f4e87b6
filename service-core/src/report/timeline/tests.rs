use std::time::Duration;

use crate::base::{Failure, Location, Phase, ShutdownReason, State, StopOutcome, columns};
use crate::report::{BootReport, ServiceReport, ServiceShutdown, ShutdownReport, Timeline};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const PLACE: Location = Location::new("shop", "src/shop.rs", 3, 1);

fn entry(name: &str, dependencies: &[&str], began: u64, own: u64) -> ServiceReport {
    ServiceReport {
        name: name.to_owned(),
        location: PLACE,
        state: State::Ready,
        eager: true,
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        began: Some(ms(began)),
        waited: ms(began),
        waited_for_slot: Duration::ZERO,
        own: ms(own),
        slack: None,
        attempts: 1,
        blocked: None,
        failure: None,
        missing: Vec::new(),
    }
}

fn failure() -> Failure {
    Failure::panic("mail", PLACE, Phase::Init, ms(5), "boom".to_owned())
}

fn shop() -> BootReport {
    let services = vec![
        entry("Db", &[], 0, 400),
        entry("Settings", &[], 0, 0),
        ServiceReport { waited_for_slot: ms(100), ..entry("Cache", &["Db"], 500, 50) },
        ServiceReport { attempts: 3, ..entry("Search", &["Db"], 400, 600) },
        ServiceReport { state: State::Failed, failure: Some(failure()), ..entry("Mail", &["Db"], 400, 100) },
        ServiceReport { state: State::Blocked, began: None, attempts: 0, ..entry("Letters", &["Mail"], 0, 0) },
        ServiceReport { missing: vec!["Mail".to_owned()], ..entry("Api", &["Cache", "Search", "Mail"], 1_000, 234) },
        ServiceReport { eager: false, ..entry("Reports", &[], 9_000, 5) },
    ];
    BootReport::new(services, ms(1_234), Vec::new())
}

#[test]
fn a_boot_is_drawn_with_waiting_and_own_time_apart() {
    let drawn = "\
boot: 5 of 7 services ready in 1.234s
           0                                    1.23s
▸ Db       ██████████████                               400ms
  Settings █                                                0
▸ Search   ··············████████████████████           600ms ×3
  Mail     ··············███                            100ms failed
  Cache    ··············░░░██                           50ms
▸ Api      ··································████████   234ms degraded
  Letters                                                     blocked
  1 service started later or again
  █ own time   · waits for dependencies   ░ waits for a slot   ▸ critical path";
    let timeline = shop().timeline().width(70).to_string();
    assert_eq!(timeline, drawn, "\n{timeline}");
}

#[test]
fn a_shutdown_is_drawn_with_its_drain() {
    let stopped = |name: &str, waited: u64, drain: u64, own: u64| ServiceShutdown {
        was_ready: true,
        waited: ms(waited),
        drain: ms(drain),
        own: ms(own),
        ..ServiceShutdown::new(name, PLACE)
    };
    let abandoned = ServiceShutdown { outcome: StopOutcome::Abandoned(failure()), ..stopped("Db", 50, 0, 50) };
    let services = vec![stopped("Api", 0, 40, 10), abandoned];
    let report = ShutdownReport { reason: ShutdownReason::Signal("SIGTERM"), services, began: ms(0), total: ms(100) };
    let drawn = "\
shutdown: 1 of 2 services stopped cleanly in 100ms
      0                100ms
  Api ▒▒▒▒▒▒▒▒▒██               10ms
  Db  ···········███████████    50ms abandoned
  █ own time   · waits for dependants   ▒ drains calls and tasks";
    assert_eq!(report.timeline().width(46).to_string(), drawn);
}

fn fits(timeline: &Timeline, width: usize) {
    for line in timeline.to_string().lines() {
        assert!(columns::width(line) <= width, "{line:?}\n{timeline}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn strange_names_and_times_stay_within_their_line() {
    let names = [
        "a\nb",
        "\"quoted\" <b>",
        "数据库连接池数据库连接池数据库",
        "\u{1b}[31mred",
        &"long".repeat(50),
        "🦀",
        "\u{202e}x",
    ];
    for own in [Duration::ZERO, Duration::from_nanos(1), ms(1), Duration::from_secs(86_400 * 400)] {
        for total in [Duration::ZERO, ms(1), own] {
            let service = |name: &&str| ServiceReport { own, ..entry(name, &[], 0, 0) };
            let report = BootReport::new(names.iter().map(service).collect(), total, Vec::new());
            for width in [0, 40, 80, 300] {
                fits(&report.timeline().width(width), width.max(74));
            }
            assert_eq!(report.timeline().to_string().lines().count(), 2 + names.len() + 1);
        }
    }
    assert_eq!(
        BootReport::new(Vec::new(), ms(0), Vec::new()).timeline().to_string(),
        "boot: 0 of 0 services ready in 0ns"
    );
}

#[test]
fn of_200_services_those_that_explain_the_time_are_drawn() {
    let mut services: Vec<_> = (0..200).map(|at| entry(&format!("quick-{at}"), &[], at / 4, 1)).collect();
    services.extend([entry("slow", &[], 0, 900), entry("after-slow", &["slow"], 900, 0)]);
    services.push(ServiceReport { attempts: 2, ..entry("tried-twice", &[], 0, 1) });
    let report = BootReport::new(services, ms(900), Vec::new());
    let timeline = report.timeline().to_string();
    for name in ["slow", "after-slow", "tried-twice", "and 200 more services, each at most 9ms"] {
        assert!(timeline.contains(name), "{name} is missing:\n{timeline}");
    }
    assert_eq!(timeline.lines().count(), 7, "{timeline}");
    fits(&report.timeline(), 80);
    assert_eq!(report.timeline().all(true).to_string().lines().count(), 206);
}

#[test]
fn colours_are_codes_around_the_same_text() {
    let plain = shop().timeline().to_string();
    assert!(!plain.contains('\u{1b}'));
    let colored = shop().timeline().color(true).to_string();
    assert!(colored.contains("\u{1b}[31m"), "{colored}");
    let mut without = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        without.push_str(before);
        rest = after.split_once('m').expect("a code ends with m").1;
    }
    assert_eq!(without + rest, plain);
}
