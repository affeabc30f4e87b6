//! [`Backoff`]: a pause that doubles.

use std::time::Duration;

/// A pause that doubles each time, up to a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    delay: Duration,
    max_delay: Duration,
}

impl Backoff {
    pub(crate) const fn new(delay: Duration, max_delay: Duration) -> Self {
        Self { delay, max_delay }
    }

    /// The pause after `earlier` pauses.
    pub(crate) fn pause(self, earlier: u32) -> Duration {
        self.delay.saturating_mul(1 << earlier.min(31)).min(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_and_do_not_overflow() {
        let ms = Duration::from_millis;
        let backoff = Backoff::new(ms(100), ms(500));
        assert_eq!(
            [0, 1, 2, 3, 31, 32, u32::MAX].map(|earlier| backoff.pause(earlier).as_millis()),
            [100, 200, 400, 500, 500, 500, 500]
        );
        let endless = Backoff::new(ms(1), Duration::MAX);
        assert_eq!(endless.pause(32), ms(1 << 31));
    }
}
