//! The network address a request came from, for counting bursts. It is hashed before it is kept.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use lambda_http::request::RequestContext;

/// Where a request came from, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        if let Some(RequestContext::ApiGatewayV2(context)) = parts.extensions.get() {
            return Ok(Self(context.http.source_ip.clone()));
        }
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Ok(Self(None));
        };
        // Only a proxy on this machine may speak for someone else.
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .filter(|_| peer.ip().is_loopback())
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .map(|address| address.trim().to_owned());
        Ok(Self(Some(forwarded.unwrap_or_else(|| peer.ip().to_string()))))
    }
}
