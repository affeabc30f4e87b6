//! [`Odd`]: a generator of requests that are almost valid.

use fastrand::Rng;

/// A generator of requests that are almost valid.
pub(crate) struct Odd(Rng);

impl Odd {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    fn one_of<'a>(&mut self, values: &[&'a str]) -> &'a str {
        self.0.choice(values).copied().unwrap_or_default()
    }

    /// The first value, which is the usual one, seven times of eight.
    fn mostly<'a>(&mut self, values: &[&'a str]) -> &'a str {
        let length = if self.0.u8(..8) == 0 { values.len() } else { 1 };
        self.one_of(&values[..length])
    }

    pub(crate) fn request(&mut self) -> Vec<u8> {
        let usual = self.one_of(&["GET", "POST"]);
        let method = self.mostly(&[usual, "HEAD", "OPTIONS", "CONNECT", "PUT", "get", "", "G T", "PRI", "\u{e9}"]);
        let long = format!("/{}", "a".repeat(self.0.usize(..80_000)));
        let target = self.mostly(&[
            "/",
            "/?a=%zz",
            "*",
            "http://a.example/x",
            "a.example:80",
            "",
            "//",
            "/\0",
            "/a b",
            "/%",
            &long,
        ]);
        let version = self.mostly(&["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.", "http/1.1", ""]);
        let mut text = format!("{method} {target} {version}\r\n");
        let large = format!("X-Large: {}", "x".repeat(self.0.usize(..500_000)));
        text += self.mostly(&["Host: test\r\n", "Host: a b\r\n", ""]);
        for _ in 0..self.0.usize(..4) {
            text += self.one_of(&[
                "Accept: */*",
                "Host: test",
                "Content-Length: 5",
                "Content-Length: 99999999999999999999",
                "Content-Length: -1",
                "Content-Length: 5, 5",
                "Transfer-Encoding: chunked",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked, gzip",
                "Connection: close",
                "Connection: keep-alive, upgrade",
                "Upgrade: websocket",
                "Expect: 100-continue",
                "Expect: nothing",
                " folded: yes",
                "No colon",
                ": no name",
                "Bad\u{1}: x",
                &large,
            ]);
            text += self.mostly(&["\r\n", "\n", "\r"]);
        }
        text += self.mostly(&["\r\n", "\n", ""]);
        text += self.one_of(&[
            "",
            "hello",
            "5\r\nhello\r\n0\r\n\r\n",
            "5\r\nhel",
            "fffffffffffffffff\r\n",
            "zz\r\n",
            "0\r\nX: y\r\n\r\n",
        ]);
        let mut bytes = text.into_bytes();
        for _ in 0..self.0.usize(..4) * usize::from(self.0.bool()) {
            self.mutate(&mut bytes);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.0.usize(..bytes.len());
        match self.0.u8(..5) {
            0 => bytes[at] = self.0.u8(..),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, self.0.u8(..)),
            3 => _ = bytes.remove(at),
            _ => bytes.extend_from_within(at..bytes.len().min(at + 200)),
        }
    }
}
