//! [`LogWriter`]: writes lines on a thread of its own, so that a thread that logs does not wait for a reader that stalls or for a slow
//! disk.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many bytes of lines may wait for the writer. Lines beyond that are lost, and counted.
const CAPACITY: usize = 4 << 20;

/// How many bytes are written at once at most, unless one line is longer.
const BATCH: usize = 64 << 10;

/// A queue of lines in front of a writer.
#[derive(Debug)]
pub(super) struct LogWriter {
    state: Mutex<LineQueue>,
    added: Condvar,
    written: Condvar,
}

#[derive(Debug, Default)]
struct LineQueue {
    lines: VecDeque<Vec<u8>>,
    /// The bytes of the lines that are not written yet.
    bytes: usize,
    /// How many lines were ever added, and how many of them the writer has taken care of.
    added: u64,
    written: u64,
    /// How many lines were lost since that was last reported.
    lost: u64,
    /// Somebody has waited for the writer in vain, and it has written nothing since.
    is_stalled: bool,
}

impl LogWriter {
    /// Starts the thread that writes. `lost` makes the line that reports how many lines were lost.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn start(
        writer: impl Write + Send + 'static,
        lost: impl Fn(u64) -> String + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let it = Arc::new(Self { state: Mutex::default(), added: Condvar::new(), written: Condvar::new() });
        let of_thread = it.clone();
        thread::Builder::new().name("service-core logs".to_owned()).spawn(move || of_thread.write(writer, lost))?;
        Ok(it)
    }

    /// Adds a line, or loses it if there is no room.
    pub(super) fn add(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.bytes + line.len() > CAPACITY {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.added += 1;
        state.lines.push_back(line.to_vec());
        drop(state);
        self.added.notify_one();
    }

    /// Waits until every line so far is written, but not longer than this, and not at all if somebody has done so in vain and nothing
    /// was written since. Returns whether all were written.
    pub(super) fn flush(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.lock();
        let target = state.added;
        while state.written < target {
            let left = until.saturating_duration_since(Instant::now());
            if state.is_stalled || left.is_zero() {
                state.is_stalled = true;
                return false;
            }
            state = self.written.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn write(&self, mut writer: impl Write, lost: impl Fn(u64) -> String) {
        let mut state = self.lock();
        loop {
            while state.lines.is_empty() && state.lost == 0 {
                state = self.added.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let (mut batch, count) = state.take();
            let taken = batch.len();
            if state.lines.is_empty() && state.lost > 0 {
                batch.extend_from_slice(lost(std::mem::take(&mut state.lost)).as_bytes());
            }
            drop(state);
            // What cannot be written is lost: there is nowhere else to say so.
            let _ = writer.write_all(&batch).and_then(|()| writer.flush());
            state = self.lock();
            state.bytes -= taken;
            state.written += count;
            state.is_stalled = false;
            self.written.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LineQueue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineQueue {
    /// Takes lines to be written at once, and how many they are.
    fn take(&mut self) -> (Vec<u8>, u64) {
        let (mut batch, mut count) = (Vec::new(), 0);
        while let Some(line) = self.lines.front() {
            if count > 0 && batch.len() + line.len() > BATCH {
                break;
            }
            batch.extend_from_slice(line);
            count += 1;
            self.lines.pop_front();
        }
        (batch, count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A writer that waits for a permission before each write.
    struct Gated {
        allowed: Receiver<()>,
        written: Sender<String>,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.allowed.recv_timeout(LONG);
            let _ = self.written.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (Arc<LogWriter>, Sender<()>, Receiver<String>) {
        let (allow, allowed) = channel();
        let (sent, written) = channel();
        let writer = LogWriter::start(Gated { allowed, written: sent }, |lost| format!("{lost} lost\n"));
        (writer.expect("a thread"), allow, written)
    }

    #[test]
    fn lines_are_written_in_order_and_a_flush_waits_for_them() {
        let (writer, allow, written) = gated();
        (0..10_000).for_each(|_| allow.send(()).expect("the writer is there"));
        for line in 0..5_000 {
            writer.add(format!("{line}\n").as_bytes());
        }
        assert!(writer.flush(LONG));
        let all: String = written.try_iter().collect();
        assert!(all.lines().map(str::to_owned).eq((0..5_000).map(|line| line.to_string())));
    }

    #[test]
    fn a_reader_that_stalls_holds_nobody_up_and_what_is_lost_is_counted() {
        let (writer, allow, written) = gated();
        let line = vec![b'x'; 1 << 20];
        (0..10).for_each(|_| writer.add(&line));
        assert!(!writer.flush(Duration::from_millis(1)), "nothing is written yet");
        let began = Instant::now();
        assert!(!writer.flush(LONG), "somebody has waited in vain before");
        assert!(began.elapsed() < LONG / 2);
        drop(allow);
        while !writer.flush(LONG) {
            assert!(began.elapsed() < LONG, "it goes on");
            thread::yield_now();
        }
        let all: String = written.try_iter().collect();
        assert!(all.ends_with("6 lost\n"), "the queue takes 4 lines of a megabyte");
    }
}
