//! Failed boots: the rollback stops exactly the ready services, and the error names the cause.

use std::error::Error;
use std::fmt;

use service_core::{BootFailure, Definition, Phase};
use tests::{EventCollector, Latch, Recorder, failing, hanging, isolated, ms};
use tokio::time::{Instant, sleep, timeout};

#[derive(Debug)]
struct Refused(u16);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused on port {}", self.0)
    }
}

impl Error for Refused {}

// shows: F01
#[tokio::test(start_paused = true)]
async fn a_failed_init_stops_the_ready_services_and_not_itself() {
    let recorder = Recorder::new();
    let error = isolated()
        .define(recorder.quick("a"))
        .define(failing("b", "no disk").requires(["a"]).shutdown(|_, _| async { panic!("b was never ready") }))
        .boot()
        .await
        .expect_err("b fails");
    assert_eq!(recorder.entries(), ["init a", "up a", "shutdown a", "down a"]);
    assert_eq!(error.failures().len(), 1);
    assert_eq!(error.failures()[0].service(), "b");
    let rolled_back = error.rollback().map(|rollback| rollback.services.iter().map(|it| it.name.as_str()).collect());
    assert_eq!(rolled_back, Some(vec!["a"]));
}

// shows: F02
#[tokio::test(start_paused = true)]
async fn an_error_lists_the_failed_start_before_the_failed_rollback() {
    let error = isolated()
        .define(Definition::new("a").shutdown(|_, _| async { Err("a would not stop".into()) }))
        .define(failing("b", "b would not start").requires(["a"]))
        .boot()
        .await
        .expect_err("b fails");
    assert_eq!(error.failures().len(), 1, "a failure of the rollback is not the cause");
    let rollback = error.rollback().expect("a was ready");
    assert!(rollback.failures().any(|failure| failure.service() == "a" && *failure.phase() == Phase::Shutdown));
    let text = error.to_string();
    let (start, stop) = (text.find("b would not start"), text.find("a would not stop"));
    assert!(start.is_some() && start < stop, "{text}");
}

// shows: F03
#[tokio::test(start_paused = true)]
async fn an_init_that_is_running_when_another_fails_ends_before_boot_returns() {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let error = isolated()
        .on_event(collector.listener())
        .define(recorder.service("d", ms(300), ms(0)))
        .define(Definition::new("c").init(async |_| {
            sleep(ms(100)).await;
            Err::<(), _>("no".into())
        }))
        .boot()
        .await
        .expect_err("c fails");
    assert_eq!(error.failures()[0].elapsed(), ms(100));
    assert_eq!(collector.of("unwound"), ["d"], "d is unwound before boot() returns");
    sleep(ms(1_000)).await;
    assert_eq!(recorder.entries(), ["init d"], "d never becomes ready and is never stopped");
    assert_eq!(collector.of("ready"), Vec::<String>::new());
}

// shows: F05
#[tokio::test(start_paused = true)]
async fn dependants_of_a_failed_service_never_start_and_are_listed() {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let error = isolated()
        .on_event(collector.listener())
        .define(failing("b", "no"))
        .define(recorder.quick("c").requires(["b"]))
        .define(recorder.quick("d").requires(["c"]))
        .define(recorder.quick("e"))
        .boot()
        .await
        .expect_err("b fails");
    assert_eq!(recorder.of("init"), ["e"]);
    let BootFailure::Services { blocked, .. } = error.failure() else { panic!("{error}") };
    let blocked: Vec<_> = blocked.iter().map(|it| (it.service.as_str(), it.by.as_str())).collect();
    assert_eq!(blocked, [("c", "b"), ("d", "b")]);
    assert_eq!(collector.of("blocked"), ["c", "d"]);
    assert!(error.to_string().contains("d was not started, because it requires b"), "{error}");
}

// shows: F06
#[tokio::test(start_paused = true)]
async fn the_rollback_after_the_boot_deadline_has_its_own_budget() {
    let recorder = Recorder::new();
    let error = isolated()
        .boot_timeout(ms(100))
        .define(recorder.service("a", ms(10), ms(5_000)))
        .define(hanging("b").requires(["a"]))
        .boot()
        .await
        .expect_err("b hangs");
    let BootFailure::TimedOut { after, unready, .. } = error.failure() else { panic!("{error}") };
    assert_eq!(*after, ms(100));
    assert_eq!(unready.len(), 1, "{unready:?}");
    assert_eq!(recorder.at("down a"), ms(5_100), "the rollback has its own budget");
}

// shows: F07
#[tokio::test(start_paused = true)]
async fn a_dropped_boot_stops_the_ready_services_and_drops_the_others() {
    let recorder = Recorder::new();
    let collector = EventCollector::new();
    let boot = isolated()
        .on_event(collector.listener())
        .define(recorder.service("a", ms(10), ms(10)))
        .define(recorder.service("b", ms(10), ms(10)).requires(["a"]))
        .define(recorder.service("c", ms(500), ms(10)).requires(["b"]))
        .boot();
    assert!(timeout(ms(100), boot).await.is_err(), "c takes longer");
    sleep(ms(1_000)).await;
    assert_eq!(recorder.of("shutdown"), ["b", "a"]);
    assert_eq!(collector.of("unwound"), ["c"]);
    assert_eq!(collector.lines().last().map(String::as_str), Some("shut down"));
}

// shows: F08
#[tokio::test(start_paused = true)]
async fn a_rollback_stops_independent_services_concurrently() {
    let recorder = Recorder::new();
    let began = Instant::now();
    isolated()
        .define(recorder.service("root", ms(0), ms(100)))
        .define(recorder.service("left", ms(0), ms(300)).requires(["root"]))
        .define(recorder.service("right", ms(0), ms(200)).requires(["root"]))
        .define(failing("top", "no").requires(["left", "right"]))
        .boot()
        .await
        .expect_err("top fails");
    assert_eq!(recorder.at("shutdown left"), recorder.at("shutdown right"));
    assert_eq!(recorder.at("shutdown root"), ms(300));
    assert_eq!(began.elapsed(), ms(400));
}

// shows: F17, F18
#[tokio::test(start_paused = true)]
async fn a_failed_boot_reports_shut_down_and_never_booted() {
    let collector = EventCollector::new();
    isolated().on_event(collector.listener()).define(failing("only", "no")).boot().await.expect_err("it fails");
    assert_eq!(collector.lines(), ["booting", "starting only", "failed only", "rolling back", "shut down"]);
}

// shows: F19
#[tokio::test(start_paused = true)]
async fn a_failure_names_service_location_phase_time_and_the_path_of_dependants() {
    let line = line!() + 2;
    let error = isolated()
        .define(Definition::new("db").init(async |_| {
            sleep(ms(40)).await;
            Err::<(), _>(Refused(5432).into())
        }))
        .define(Definition::new("cache").requires(["db"]))
        .define(Definition::new("users").requires(["cache"]))
        .boot()
        .await
        .expect_err("db fails");
    let [failure] = error.failures() else { panic!("{error}") };
    assert_eq!(failure.service(), "db");
    assert_eq!(*failure.phase(), Phase::Init);
    assert_eq!(failure.elapsed(), ms(40));
    assert_eq!(failure.path(), ["users", "cache", "db"]);
    assert!(failure.location().file.ends_with("rollback.rs"));
    assert_eq!(failure.location().line, line);

    let source = error.source().and_then(Error::source).and_then(|source| source.downcast_ref::<Refused>());
    assert_eq!(source.map(|refused| refused.0), Some(5432));
    let text = error.to_string();
    for part in ["init of db", "40ms", "refused on port 5432", "rollback.rs", "users → cache"] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    assert_eq!(format!("{error:?}"), text, "`main` prints the Debug form");
}

// shows: F22
#[tokio::test(start_paused = true)]
async fn a_service_that_never_started_is_never_stopped() {
    let recorder = Recorder::new();
    isolated()
        .concurrency(1)
        .define(failing("bottom", "no"))
        .define(recorder.quick("above").requires(["bottom"]))
        .define(recorder.quick("beside"))
        .boot()
        .await
        .expect_err("bottom fails");
    assert_eq!(recorder.entries(), Vec::<String>::new(), "`beside` has not started before the failure");
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_runs_cleanups_but_no_shutdown() {
    let recorder = Recorder::new();
    let deferred = recorder.clone();
    let error = isolated()
        .define(
            Definition::new("a")
                .init(move |cx| {
                    let recorder = deferred.clone();
                    cx.defer(async move { recorder.record("cleanup") });
                    async { Ok(()) }
                })
                .start(|_, _| async { Err("cannot listen".into()) })
                .shutdown(|_, _| async { panic!("a was never ready") }),
        )
        .boot()
        .await
        .expect_err("its start fails");
    assert_eq!(*error.failures()[0].phase(), Phase::Start);
    assert_eq!(recorder.entries(), ["cleanup"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_first_check_is_unhealthy_does_not_become_ready() {
    let error = isolated()
        .define(Definition::new("a").health(|_| async { service_core::Health::unhealthy("no replica") }))
        .boot()
        .await
        .expect_err("it is unhealthy");
    assert_eq!(*error.failures()[0].phase(), Phase::Health);
    assert!(error.to_string().contains("no replica"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_remains_the_cause_if_the_boot_is_cancelled_during_the_rollback() {
    let stopping = Latch::new();
    let begun = stopping.clone();
    let token = tokio_util::sync::CancellationToken::new();
    let boot = isolated()
        .cancel(token.clone())
        .define(Definition::new("a").shutdown(move |_, _| {
            let stopping = begun.clone();
            async move {
                stopping.open();
                sleep(ms(100)).await;
                Ok(())
            }
        }))
        .define(failing("b", "no disk").requires(["a"]))
        .boot();
    let cancel = async {
        timeout(ms(1_000), stopping.opened()).await.expect("a stops");
        token.cancel();
    };
    let (boot, ()) = tokio::join!(boot, cancel);
    let error = boot.expect_err("b fails");
    assert_eq!(error.failures().len(), 1, "the cancellation is not a failure: {error}");
}
