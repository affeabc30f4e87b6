//! Log records: one for each event, with the fields `domain`, `action` and `status`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use service_core::{Context, Definition, Health, Restart, Result, Retry};
use tests::{failing, hanging, isolated, ms};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// A log record.
#[derive(Clone, Debug, Default)]
struct Line {
    level: String,
    target: String,
    fields: BTreeMap<&'static str, String>,
}

impl Line {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Its level, message, domain, action and status.
    fn what(&self) -> String {
        let words = ["message", "domain", "action", "status"].map(|name| self.field(name));
        format!("{} {}: {}", self.level, words[0], words[1..].join(" "))
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// A subscriber that keeps each record.
#[derive(Clone, Debug, Default)]
struct Capture {
    lines: Arc<Mutex<Vec<Line>>>,
    spans: Arc<AtomicU64>,
}

impl Capture {
    /// Captures the records of this thread until the guard is dropped. Each test runs on one thread.
    fn begin() -> (Self, DefaultGuard) {
        // With a single subscriber, tracing asks the subscriber of the current thread whether a callsite is enabled and caches
        // the answer for all threads. With two subscribers it asks both.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Dispatch::new(Self::default()));
        let capture = Self::default();
        let guard = tracing::subscriber::set_default(capture.clone());
        (capture, guard)
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The only record with this message and service.
    fn one(&self, message: &str, service: &str) -> Line {
        let mut found = self.lines();
        found.retain(|line| line.field("message") == message && line.field("service") == service);
        assert_eq!(found.len(), 1, "{message} {service}, among {:#?}", self.lines());
        found.remove(0)
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("service_core")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line =
            Line { level: metadata.level().to_string(), target: metadata.target().to_owned(), ..Line::default() };
        event.record(&mut line);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn each_event_of_a_registry_is_one_log_record() -> Result<()> {
    let (log, _guard) = Capture::begin();
    let db = Definition::new("db").init(async |cx| {
        cx.progress("3 of 7 files");
        tokio::time::sleep(ms(20)).await;
        Ok(())
    });
    let registry = isolated().define(db).boot().await?;
    registry.request_shutdown("the test is over");
    registry.stopped().await?;

    let what: Vec<_> = log.lines().iter().map(Line::what).collect();
    let expected = [
        "INFO booting: lifecycle boot started",
        "DEBUG starting: lifecycle init started",
        "DEBUG progress: lifecycle progress started",
        "INFO ready: lifecycle init success",
        "INFO booted: lifecycle boot success",
        "INFO shutting down: lifecycle shutdown started",
        "DEBUG draining: lifecycle drain started",
        "DEBUG stopping: lifecycle shutdown started",
        "INFO stopped: lifecycle shutdown success",
        "INFO shut down: lifecycle shutdown success",
    ];
    assert_eq!(what, expected);
    assert_eq!(what.len(), registry.events().len(), "one record for each event");
    assert!(log.lines().iter().all(|line| line.target == "service_core"));

    assert_eq!(log.one("booting", "").field("services"), "1");
    let states = [
        ("starting", "starting"),
        ("ready", "ready"),
        ("draining", "draining"),
        ("stopping", "stopping"),
        ("stopped", "stopped"),
    ];
    for (message, state) in states {
        assert_eq!(log.one(message, "db").field("state"), state);
    }
    assert_eq!(log.one("progress", "db").field("progress"), "3 of 7 files");
    assert_eq!(log.one("ready", "db").field("elapsed"), "0.02", "in seconds");
    assert_eq!(log.one("booted", "").field("elapsed"), "0.02");
    assert_eq!(log.one("shutting down", "").field("reason"), "the test is over");
    assert_eq!(log.one("stopped", "db").field("elapsed"), "0.0");
    assert_eq!(log.one("shut down", "").field("elapsed"), "0.0");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_boot_logs_one_error_for_its_cause_and_one_for_itself() {
    let (log, _guard) = Capture::begin();
    let retried = failing("db", "no disk").retry(Retry::new(2, ms(200), ms(200)));
    let slow = hanging("slow").init_timeout(ms(1));
    let panicky = Definition::new("panicky").init(async |_| -> Result<()> { panic!("a bug") });
    let begun = Definition::new("begun").init(async |cx| {
        cx.defer(async { Err::<(), _>("a cleanup failed") });
        std::future::pending::<Result<()>>().await
    });
    let users = Definition::new("users").requires(["db"]);
    let optional = [slow, panicky].map(Definition::optional);
    let [slow, panicky] = optional;
    let boot = isolated().define(retried).define(users).define(slow).define(panicky);
    boot.define(hanging("also begun")).define(begun).boot().await.expect_err("db fails");

    let retry = log.one("trying again", "db");
    assert_eq!(retry.what(), "WARN trying again: lifecycle retry warning");
    assert_eq!(
        ["state", "attempt", "delay", "error_type"].map(|it| retry.field(it)),
        ["starting", "1", "0.2", "error"]
    );
    let failed = log.one("failed", "db");
    assert_eq!(failed.what(), "ERROR failed: lifecycle init error");
    assert_eq!(["state", "error_type"].map(|it| failed.field(it)), ["failed", "error"]);
    assert!(failed.field("error").contains("no disk") && !failed.field("elapsed").is_empty(), "{failed:?}");
    assert_eq!(log.one("failed", "slow").field("error_type"), "timeout");
    assert_eq!(log.one("failed", "panicky").field("error_type"), "panic");

    let blocked = log.one("blocked", "users");
    assert_eq!(blocked.what(), "WARN blocked: lifecycle init cancelled");
    assert_eq!(["state", "by"].map(|it| blocked.field(it)), ["blocked", "db"]);
    assert_eq!(
        log.one("the boot failed, rolling back", "").what(),
        "ERROR the boot failed, rolling back: lifecycle boot error"
    );
    assert_eq!(log.one("unwound", "also begun").what(), "DEBUG unwound: lifecycle unwind cancelled");
    let unwound = log.one("unwound, but not cleanly", "begun");
    assert_eq!(unwound.what(), "ERROR unwound, but not cleanly: lifecycle unwind error");
    assert!(unwound.field("error").contains("a cleanup failed"), "{unwound:?}");
}

#[tokio::test(start_paused = true)]
async fn late_blocking_and_failing_hooks_are_logged_with_their_phase() -> Result<()> {
    let (log, _guard) = Capture::begin();
    let late = Definition::new("late").init(async |_| {
        tokio::time::sleep(ms(6_000)).await;
        Ok(())
    });
    let blocking = Definition::new("blocking").init(async |_| Ok(())).health(async |_| {
        std::thread::sleep(ms(600));
        Health::Healthy
    });
    let bad = Definition::new("bad").init(async |_| Ok(())).shutdown(async |_, _| Err("no".into()));
    let registry = isolated().define(late).define(blocking).define(bad).boot().await?;
    registry.shutdown().await.expect_err("the shutdown of bad fails");

    let line = log.one("late", "late");
    assert_eq!(line.what(), "WARN late: lifecycle init warning");
    assert_eq!(["phase", "elapsed"].map(|it| line.field(it)), ["init", "5.0"]);
    assert!(!line.field("detail").is_empty(), "{line:?}");
    let line = log.one("blocking its thread; use spawn_blocking", "blocking");
    assert_eq!(line.what(), "WARN blocking its thread; use spawn_blocking: lifecycle health warning");
    assert!(line.field("elapsed").parse::<f64>()? >= 0.5, "{line:?}");
    let line = log.one("stopped, but not cleanly", "bad");
    assert_eq!(line.what(), "ERROR stopped, but not cleanly: lifecycle shutdown error");
    assert_eq!(["state", "error_type"].map(|it| line.field(it)), ["stopped", "error"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tasks_and_restarts_are_logged_with_their_service() -> Result<()> {
    let (log, _guard) = Capture::begin();
    let lives = Arc::new(AtomicU64::new(0));
    let restart = Restart::transient().intensity(1, ms(60_000)).backoff(ms(1_000), ms(1_000)).jitter(0.0);
    let pump = Definition::new("pump").restart(restart).init(move |cx: Context<()>| {
        let life = lives.fetch_add(1, Ordering::SeqCst);
        if life == 0 {
            cx.tasks().supervised("turn", restart, async || Err::<(), _>("stuck"));
        } else {
            let stopping = cx.stopping();
            cx.spawn("once", async move { stopping.cancelled().await });
            cx.tasks().spawn_unique("once", async {});
        }
        async { Ok(()) }
    });
    let registry = isolated().define(pump).boot().await?;
    tokio::time::sleep(ms(10_000)).await;
    registry.shutdown().await?;

    let failed: Vec<_> = log.lines().into_iter().filter(|line| line.field("message") == "task failed").collect();
    assert_eq!(failed.len(), 2, "{:#?}", log.lines());
    for line in failed {
        assert_eq!(line.what(), "ERROR task failed: task run error");
        assert_eq!(["service", "task", "error_type"].map(|it| line.field(it)), ["pump", "turn", "error"]);
    }
    let line = log.one("task restarting", "pump");
    assert_eq!(line.what(), "WARN task restarting: task restart started");
    assert_eq!(["task", "delay"].map(|it| line.field(it)), ["turn", "1.0"]);
    let line = log.one("restarting", "pump");
    assert_eq!(line.what(), "WARN restarting: lifecycle restart started");
    assert_eq!(["delay", "error_type"].map(|it| line.field(it)), ["1.0", "error"]);
    let line = log.one("task not started", "pump");
    assert_eq!(line.what(), "WARN task not started: task run cancelled");
    assert_eq!(line.field("task"), "once");
    assert_eq!(log.lines().len(), registry.events().len(), "one record for each event");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn services_that_are_left_running_are_logged_once_by_name() -> Result<()> {
    let (log, _guard) = Capture::begin();
    drop(isolated().define(Definition::new("a")).define(Definition::new("b")).boot().await?);
    tokio::time::sleep(ms(1_000)).await;
    let line = log.one("registry dropped without shutdown().await; these were left running", "");
    assert_eq!(["domain", "action", "status"].map(|it| line.field(it)), ["lifecycle", "shutdown", "warning"]);
    assert_eq!((&*line.level, line.field("services")), ("WARN", "a, b"));
    Ok(())
}

/// A record in the form of an event's `Display`: its message and its other fields in alphabetical order.
fn shown(line: &Line) -> String {
    let fields = line.fields.iter().filter(|(name, _)| !["message", "domain", "action", "status"].contains(name));
    let fields = fields.map(|(name, value)| format!(" {name}={}", value.strip_suffix(".0").unwrap_or(value)));
    line.field("message").to_owned() + &fields.collect::<String>()
}

/// The `Display` of an event, with its fields in alphabetical order and without quotes.
fn displayed(event: &service_core::Event) -> String {
    let text = event.to_string();
    assert_eq!(text.lines().count(), 1, "{text:?}");
    let at = text.match_indices('=').map(|(at, _)| text[..at].rfind(' ').expect("a name follows a space"));
    let mut starts: Vec<_> = at.filter(|at| text[..*at].matches('"').count().is_multiple_of(2)).collect();
    let message = text[..*starts.first().unwrap_or(&text.len())].to_owned();
    starts.push(text.len());
    let mut fields: Vec<_> = starts.windows(2).map(|pair| text[pair[0]..pair[1]].replace('"', "")).collect();
    fields.sort();
    message + &fields.concat()
}

#[tokio::test(start_paused = true)]
async fn the_display_of_an_event_is_the_text_of_its_log_record() -> Result<()> {
    let (capture, _guard) = Capture::begin();
    let worker = Definition::new("worker").retry(Retry::new(2, ms(10), ms(10))).init(|cx: Context<()>| async move {
        cx.progress("half way");
        cx.extend(ms(60_000));
        tokio::time::sleep(ms(7_000)).await;
        let often = Restart::transient().intensity(1, ms(1_000));
        cx.tasks().supervised("pump", often, || async { Err::<(), _>("the pump is stuck") });
        cx.tasks().spawn_unique("pump", async {});
        Ok(())
    });
    let slow = Definition::new("slow one").health(|_| async {
        tokio::time::sleep(ms(1_500)).await;
        Health::Healthy
    });
    let optional = failing("off", "no\nlicence").optional().retry(Retry::new(2, ms(10), ms(10)));
    let above = Definition::new("above").optional().requires(["off"]);
    let late = failing("late", "no answer").optional().retry(Retry::new(2, ms(10), ms(10)));
    let registry = isolated().define(late).define(worker).define(slow).define(optional).define(above).boot().await?;
    registry.health().await;
    registry.stopped().await.expect_err("the task pump fails permanently");
    let expected = registry.events();

    let lines = capture.lines();
    assert!(expected.len() >= 20, "{}", expected.len());
    for (event, line) in expected.iter().zip(&lines) {
        // Texts that the log escapes itself are not compared.
        if !event.to_string().contains('\\') {
            assert_eq!(displayed(event), shown(line));
        }
    }
    assert_eq!(expected[0].to_string(), "booting services=5");
    assert!(expected.iter().any(|it| it.to_string() == "progress service=worker progress=\"half way\""));
    let escaped: Vec<_> = expected.iter().map(ToString::to_string).filter(|it| it.contains("licence")).collect();
    assert!(escaped.iter().any(|it| it.contains("no\\u000alicence")), "{escaped:#?}");
    Ok(())
}
