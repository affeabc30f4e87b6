//! [`check`]: looks for cycles of services while the user's crate compiles.
//!
//! `#[service]` writes one static [`Descriptor`] per service, on which a constant calls [`check`], and one constant per
//! dependency that looks at the outcome. So a cycle is a compile error with its whole path, also under `cargo check` and in a
//! library. Edges that only exist at run time (`dyn`, definitions) are not seen here: the plan proves those.

use super::descriptor::{DeclaredDependency, Descriptor, DescriptorRef};
use super::identity::Identity;

impl Descriptor {
    const fn is(&self, other: &Self) -> bool {
        self.identity.krate == other.identity.krate && self.identity.hash == other.identity.hash
    }
}

/// How many services one walk visits at most, and how many dependencies it follows. Nearest first, so it is only a cycle of
/// very many services, or one hidden deep in a very dense graph, that is left to the plan.
const REACH: usize = 1 << 8;

/// Looks for a cycle through this service. Each is found once: from its service with the smallest hash, because a walk
/// enters only services whose hash is larger than that of its own. The hash is as good as random, so the walks are short
/// for sparse graphs (a chain of n services costs about n·ln n steps, in whatever order they are declared).
pub(crate) const fn check(service: DescriptorRef) -> Checked {
    Checked { service, found: Walk::from(service.get(), None).found }
}

/// Whether the walk from one service found a cycle. Holds no path, because it becomes a constant for each service of the user.
pub struct Checked {
    service: DescriptorRef,
    found: bool,
}

impl Checked {
    /// Refuses to compile if a cycle leads through this dependency, so that the error points at the user's own word. If two
    /// cycles share the service, each is found through a dependency of its own.
    #[track_caller]
    pub const fn dependency(&self, number: usize) {
        if self.found {
            let walk = Walk::from(self.service.get(), Some(number));
            // A service that is named twice is refused once.
            if walk.found && walk.dependency_after(0).number == number {
                panic!("{}", walk.in_words().as_str());
            }
        }
    }
}

/// A breadth-first walk, so that the cycle it finds is a shortest one.
struct Walk {
    /// Every service met, in order; for each, which of these it was met from.
    met: [(&'static Descriptor, usize); REACH],
    len: usize,
    /// The hashes of those met: open addressing, never more than half full, 0 is empty.
    seen: [u64; 2 * REACH],
    /// Whether the last one met depends on the first.
    found: bool,
}

impl Walk {
    /// From this service, through the dependency of this number only, if there is one.
    const fn from(start: &'static Descriptor, through: Option<usize>) -> Self {
        let mut walk = Self { met: [(start, 0); REACH], len: 1, seen: [0; 2 * REACH], found: false };
        let (mut at, mut steps) = (0, 0);
        while at < walk.len {
            let dependencies = walk.met[at].0.dependencies;
            let mut next = 0;
            while next < dependencies.len() {
                let is_meant = match through {
                    Some(number) if at == 0 => dependencies[next].number == number,
                    _ => true,
                };
                if let Some(dependency) = dependencies[next].descriptor
                    && is_meant
                {
                    let dependency = dependency.get();
                    if dependency.is(start) {
                        walk.close(at);
                        return walk;
                    }
                    let Identity { krate, hash } = dependency.identity;
                    if hash > start.identity.hash && krate == start.identity.krate && walk.is_new(hash) {
                        if walk.len == REACH {
                            return walk;
                        }
                        walk.met[walk.len] = (dependency, at);
                        walk.len += 1;
                    }
                    steps += 1;
                }
                next += 1;
            }
            if steps > REACH {
                return walk;
            }
            at += 1;
        }
        walk
    }

    /// Keeps only the way from the start to this one, in order.
    const fn close(&mut self, last: usize) {
        let mut at = last;
        let mut len = 1;
        while at > 0 {
            at = self.met[at].1;
            len += 1;
        }
        self.found = true;
        self.len = len;
        // An earlier entry is never overwritten before it is read: a service is met after the one it was met from.
        at = last;
        while len > 1 {
            len -= 1;
            let (service, from) = self.met[at];
            self.met[len] = (service, 0);
            at = from;
        }
    }

    const fn is_new(&mut self, hash: u64) -> bool {
        let mut slot = hash as usize % self.seen.len();
        while self.seen[slot] != 0 {
            if self.seen[slot] == hash {
                return false;
            }
            slot = (slot + 1) % self.seen.len();
        }
        self.seen[slot] = hash;
        true
    }

    /// How this one of the cycle depends on the one after it.
    const fn dependency_after(&self, at: usize) -> &'static DeclaredDependency {
        let after = self.met[if at + 1 == self.len { 0 } else { at + 1 }].0;
        let dependencies = self.met[at].0.dependencies;
        let mut next = 0;
        loop {
            if let Some(dependency) = dependencies[next].descriptor
                && dependency.get().is(after)
            {
                return &dependencies[next];
            }
            next += 1;
        }
    }

    const fn in_words(&self) -> Text {
        let mut text = Text { bytes: [0; 4096], len: 0 };
        let mut at = 0;
        while at < self.len {
            let service = self.met[at].0;
            text.push(service.type_name);
            text.push(" (");
            text.push(service.location.file);
            text.push(":");
            text.number(service.location.line);
            text.push(") ");
            text.push(self.dependency_after(at).bond.verb());
            text.push(" ");
            at += 1;
        }
        if self.len == 1 {
            text.push("itself, so it could never start; remove it here");
        } else {
            text.push(self.met[0].0.type_name);
            text.push(
                ", so none of them could ever start; remove one of these, or make that call later than in `init`",
            );
        }
        text
    }
}

/// A text made at compile time, cut off where it is full.
struct Text {
    bytes: [u8; 4096],
    len: usize,
}

impl Text {
    const fn push(&mut self, text: &str) {
        if self.len + text.len() > self.bytes.len() {
            return;
        }
        let (_, rest) = self.bytes.split_at_mut(self.len);
        let (space, _) = rest.split_at_mut(text.len());
        space.copy_from_slice(text.as_bytes());
        self.len += text.len();
    }

    const fn number(&mut self, number: u32) {
        if number > 9 {
            self.number(number / 10);
        }
        let digit = [b'0' + (number % 10) as u8];
        if let Ok(digit) = str::from_utf8(&digit) {
            self.push(digit);
        }
    }

    const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "a cycle of services",
        }
    }
}
