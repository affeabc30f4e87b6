//! [`ClientAddress`]: who has sent a request.

use std::net::SocketAddr;

/// The address of the peer of the connection, which is the client or a proxy. [`Server`](crate::Server) adds it to the extensions of
/// each request.
///
/// ```
/// use axum::Extension;
/// use service_http::ClientAddress;
///
/// async fn handler(Extension(ClientAddress(address)): Extension<ClientAddress>) -> String {
///     format!("hello, {address}")
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::get(handler));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub SocketAddr);
