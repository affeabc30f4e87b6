//! [`lasted`]: rounds a duration for display.

use std::time::Duration;

/// A duration rounded to three or four digits: `6.001s` instead of `6.001957149s`.
pub(crate) fn lasted(time: Duration) -> Duration {
    let step = match time.as_nanos() {
        0..1_000_000 => 1_000,
        1_000_000..1_000_000_000 => 10_000,
        _ => 1_000_000,
    };
    let nanos = time.as_nanos();
    // A time that would be rounded to zero stays as it is.
    if nanos < step { time } else { Duration::from_nanos(u64::try_from(nanos - nanos % step).unwrap_or(u64::MAX)) }
}

/// The same in seconds, as a number that logs can be sorted by.
pub(crate) fn seconds(time: Duration) -> f64 {
    lasted(time).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_nobody_reads_are_left_out() {
        assert_eq!(format!("{:?}", lasted(Duration::from_nanos(6_001_957_149))), "6.001s");
        assert_eq!(format!("{:?}", lasted(Duration::from_nanos(21_706_926))), "21.7ms");
        assert_eq!(format!("{:?}", lasted(Duration::from_nanos(141_051))), "141µs");
        assert_eq!(format!("{:?}", lasted(Duration::from_nanos(17))), "17ns");
        assert_eq!(lasted(Duration::from_secs(5)), Duration::from_secs(5));
    }
}
