//! Letters to customers: written with the change they tell of, delivered after it.

mod letter;
mod mail;
mod outbox;
mod spool;

pub use letter::Letter;
pub use mail::Mail;
pub use outbox::Outbox;
pub use spool::Spool;
