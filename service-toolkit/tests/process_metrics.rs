//! `ProcessMetrics`: what a process can know of itself.
#![cfg(feature = "process_metrics")]
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::fs::File;
use std::future::pending;
use std::time::{Duration, Instant};

use service_toolkit::ProcessMetrics;

/// This file has one test, because another one would run at the same time in the same process.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_processor_tasks_and_open_files_follow_what_the_process_does() {
    let mut metrics = ProcessMetrics::start();
    let before = metrics.sample();
    assert_eq!(before.active_tasks, 0);

    let tasks: Vec<_> = (0..3).map(|_| tokio::spawn(pending::<()>())).collect();
    let files: Vec<_> = (0..4).map(|_| File::open("/dev/null").unwrap()).collect();
    let memory = std::hint::black_box(vec![1_u8; 64 << 20]);
    let began = Instant::now();
    // On the real clock: only the kernel counts the time that a thread was busy.
    while metrics.sample().cpu_time < before.cpu_time.map(|time| time + Duration::from_millis(30)) {
        assert!(began.elapsed() < Duration::from_secs(60), "this thread is busy");
    }
    let after = metrics.sample();
    assert_eq!(after.active_tasks, 3);
    assert_eq!(after.open_files, before.open_files.map(|files| files + 4));
    assert!(after.memory_bytes.unwrap() > before.memory_bytes.unwrap() + (60 << 20), "{before:?} {after:?}");
    drop((files, memory));
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[cfg(not(target_os = "linux"))]
#[tokio::test]
async fn memory_processor_tasks_and_open_files_follow_what_the_process_does() {
    let _task = tokio::spawn(pending::<()>());
    let sample = ProcessMetrics::start().sample();
    assert_eq!((sample.memory_bytes, sample.cpu_time, sample.open_files, sample.active_tasks), (None, None, None, 1));
}
