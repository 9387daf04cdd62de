//! Sends events over HTTP, and to nobody but whom they may be sent to: each time, the name is resolved here,
//! every address that it stands for must be a public one, and the connection goes to one of those. Nothing
//! that an endpoint answers is kept, and no redirection is followed.

use std::net::SocketAddr;
use std::time::Duration;

use atrio_domain::webhook::Endpoint;
use atrio_domain::webhook::address::{Destinations, EndpointUrl, is_public};
use atrio_domain::webhook::delivery::{Outcome, retry_after};
use atrio_dynamo::event_log::LoggedEvent;
use atrio_runtime::environment::{self, EnvironmentError};
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

/// How long an endpoint may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// How long it may take to be reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read, so that the connection can be used again.
const ANSWER_MAX_BYTES: usize = 16 * 1024;

/// Sends events.
#[derive(Debug)]
pub struct Transport {
    client: reqwest::Client,
    destinations: Destinations,
}

impl Transport {
    /// Sends this far.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(destinations: Destinations) -> Result<Self, EnvironmentError> {
        // Two TLS providers are in the tree and neither is then the default. A refusal means that one is
        // chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("atrio-webhooks/", env!("CARGO_PKG_VERSION")))
            .timeout(ANSWER_WITHIN)
            .connect_timeout(CONNECT_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve the names, and speak to whom we would not.
            .no_proxy()
            .dns_resolver(Resolver { destinations })
            .build()
            .map_err(|error| environment::bad("the client of webhooks", error))?;
        Ok(Self { client, destinations })
    }

    /// Sends an event as one of this moment, signed.
    pub async fn send(&self, endpoint: &Endpoint, event: &LoggedEvent, now: Timestamp) -> Outcome {
        // An address is not resolved, so it is looked at here.
        let Ok(url) = EndpointUrl::new(endpoint.url.as_str(), self.destinations) else {
            return Outcome::Unreached(NOT_PUBLIC);
        };
        let answer = self
            .client
            .post(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", event.id.as_str())
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", endpoint.secrets.signatures(&event.id, &event.body, now))
            .body(event.body.clone())
            .send()
            .await;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Outcome::Unreached(why(&error)),
        };
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = asked.and_then(|text| retry_after(text, now));
        let status = answer.status().as_u16();
        let mut bytes = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes += chunk.len();
            if bytes > ANSWER_MAX_BYTES {
                break;
            }
        }
        Outcome::Answered { status, retry_after }
    }
}

const NOT_PUBLIC: &str = "is no server of the public network";

/// Why no answer came, without the address, which may hold a secret.
fn why(error: &reqwest::Error) -> &'static str {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return NOT_PUBLIC;
        }
        source = cause.source();
    }
    if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "could not be reached"
    } else {
        "broke the connection off"
    }
}

/// The name stands for an address that is not a public one.
#[derive(Debug, thiserror::Error)]
#[error("{NOT_PUBLIC}")]
struct NotPublic;

/// Resolves names to public addresses.
struct Resolver {
    destinations: Destinations,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_here =
            self.destinations == Destinations::LoopbackToo && name.as_str() == "localhost";
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let may_be = |address: &SocketAddr| match is_here {
                true => address.ip().is_loopback(),
                false => is_public(address.ip()),
            };
            // One that is not is a name that plays with us.
            if !found.iter().all(may_be) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_stands_for_this_machine_is_resolved_for_a_platform_on_loopback_only() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(Resolver { destinations: Destinations::LoopbackToo }.resolve(name()).await.is_ok());
        let refused =
            Resolver { destinations: Destinations::Public }.resolve(name()).await.err().unwrap();
        assert!(refused.is::<NotPublic>(), "{refused}");
    }
}
