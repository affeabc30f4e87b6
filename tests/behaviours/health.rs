//! Health checks: what a service reports, what follows from it, and checks that hang, panic or block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use service_core::{Context, Definition, EventKind, Health, Lifecycle, Phase, Result, service};
use tests::{checked, failing, health_of, isolated, ms, secs};
use tokio::time::{Instant, sleep};

// shows: H03
#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_unhealthy_and_the_other_checks_are_reported() -> Result<()> {
    let registry = isolated()
        .define(checked("bad", || panic!("not my day")))
        .define(checked("good", || Health::Healthy))
        .boot()
        .await?;
    let report = registry.health().await;
    assert!(health_of(&report, "bad").why().is_some_and(|why| why.contains("not my day")), "{report}");
    assert_eq!(health_of(&report, "good"), &Health::Healthy);
    registry.shutdown().await?;
    Ok(())
}

// shows: H04
#[tokio::test(start_paused = true)]
async fn checks_run_concurrently_and_one_that_hangs_ends_at_its_own_timeout() -> Result<()> {
    let slow = |name: &str, takes: Duration| {
        let asked = AtomicU32::new(0);
        Definition::new(name).init(async |_| Ok(())).health_timeout(secs(2)).health(move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if !first {
                    sleep(takes).await;
                }
                Health::Healthy
            }
        })
    };
    let registry = isolated()
        .define(slow("hangs", secs(999)))
        .define(slow("one", ms(900)))
        .define(slow("two", ms(900)))
        .boot()
        .await?;
    let asked = Instant::now();
    let report = registry.health().await;
    assert_eq!(asked.elapsed(), secs(2));
    assert_eq!(health_of(&report, "hangs"), &Health::unhealthy("its check timed out after 2s"));
    registry.shutdown().await?;
    Ok(())
}

// shows: H10
#[tokio::test(start_paused = true)]
async fn each_check_reports_the_time_it_took() -> Result<()> {
    let asked = AtomicU32::new(0);
    let slow = Definition::new("slow").init(async |_| Ok(())).health(move |_| {
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(ms(300) * asked).await;
            Health::Healthy
        }
    });
    let registry = isolated().define(slow).boot().await?;
    for took in [ms(300), ms(600)] {
        let report = registry.health().await;
        assert_eq!(report.services[0].latency, took);
        assert!(report.to_string().contains(&format!("({took:?})")), "{report}");
    }
    registry.shutdown().await?;
    Ok(())
}

// shows: H10
#[tokio::test(start_paused = true)]
async fn a_check_that_becomes_slow_is_reported_once_until_it_is_fast_again() -> Result<()> {
    let times = [0, 10, 1_000, 3_000, 9_000, 999, 1_500, 2_000].map(ms);
    let asked = AtomicUsize::new(0);
    let slow = Definition::new("slow").health(move |_| {
        let time = times[asked.fetch_add(1, Ordering::SeqCst)];
        async move {
            sleep(time).await;
            Health::Healthy
        }
    });
    let registry = isolated().define(slow).define(checked("quick", || Health::Healthy)).boot().await?;
    for _ in 1..times.len() {
        registry.health().await;
    }
    let slow = registry.events().into_iter().filter_map(|event| match event.kind {
        EventKind::SlowHealth { service, elapsed } => Some((service.to_string(), elapsed)),
        _ => None,
    });
    assert_eq!(slow.collect::<Vec<_>>(), [("slow".to_owned(), secs(1)), ("slow".to_owned(), ms(1_500))]);
    registry.shutdown().await?;
    Ok(())
}

// shows: H05
#[tokio::test(start_paused = true)]
async fn the_registry_is_as_healthy_as_its_worst_service() -> Result<()> {
    let registry = isolated()
        .define(checked("a", || Health::degraded("slow")))
        .define(checked("b", || Health::Healthy))
        .boot()
        .await?;
    assert_eq!(registry.health().await.health(), Health::degraded("slow"));
    assert!(registry.readiness().await.is_up(), "a degraded service is ready");
    registry.shutdown().await?;
    Ok(())
}

// shows: H06
#[tokio::test(start_paused = true)]
async fn the_checks_of_a_group_run_without_the_others() -> Result<()> {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let other = checked("other", move || {
        count.fetch_add(1, Ordering::SeqCst);
        Health::Healthy
    });
    let registry =
        isolated().define(checked("db", || Health::degraded("slow")).tag("storage")).define(other).boot().await?;
    let report = registry.health_of("storage").await;
    assert_eq!(report.services.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["db"]);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "no check of another group runs");
    assert!(registry.health_of("nothing").await.services.is_empty());
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_health_report_is_cached_for_as_long_as_the_builder_says() -> Result<()> {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let service = checked("db", move || {
        count.fetch_add(1, Ordering::SeqCst);
        Health::Healthy
    });
    let registry = isolated().define(service).health_cache(secs(10)).boot().await?;
    for _ in 0..3 {
        registry.health().await;
    }
    tokio::join!(registry.health(), registry.health());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    sleep(secs(10)).await;
    tokio::join!(registry.health(), registry.health());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_health_report_lists_services_that_are_not_ready() -> Result<()> {
    let failed = failing("failed", "no").optional();
    let registry = isolated().define(failed).define(checked("fine", || Health::Healthy)).boot().await?;
    let report = registry.health().await;
    assert_eq!(health_of(&report, "failed"), &Health::degraded("failed"), "an optional service degrades the registry");
    assert_eq!(report.health().status(), "degraded");
    let json = report.to_json();
    let component = r#"{"name": "failed", "status": "degraded", "latency_ms": 0.000, "error": "failed"}"#;
    assert!(json.starts_with(r#"{"status": "degraded", "components": ["#) && json.contains(component), "{json}");
    registry.shutdown().await?;
    Ok(())
}

#[service(lazy)]
struct Disk {
    free: bool,
}

impl Lifecycle for Disk {
    async fn init(_cx: &Context<Self>) -> Result<Self> {
        Ok(Self { free: false })
    }

    async fn health(&self) -> Health {
        if self.free { Health::degraded("the fake one") } else { Health::unhealthy("the real one") }
    }
}

// shows: H11
#[tokio::test(start_paused = true)]
async fn a_replaced_service_takes_its_check_with_it() -> Result<()> {
    let registry = isolated().replace(Disk { free: true }).boot().await?;
    let report = registry.health().await;
    let checks: Vec<_> = report.services.iter().map(|it| (&*it.name, it.health.clone())).collect();
    assert_eq!(checks, [("Disk", Health::Healthy)], "one check, and it is not the check of the real service");
    registry.shutdown().await?;
    Ok(())
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a bomb");
    }
}

/// A service whose first check is healthy and whose later checks never end.
fn silent(holding: fn() -> Option<Bomb>) -> Definition<()> {
    let asked = AtomicBool::new(false);
    Definition::new("silent").health(move |_| {
        let is_started = asked.swap(true, Ordering::SeqCst);
        async move {
            if is_started {
                let _held = holding();
                std::future::pending::<()>().await;
            }
            Health::Healthy
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_check_does_not_outlive_its_service() -> Result<()> {
    let registry = isolated().define(silent(|| None)).boot().await?;
    let began = Instant::now();
    let asking = tokio::spawn({
        let registry = registry.clone();
        async move { registry.health().await }
    });
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    registry.shutdown().await?;
    assert_eq!(asking.await?.health(), Health::unhealthy("stopped"));
    assert_eq!(began.elapsed(), ms(0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_when_it_is_dropped_is_unhealthy() -> Result<()> {
    let registry = isolated().define(silent(|| Some(Bomb))).boot().await?;
    let report = registry.health().await.to_string();
    assert!(report.contains("its check panicked: a bomb"), "{report}");
    registry.shutdown().await?;
    Ok(())
}

// shows: H04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_never_yields_times_out_and_blocks_one_thread_only() -> Result<()> {
    let (free, held) = std::sync::mpsc::channel::<()>();
    let (held, asked) = (std::sync::Mutex::new(held), Arc::new(AtomicU32::new(0)));
    let count = asked.clone();
    let stuck = Definition::new("stuck").health_timeout(ms(50)).health(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) == 1 {
            // The timeout lets the test fail if it does not end the block.
            let _ = held.lock().expect("only this check waits").recv_timeout(secs(30));
        }
        async { Health::Healthy }
    });
    let registry = isolated().define(stuck).define(checked("good", || Health::Healthy)).boot().await?;
    for _ in 0..3 {
        let (report, same) = tokio::join!(registry.health(), registry.health());
        for report in [report, same] {
            let why = health_of(&report, "stuck").why().unwrap_or_default().to_owned();
            assert!(why.starts_with("its check timed out after 50ms: it is blocking its thread for"), "{report}");
            assert_eq!(health_of(&report, "good"), &Health::Healthy);
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "no second check begins while the first one blocks");
    let reported = registry.events().into_iter().filter(|event| {
        matches!(&event.kind, EventKind::Blocking { service, phase: Phase::Health, .. } if &**service == "stuck")
    });
    assert_eq!(reported.count(), 1);
    free.send(())?;
    let began = Instant::now();
    while registry.health().await.health() != Health::Healthy {
        assert!(began.elapsed() < secs(30), "a new check begins when the blocked one has ended");
        tokio::task::yield_now().await;
    }
    registry.shutdown().await?;
    Ok(())
}
