//! [`Node`] and [`check`]: the dependencies between the services of one crate, walked by the compiler.
//!
//! `#[service]` writes one static [`Node`] per service and one constant that calls [`check`] on it, so a cycle is a compile
//! error with its whole path, also under `cargo check` and in a library. Edges that only exist at run time (`dyn`,
//! definitions) are not seen here: the plan proves those.
#![allow(unsafe_code)] // one dereference and two marker traits, each with its proof below

use crate::base::Location;

/// A service, as the compiler's walk sees it.
pub struct Node {
    name: &'static str,
    location: Location,
    krate: u64,
    hash: u64,
    edges: &'static [Edge],
}

/// Which of the user's words declares it, by number; as what (`requires`, `wants`, `comes after`); and whom it names.
type Edge = (usize, &'static str, NodeRef);

/// Where a [`Node`] is.
///
/// A raw pointer and not a reference: rustc follows the references in a constant, would evaluate the nodes round the
/// cycle first, and report a cycle of statics instead of a cycle of services.
#[derive(Clone, Copy)]
pub struct NodeRef(*const Node);

// SAFETY: a `NodeRef` is only ever read from, and what it points to is an immutable static without interior mutability.
unsafe impl Send for NodeRef {}
// SAFETY: as above.
unsafe impl Sync for NodeRef {}

impl Node {
    /// The node of the service of this name, declared at this location.
    pub const fn new(name: &'static str, location: Location, edges: &'static [Edge]) -> Self {
        let (krate, module) = split(location.module);
        let krate = hash(SEED, krate);
        // Without the crate's name and the file's: what an error says must not depend on where the project lies.
        let hash = hash(hash(SEED, module), name);
        let hash = mix(mix(hash, location.line as u64), location.column as u64);
        Self { name, location, krate, hash, edges }
    }

    const fn is(&self, other: &Self) -> bool {
        self.krate == other.krate && self.hash == other.hash
    }
}

impl NodeRef {
    /// Where this node is.
    pub const fn of(node: &'static Node) -> Self {
        Self(node)
    }

    /// Where the node of a service is that the macro has refused, so that nothing more is said about it.
    pub const fn refused() -> Self {
        static NOTHING: Node = Node::new("", Location::new("", "", 0, 0), &[]);
        Self(&raw const NOTHING)
    }

    const fn get(self) -> &'static Node {
        // SAFETY: `of` and `refused` are the only ways to make one, and both take the address of a static.
        unsafe { &*self.0 }
    }
}

/// How many services one walk visits at most, and how many dependencies it follows. Nearest first, so it is only a cycle of
/// very many services, or one hidden deep in a very dense graph, that is left to the plan.
const REACH: usize = 1 << 8;

/// Looks for a cycle through this service. Each is found once: from its service with the smallest hash, because a walk
/// enters only services whose hash is larger than that of its own. The hash is as good as random, so the walks are short
/// for sparse graphs (a chain of n services costs about n·ln n steps, in whatever order they are declared).
pub const fn check(service: NodeRef) -> Checked {
    let walk = Walk::from(service.get());
    let through = if walk.found { Some(walk.edge_after(0).0) } else { None };
    Checked { service, through }
}

/// What the walk from one service found. Holds no path, because it becomes a constant for each service of the user.
pub struct Checked {
    service: NodeRef,
    through: Option<usize>,
}

impl Checked {
    /// Refuses to compile if a cycle leads through this dependency, so that the error points at the user's own word.
    #[track_caller]
    pub const fn dependency(&self, number: usize) {
        if let Some(through) = self.through
            && through == number
        {
            panic!("{}", Walk::from(self.service.get()).in_words().as_str());
        }
    }
}

/// A breadth-first walk, so that the cycle it finds is a shortest one.
struct Walk {
    /// Every service met, in order; for each, which of these it was met from.
    met: [(&'static Node, usize); REACH],
    len: usize,
    /// The hashes of those met: open addressing, never more than half full, 0 is empty.
    seen: [u64; 2 * REACH],
    /// Whether the last one met depends on the first.
    found: bool,
}

impl Walk {
    const fn from(start: &'static Node) -> Self {
        let mut walk = Self { met: [(start, 0); REACH], len: 1, seen: [0; 2 * REACH], found: false };
        let (mut at, mut steps) = (0, 0);
        while at < walk.len {
            let node = walk.met[at].0;
            let mut next = 0;
            while next < node.edges.len() {
                let dependency = node.edges[next].2.get();
                if dependency.is(start) {
                    walk.close(at);
                    return walk;
                }
                if dependency.hash > start.hash && dependency.krate == start.krate && walk.is_new(dependency.hash) {
                    if walk.len == REACH {
                        return walk;
                    }
                    walk.met[walk.len] = (dependency, at);
                    walk.len += 1;
                }
                next += 1;
            }
            steps += next;
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
            let (node, from) = self.met[at];
            self.met[len] = (node, 0);
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
    const fn edge_after(&self, at: usize) -> Edge {
        let after = self.met[if at + 1 == self.len { 0 } else { at + 1 }].0;
        let edges = self.met[at].0.edges;
        let mut next = 0;
        while !edges[next].2.get().is(after) {
            next += 1;
        }
        edges[next]
    }

    const fn in_words(&self) -> Text {
        let mut text = Text { bytes: [0; 4096], len: 0 };
        let mut at = 0;
        while at < self.len {
            let node = self.met[at].0;
            text.push(node.name);
            text.push(" (");
            text.push(node.location.file);
            text.push(":");
            text.number(node.location.line);
            text.push(") ");
            text.push(self.edge_after(at).1);
            text.push(" ");
            at += 1;
        }
        if self.len == 1 {
            text.push("itself, so it could never start; remove it here");
        } else {
            text.push(self.met[0].0.name);
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

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The crate of a module's path, and the rest.
const fn split(module: &str) -> (&str, &str) {
    let mut at = 0;
    while at < module.len() && module.as_bytes()[at] != b':' {
        at += 1;
    }
    module.split_at(at)
}

/// FNV-1a over the bytes of a text, and a separator.
const fn hash(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    mix(hash, 0xff)
}

/// The finish of MurmurHash3: every bit of the input reaches every bit of the result, which is never 0 (an empty slot).
const fn mix(hash: u64, more: u64) -> u64 {
    let mut hash = hash ^ more.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash ^ (hash >> 33)) | 1
}
