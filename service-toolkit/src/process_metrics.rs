//! [`ProcessMetrics`]: what this process uses: memory, processor time, tasks and open files.

use std::fs;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// The length of a tick, the unit of the processor time that Linux reports. It is part of the kernel's interface, on all processors
/// that Rust's standard library supports.
const TICK: Duration = Duration::from_millis(10);

/// Measures what this process uses.
///
/// The values that the operating system reports are known on Linux only, from `/proc`; elsewhere, and where `/proc` is not mounted,
/// they are `None`. A [`sample`](Self::sample) reads three small files and blocks for some microseconds. The load of the processor
/// is that between two samples, by the real clock and not by tokio's.
///
/// ```
/// use service_toolkit::ProcessMetrics;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut metrics = ProcessMetrics::start();
/// // In a service, this is what a periodic task does.
/// let sample = metrics.sample();
/// println!("{:?} bytes, {} tasks", sample.memory_bytes, sample.active_tasks);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProcessMetrics {
    last: Instant,
    cpu_time: Option<Duration>,
}

/// What a process used when [`ProcessMetrics::sample`] was called.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProcessSample {
    /// The memory of the process that is in RAM, in bytes.
    pub memory_bytes: Option<u64>,
    /// The processor time of all threads since the process began. Linux counts it in steps of 10 ms.
    pub cpu_time: Option<Duration>,
    /// The processor time since the sample before, or since [`ProcessMetrics::start`], in percent of the time that has passed: 100 is
    /// one core, and 400 is four cores. `None` if less than a step of the processor time has passed.
    pub cpu_percent: Option<f64>,
    /// The tasks of the current tokio runtime that have not ended. Zero outside of a runtime.
    pub active_tasks: usize,
    /// The open file descriptors, which include sockets.
    pub open_files: Option<u64>,
}

impl ProcessMetrics {
    /// Begins to measure.
    pub fn start() -> Self {
        Self { last: Instant::now(), cpu_time: cpu_time() }
    }

    /// Measures now.
    pub fn sample(&mut self) -> ProcessSample {
        let (now, cpu_time) = (Instant::now(), cpu_time());
        let cpu_percent = percent(self.cpu_time, cpu_time, now - self.last);
        // After too short a time, the next sample is measured from the same begin.
        if cpu_percent.is_some() {
            (self.last, self.cpu_time) = (now, cpu_time);
        }
        ProcessSample {
            memory_bytes: read("status").as_deref().and_then(memory_bytes),
            cpu_time,
            cpu_percent,
            active_tasks: Handle::try_current().map_or(0, |runtime| runtime.metrics().num_alive_tasks()),
            open_files: open_files(),
        }
    }
}

fn percent(before: Option<Duration>, now: Option<Duration>, elapsed: Duration) -> Option<f64> {
    let used = now?.saturating_sub(before?);
    (elapsed >= TICK).then(|| used.as_secs_f64() / elapsed.as_secs_f64() * 100.0)
}

/// A file of this process in `/proc`.
fn read(name: &str) -> Option<String> {
    if cfg!(target_os = "linux") { fs::read_to_string(format!("/proc/self/{name}")).ok() } else { None }
}

fn cpu_time() -> Option<Duration> {
    ticks(&read("stat")?).map(|ticks| Duration::from_millis(ticks.saturating_mul(10)))
}

/// User and system time in `/proc/self/stat`. The name of the program, in parentheses, may contain spaces and parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    times.next()??.checked_add(times.next()??)
}

/// The resident set in `/proc/self/status`: `VmRSS:    2048 kB`.
fn memory_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn open_files() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let entries = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is that of the directory.
    u64::try_from(entries).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_kernel_is_parsed_and_other_text_is_none() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1 1";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(memory_bytes("Name:\ta\nVmRSS:\t    2048 kB\nThreads: 1\n"), Some(2 << 20));
        for text in ["", "42 (a) S 1 2", "42 (a", "VmRSS: many kB", "VmRSS: 1", "VmRSS: 18446744073709551615 kB"] {
            assert_eq!((ticks(text), memory_bytes(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn the_load_is_that_between_two_samples() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(percent(seconds(10), seconds(14), Duration::from_secs(2)), Some(200.0));
        assert_eq!(percent(seconds(10), seconds(10), Duration::from_secs(2)), Some(0.0));
        assert_eq!(percent(seconds(10), seconds(9), Duration::from_secs(2)), Some(0.0));
        assert_eq!(percent(seconds(10), seconds(14), Duration::from_millis(9)), None);
        assert_eq!(percent(None, seconds(14), Duration::from_secs(2)), None);
    }
}
