//! Letters to customers: queued in the transaction that they are about, delivered after it.

mod letter;
mod mail;
mod outbox;
mod spool;

pub use letter::Letter;
pub use mail::Mail;
pub use outbox::Outbox;
pub use spool::Spool;
