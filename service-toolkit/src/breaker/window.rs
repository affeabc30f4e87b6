//! [`Window`]: the calls of the last time, and how many of them failed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many parts the window of the failure rate has. Outcomes leave the window a part at a time.
const WINDOW_PARTS: u32 = 10;

#[derive(Default)]
pub(super) struct Window {
    parts: VecDeque<Part>,
}

struct Part {
    began: Instant,
    calls: u64,
    failures: u64,
}

impl Window {
    pub(super) fn add(&mut self, length: Duration, failed: bool, now: Instant) {
        let age = |part: &Part| now.saturating_duration_since(part.began);
        while self.parts.front().is_some_and(|part| age(part) >= length) {
            self.parts.pop_front();
        }
        if self.parts.back().is_none_or(|part| age(part) >= length / WINDOW_PARTS) {
            self.parts.push_back(Part { began: now, calls: 0, failures: 0 });
        }
        if let Some(part) = self.parts.back_mut() {
            part.calls += 1;
            part.failures += u64::from(failed);
        }
    }

    pub(super) fn sums(&self) -> (u64, u64) {
        self.parts.iter().fold((0, 0), |(calls, failures), part| (calls + part.calls, failures + part.failures))
    }
}
