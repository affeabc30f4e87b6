//! [`ClientStream`]: the connection to a client, which records in the [`ExchangeState`] what the client does, and stays
//! open until the client has read the response.
//!
//! Closing a socket that holds unread data resets the connection, and a reset can destroy a response that the client
//! has not read yet. So the server first closes only its sending side, and discards what the client still sends.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::exchange_state::ExchangeState;
use super::serving::Place;

/// How long the client has to read the response and to close the connection.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection whose shutdown waits for the client, for a limited time, if a request was not read to its end.
pub(crate) struct ClientStream {
    stream: TcpStream,
    /// Of this connection among those that may be open.
    _place: Place,
    exchange: Arc<ExchangeState>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl ClientStream {
    pub(crate) fn new(stream: TcpStream, place: Place, exchange: Arc<ExchangeState>) -> Self {
        Self { stream, _place: place, exchange, timer: None }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.exchange.blocked(written.is_pending());
        written
    }
}

impl AsyncRead for ClientStream {
    /// Hides the end of what the client sends while it waits for a response. hyper would take it for a disconnect, and
    /// drop the handler.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.exchange.received();
        } else if buf.remaining() > 0 && self.exchange.half_closed() {
            // The connection closes by itself after the response, so nothing has to wake this read.
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Closes the sending side, then reads and discards what the client still sends.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, exchange, timer, .. } = &mut *self;
        if timer.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
            if !exchange.has_unread_input() {
                return Poll::Ready(Ok(()));
            }
        }
        let timer = timer.get_or_insert_with(|| Box::pin(sleep(LINGER_TIMEOUT)));
        while timer.as_mut().poll(cx).is_pending() {
            let mut space = [0; 4_096];
            let mut buf = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
