//! Records for the journal of systemd: a line that begins with `<3>` has that priority there, and the journal removes the prefix.

/// Whether stderr of this process is connected to the journal.
#[cfg(unix)]
pub(super) fn reads_stderr() -> bool {
    use std::os::unix::fs::MetadataExt;

    // The variable is inherited, so the stream that it names may be that of another process.
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    std::fs::metadata("/dev/stderr").is_ok_and(|stderr| is_stream(&stream, stderr.dev(), stderr.ino()))
}

#[cfg(not(unix))]
pub(super) fn reads_stderr() -> bool {
    false
}

#[cfg(unix)]
fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    stream == format!("{device}:{inode}")
}

/// The record with the priority of its level at the beginning of each line.
pub(super) fn with_priority(level: &str, record: &str) -> String {
    let priority = match level {
        "ERROR" => 3,
        "WARN" => 4,
        "INFO" => 6,
        _ => 7,
    };
    record.lines().map(|line| format!("<{priority}>{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_another_process_is_not_the_journal() {
        assert!(is_stream("8:4711", 8, 4711));
        assert!(!is_stream("8:4711", 8, 4712) && !is_stream("", 8, 4711));
    }

    #[test]
    fn each_line_of_a_record_has_its_priority() {
        assert_eq!(with_priority("ERROR", "a\n    b"), "<3>a\n<3>    b");
        assert_eq!(["WARN", "INFO", "DEBUG"].map(|level| with_priority(level, "a")), ["<4>a", "<6>a", "<7>a"]);
    }
}
