//! How many connections the servers of this process may hold, so that descriptors are left for probes, for a shutdown,
//! and for the files of the program.

use std::sync::{Arc, LazyLock};

use tokio::sync::Semaphore;

/// Assumed where the limit of the process is not known.
const USUAL_LIMIT: usize = 1_024;

/// The connections of all servers that have no limit of their own: three quarters of the descriptors of the process.
pub(crate) fn shared_connections() -> Arc<Semaphore> {
    static SHARED: LazyLock<Arc<Semaphore>> = LazyLock::new(|| connections(limit() / 4 * 3));
    SHARED.clone()
}

/// The connections of a server of probes: a sixteenth of the descriptors, at most 64.
pub(crate) fn probe_connections() -> Arc<Semaphore> {
    connections((limit() / 16).min(64))
}

/// A limit for connections. At least one is possible.
pub(crate) fn connections(number: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(number.clamp(1, Semaphore::MAX_PERMITS)))
}

/// How many descriptors the process may open, `RLIMIT_NOFILE`.
fn limit() -> usize {
    std::fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(soft_limit).unwrap_or(USUAL_LIMIT)
}

/// The soft limit in the table that Linux shows of a process.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(Semaphore::MAX_PERMITS),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_the_process_is_read() {
        let table = "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max core file size        0                    unlimited            bytes     \n\
                     Max open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(table), Some(1_024));
        assert_eq!(soft_limit(&table.replace("1024  ", "unlimited")), Some(Semaphore::MAX_PERMITS));
        assert_eq!(soft_limit("Max open files"), None);
    }
}
