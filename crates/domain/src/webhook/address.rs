//! Where events may be sent: to servers of the public network, under an encrypted connection. A server
//! that can be named by anyone must not be one behind our own walls: no address of a private network, of
//! this machine, or of a cloud's metadata is ever spoken to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use url::{Host, Url};

/// Longest address, in bytes.
const URL_MAX_BYTES: usize = 2_000;

/// How far the platform sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destinations {
    /// To servers of the public network.
    Public,
    /// To programs of this machine as well, as a platform does that itself listens on loopback only.
    LoopbackToo,
}

/// Why a text is no address to send to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("the address cannot be read: {0}")]
    Unreadable(String),
    /// It is too long.
    #[error("the address has {bytes} bytes, {URL_MAX_BYTES} are taken")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Its scheme is not taken.
    #[error("the address begins with `{scheme}:`, events are sent over `https:` only")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// It carries a name or a password, or a fragment.
    #[error("the address holds a user, a password or a fragment")]
    Extras,
    /// It is no public server's.
    #[error("`{host}` is no server of the public network")]
    NotPublic {
        /// The host.
        host: String,
    },
}

impl AddressError {
    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "write a whole address, such as `https://museum.example/atrio`",
            Self::TooLong { .. } => "shorten it",
            Self::Scheme { .. } => "write an address that begins with `https://`",
            Self::Extras => {
                "leave them out; that a request comes from here is what its signature says"
            }
            Self::NotPublic { .. } => "name a server that everyone can reach",
        }
    }
}

/// An address that events are sent to, as it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct EndpointUrl(Url);

impl From<EndpointUrl> for String {
    fn from(url: EndpointUrl) -> Self {
        url.0.into()
    }
}

impl EndpointUrl {
    /// Checks the text. A name is not resolved here: whom it stands for is looked at again each time.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str, destinations: Destinations) -> Result<Self, AddressError> {
        if text.len() > URL_MAX_BYTES {
            return Err(AddressError::TooLong { bytes: text.len() });
        }
        let url = Url::parse(text).map_err(|error| AddressError::Unreadable(error.to_string()))?;
        let is_here = destinations == Destinations::LoopbackToo && is_loopback(&url);
        if url.scheme() != "https" && !(is_here && url.scheme() == "http") {
            return Err(AddressError::Scheme { scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(AddressError::Extras);
        }
        let not_public =
            |host: &dyn std::fmt::Display| Err(AddressError::NotPublic { host: host.to_string() });
        match url.host() {
            // One name alone is found in a private network only.
            Some(Host::Domain(name)) if !is_here && !name.trim_end_matches('.').contains('.') => {
                not_public(&name)
            }
            Some(Host::Ipv4(ip)) if !is_here && !is_public(ip.into()) => not_public(&ip),
            Some(Host::Ipv6(ip)) if !is_here && !is_public(ip.into()) => not_public(&ip),
            Some(_) => Ok(Self(url)),
            None => Err(AddressError::Unreadable("it names no host".to_owned())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it names this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether the address is one of the public network, by the registries of special addresses (IANA; RFC
/// 6890 and its successors).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            // Shared by customers of one provider; a cloud's metadata; benchmarks.
            | (100, 64..=127, _)
            | (169, 254, _)
            | (198, 18 | 19, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocols, documentation, the relay of old tunnels.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Only what is given out for use in the world; all that stands for an address of the older kind is
    // outside of it or excluded here.
    let is_global = first & 0xe000 == 0x2000;
    let is_special = matches!(
        (first, second),
        // Protocols and tunnels; documentation; tunnels again.
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0x0000..=0x0fff)
    );
    is_global && !is_special
}
