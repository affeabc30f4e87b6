//! Shares of a total budget: what one service may use of it, so that those below it still get something.

use std::time::Duration;

/// The least that a service is promised, however late it is: a tenth of a second, or less where the total is so short
/// that not even that is there for every level.
const LEAST: Duration = Duration::from_millis(100);

/// How much of `remaining` one service may use, if there are `below` levels of services below it, which stop after it.
///
/// Each of those levels keeps its least; the service itself gets its own least even when nothing remains.
pub(crate) fn share(total: Duration, remaining: Duration, levels: u32, below: u32) -> Duration {
    let least = LEAST.min(total / (2 * levels.max(1)));
    remaining.saturating_sub(least * below).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_below_keeps_its_least() {
        let total = Duration::from_secs(25);
        assert_eq!(share(total, total, 10, 9), Duration::from_millis(24_100));
    }

    #[test]
    fn a_spent_budget_still_leaves_the_least() {
        assert_eq!(share(Duration::from_secs(25), Duration::ZERO, 3, 2), LEAST);
    }

    #[test]
    fn a_short_total_is_divided() {
        assert_eq!(share(Duration::from_millis(100), Duration::ZERO, 100, 0), Duration::from_micros(500));
    }
}
