//! [`Frame`]: one entry of the context stack.

/// Why a service, or a scope, is on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// A future inside `registry.scope(…)`: names the registry only.
    Scope = 0,
    /// `init`, `start` or the first `health` of a service.
    Starting = 1,
    /// A guarded call of a service.
    Call = 2,
    /// A background task of a service.
    Task = 3,
    /// `shutdown`, a cleanup, or a later `health` of a service.
    Hook = 4,
}

/// A registry, one of its services, and a role; in one word, because each guarded call pushes one.
///
/// Bits 0 to 7: the role. Bits 8 to 31: the service. Bits 32 to 63: the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame(u64);

impl Frame {
    /// The service of a scope's frame, which has none.
    pub(crate) const NO_SERVICE: u32 = 0x00ff_ffff;

    /// The frame of no registry: registries are numbered from 1.
    pub(crate) const NONE: Self = Self::new(0, Self::NO_SERVICE, Role::Scope);

    pub(crate) const fn new(registry: u32, service: u32, role: Role) -> Self {
        Self(((registry as u64) << 32) | (((service & Self::NO_SERVICE) as u64) << 8) | role as u64)
    }

    pub(crate) const fn from_word(word: u64) -> Self {
        Self(word)
    }

    pub(crate) const fn word(self) -> u64 {
        self.0
    }

    pub(crate) const fn registry(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) const fn service(self) -> u32 {
        (self.0 >> 8) as u32 & Self::NO_SERVICE
    }

    pub(crate) const fn role(self) -> Role {
        match self.0 as u8 {
            1 => Role::Starting,
            2 => Role::Call,
            3 => Role::Task,
            4 => Role::Hook,
            _ => Role::Scope,
        }
    }
}
