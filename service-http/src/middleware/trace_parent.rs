//! [`TraceParent`]: the header `traceparent` of the W3C, which says what trace a request belongs to.

/// A valid header: `00-<trace, 32 digits>-<parent, 16 digits>-<flags, 2 digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent<'a> {
    pub trace: &'a str,
    pub parent: &'a str,
}

impl<'a> TraceParent<'a> {
    /// Reads the header. A header of a later version may have further parts.
    pub(super) fn parse(header: &'a str) -> Option<Self> {
        let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        let mut parts = header.split('-');
        let [version, trace, parent, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let has_rest = parts.next().is_some();
        let lengths = [version, trace, parent, flags].map(str::len);
        let is_valid = lengths == [2, 32, 16, 2]
            && [version, trace, parent, flags].into_iter().all(is_hex)
            && version != "ff"
            && !(version == "00" && has_rest)
            && !is_zero(trace)
            && !is_zero(parent);
        is_valid.then_some(Self { trace, parent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_header_names_its_trace_and_its_parent() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let expected = Some(TraceParent { trace, parent });
        assert_eq!(TraceParent::parse(&format!("00-{trace}-{parent}-01")), expected);
        assert_eq!(TraceParent::parse(&format!("cc-{trace}-{parent}-01-what-comes-later")), expected);
    }

    #[test]
    fn an_invalid_header_is_ignored() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let zero = "0".repeat(32);
        for header in [
            String::new(),
            format!("00-{trace}-{parent}"),
            format!("00-{trace}-{parent}-01-more"),
            format!("ff-{trace}-{parent}-01"),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{zero}-{parent}-01"),
            format!("00-{trace}-{}-01", &zero[..16]),
            format!("00-{}-{parent}-01", &trace[1..]),
        ] {
            assert_eq!(TraceParent::parse(&header), None, "{header}");
        }
    }
}
