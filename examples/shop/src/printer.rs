//! [`Printer`]: prints without waiting for the reader.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long the end of the program waits for a reader.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints on a thread of its own. A reader that has stalled, such as a terminal that is paused, delays neither the shop nor a
/// signal, and the end of the program by a second at most.
pub struct Printer {
    texts: Sender<String>,
    /// Closed when everything is printed.
    printed: Receiver<()>,
}

impl Printer {
    /// Prints to this stream: stdout or stderr.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn to(mut stream: impl Write + Send + 'static) -> io::Result<Self> {
        let (texts, to_print) = channel::<String>();
        let (end, printed) = channel();
        thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let _end: Sender<()> = end;
            for text in to_print {
                // If the stream is closed, nothing happens.
                let _ = writeln!(stream, "{}", text.trim_end()).and_then(|()| stream.flush());
            }
        })?;
        Ok(Self { texts, printed })
    }

    /// Prints the text, and a line break.
    pub fn print(&self, text: impl Display) {
        // The thread ends after this.
        let _ = self.texts.send(text.to_string());
    }

    /// Waits until everything is printed, for a second at most.
    pub fn finish(self) {
        drop(self.texts);
        // Nothing is sent: the end of the thread closes the channel.
        let _ = self.printed.recv_timeout(PATIENCE);
    }
}
