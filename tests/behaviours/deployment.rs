//! The times in `docs/deploy` against the default budgets of the library, which are measured on a paused clock.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use service_core::{Context, Definition, Health, Lifecycle, Result, guarded, service};
use tests::{hanging, isolated, ms};
use tokio::time::Instant;

const UNIT: &str = include_str!("../../docs/deploy/shop.service");
const MANIFEST: &str = include_str!("../../docs/deploy/kubernetes.yaml");
const PAGE: &str = include_str!("../../service-core/guide/deployment.md");

/// The keys of a unit, with their values.
fn unit() -> BTreeMap<&'static str, &'static str> {
    let lines = UNIT.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
    lines.map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line:?} has no value"))).collect()
}

/// The scalars of the first document of the manifest by their paths: `spec.replicas`, `spec.containers.0.name`. It reads only
/// the YAML that the manifest uses and panics at anything else.
fn manifest() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut items: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for line in MANIFEST.lines().take_while(|line| *line != "---") {
        let line = line.split(" # ").next().unwrap_or_default().trim_end();
        let mut rest = line.trim_start();
        let mut indent = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        path.retain(|(at, _)| *at < indent);
        if let Some(item) = rest.strip_prefix("- ") {
            let list = path.iter().map(|(_, name)| &**name).collect::<Vec<_>>().join(".");
            let number = items.entry((indent, list)).or_default();
            path.push((indent, number.to_string()));
            *number += 1;
            indent += 2;
            rest = item;
        }
        let (key, value) =
            rest.split_once(':').unwrap_or_else(|| panic!("{line:?} is YAML that this test cannot read"));
        path.push((indent, key.to_owned()));
        if !value.is_empty() {
            let path = path.iter().map(|(_, name)| &**name).collect::<Vec<_>>().join(".");
            found.insert(path, value.trim().to_owned());
        }
    }
    found
}

/// A value of the manifest in seconds.
fn seconds(manifest: &BTreeMap<String, String>, key: &str) -> Duration {
    let value = manifest.get(key).unwrap_or_else(|| panic!("there is no {key} among {manifest:#?}"));
    Duration::from_secs(value.parse().expect("a number"))
}

const POD: &str = "spec.template.spec";

async fn default_init() -> Duration {
    let error = isolated().define(hanging("it")).boot().await.expect_err("the init hangs");
    error.failures()[0].elapsed()
}

async fn default_health() -> Result<Duration> {
    let asked = AtomicBool::new(false);
    let it = Definition::new("it").init(async |_| Ok(())).health(move |_| {
        let is_first = !asked.swap(true, Ordering::SeqCst);
        async move { if is_first { Health::Healthy } else { pending().await } }
    });
    let registry = isolated().define(it).boot().await?;
    let began = Instant::now();
    registry.health().await;
    let took = began.elapsed();
    registry.shutdown().await?;
    Ok(took)
}

#[service(lazy)]
struct Busy;

impl Lifecycle for Busy {
    async fn init(_: &Context<Self>) -> Result<Self> {
        Ok(Self)
    }
}

impl Busy {
    #[guarded]
    async fn work(&self) -> Result<()> {
        pending().await
    }
}

async fn default_drain() -> Result<Duration> {
    let registry = isolated().with::<Busy>().boot().await?;
    let busy = registry.get::<Busy>()?;
    let call = tokio::spawn(async move { busy.work().await });
    tokio::time::sleep(ms(1)).await;
    let began = Instant::now();
    registry.shutdown().await.expect_err("a call does not end");
    call.abort();
    Ok(began.elapsed())
}

async fn default_shutdown() -> Result<Duration> {
    let hour = Duration::from_secs(3_600);
    let it = Definition::new("it").init(async |_| Ok(())).shutdown(async |_, _| pending().await);
    let registry = isolated().define(it.shutdown_timeout(hour)).boot().await?;
    let began = Instant::now();
    registry.shutdown().await.expect_err("it hangs");
    Ok(began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_kubernetes_manifest_leaves_time_for_the_default_budgets() -> Result<()> {
    let manifest = manifest();
    let pod = |key: &str| seconds(&manifest, &format!("{POD}.{key}"));
    let container = |key: &str| seconds(&manifest, &format!("{POD}.containers.0.{key}"));
    let (init, health, drain, shutdown) =
        (default_init().await, default_health().await?, default_drain().await?, default_shutdown().await?);

    let grace = pod("terminationGracePeriodSeconds");
    assert!(grace >= container("lifecycle.preStop.sleep.seconds") + shutdown + ms(2_000), "{grace:?}, {shutdown:?}");
    assert!(drain < shutdown, "{drain:?}");
    let failures = container("startupProbe.failureThreshold").as_secs() as u32;
    let startup = container("startupProbe.periodSeconds") * failures;
    assert!(startup >= init * 2, "two services in a row can use their whole budgets: {startup:?}, {init:?}");
    let readiness = container("readinessProbe.timeoutSeconds");
    assert!(readiness > health, "the probe waits longer than a check may take: {readiness:?}, {health:?}");
    for (probe, path) in [("startup", "/startupz"), ("readiness", "/readyz"), ("liveness", "/livez")] {
        let get = |key: &str| manifest[&format!("{POD}.containers.0.{probe}Probe.httpGet.{key}")].as_str();
        assert_eq!((get("path"), get("port")), (path, "probes"));
    }
    let sentences = [
        format!("`init` {} s", init.as_secs()),
        format!("drain {} s", drain.as_secs()),
        format!("the whole shutdown {} s", shutdown.as_secs()),
        format!("a health check {} s", health.as_secs()),
    ];
    for sentence in sentences {
        assert!(PAGE.contains(&sentence), "guide/deployment.md does not contain: {sentence}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_systemd_unit_leaves_time_for_the_default_budgets() -> Result<()> {
    let unit = unit();
    let seconds = |key: &str| Duration::from_secs(unit[key].parse().expect("a number"));
    assert_eq!((unit["Type"], unit["NotifyAccess"]), ("notify", "main"));
    assert_eq!(unit["KillSignal"], "SIGTERM", "the library listens for this signal");
    assert_eq!(unit["KillMode"], "mixed", "the shop stops its own child processes");
    assert!(seconds("TimeoutStopSec") > default_shutdown().await?);
    assert!(seconds("TimeoutStartSec") > default_init().await);
    assert!(seconds("WatchdogSec") >= ms(10_000), "a short block of a thread does not stop the process");
    let attempt = seconds("RestartSec") + seconds("TimeoutStartSec") + seconds("TimeoutStopSec");
    let burst: u32 = unit["StartLimitBurst"].parse().expect("a number");
    assert!(attempt * burst < seconds("StartLimitIntervalSec"), "the limit can be reached");
    Ok(())
}

#[test]
fn a_manifest_value_is_found_by_its_path() {
    let manifest = manifest();
    let of = |path: &str| manifest.get(path).map(String::as_str);
    assert_eq!(of("kind"), Some("Deployment"));
    assert_eq!(of("spec.strategy.type"), Some("Recreate"));
    assert_eq!(of("spec.template.spec.containers.0.ports.1.containerPort"), Some("9090"));
    assert_eq!(of("spec.template.spec.volumes.0.persistentVolumeClaim.claimName"), Some("shop"));
    assert_eq!(of("spec.template.spec.containers.0.livenessProbe.failureThreshold"), Some("3"));
}
