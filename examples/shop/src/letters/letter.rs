//! [`Letter`]: an e-mail to a customer.

use std::fmt;

/// An e-mail to a customer. Displays in the form in which it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// The e-mail address of the customer.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { recipient, subject, body } = self;
        write!(f, "From: shop@example.com\r\nTo: {recipient}\r\nSubject: {subject}\r\n")?;
        write!(f, "Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n")
    }
}
