//! The `Host` of a request, as RFC 9112, section 3.2 demands it.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version};

/// Why a request has to be refused with 400, if it has.
pub(crate) fn host_error(version: Version, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => None,
        (None, _) => Some("the request has no Host"),
        (Some(_), Some(_)) => Some("the request has more than one Host"),
        (Some(host), None) => (!is_host(host.as_bytes())).then_some("the Host is not valid"),
    }
}

/// Whether a value is a host with an optional port. It is empty if the target of the request has no host.
fn is_host(value: &[u8]) -> bool {
    let port = value.iter().rposition(|byte| *byte == b':').filter(|_| !value.ends_with(b"]"));
    let (host, port) = value.split_at(port.unwrap_or(value.len()));
    let is_address = host.starts_with(b"[") || !host.contains(&b':');
    let is_port = port.iter().skip(1).all(u8::is_ascii_digit);
    value.is_empty() || is_address && is_port && !host.contains(&b'@') && Authority::try_from(host).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_a_port_are_valid() {
        for host in ["", "localhost", "localhost:", "a.example:8080", "127.0.0.1:80", "[::1]", "[::1]:80"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["a b", "user@a.example", "a.example:http", "a.example/", "[::1", "a,b.example, c", "a:1:2", ":80"]
        {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
