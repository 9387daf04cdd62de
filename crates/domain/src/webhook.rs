//! Webhooks: the servers that a venue's partners and its own systems are told at, what they are told,
//! and when it is tried again. An endpoint is told the venue's events one after the other, in the order
//! of the venue's log; where it stands in that log is its cursor, so an outage loses nothing.

pub mod address;
pub mod delivery;
pub mod event;
pub mod resold;
pub mod secret;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, InvalidId, ResellerId, VenueId};
use crate::reseller::Mode;
use address::{AddressError, Destinations, EndpointUrl};
use event::EventKind;
use secret::Secrets;

/// Whose events are told. Each has a log and endpoints of its own, and hears nothing of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A venue.
    Venue(VenueId),
    /// A reseller, by its keys of one mode: what is rehearsed is told apart from what is sold.
    Reseller {
        /// Which.
        reseller: ResellerId,
        /// By which keys.
        mode: Mode,
    },
}

impl Owner {
    /// The venue, where it is one.
    #[must_use]
    pub fn venue(&self) -> Option<&VenueId> {
        match self {
            Self::Venue(venue) => Some(venue),
            Self::Reseller { .. } => None,
        }
    }
}

impl From<VenueId> for Owner {
    fn from(venue: VenueId) -> Self {
        Self::Venue(venue)
    }
}

impl fmt::Display for Owner {
    /// A reseller's begins with its mode and a dot, which no id holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Venue(venue) => venue.fmt(f),
            Self::Reseller { reseller, mode } => write!(f, "{}.{reseller}", mode.name()),
        }
    }
}

impl FromStr for Owner {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let reseller = |id: &str, mode| Ok(Self::Reseller { reseller: id.parse()?, mode });
        match text.split_once('.') {
            Some(("live", id)) => reseller(id, Mode::Live),
            Some(("test", id)) => reseller(id, Mode::Test),
            _ => text.parse().map(Self::Venue),
        }
    }
}

/// Endpoints that one venue or reseller has at most: each is one write more for every event.
pub const ENDPOINTS_MAX: usize = 10;

/// Longest note on an endpoint, in characters.
const DESCRIPTION_MAX_CHARS: usize = 200;

/// What staff set of an endpoint. What is read is what is written back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where events are sent to.
    pub url: String,
    /// Which events; empty for all.
    #[serde(default)]
    pub events: Vec<EventKind>,
    /// A note for staff.
    #[serde(default)]
    pub description: String,
    /// Whether it is told. One that is off, or was disabled, goes on where it stopped.
    #[serde(default = "on")]
    pub enabled: bool,
}

fn on() -> bool {
    true
}

/// Why settings are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is none to send to.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A kind of event that is not subscribed to.
    #[error("`{}` is sent when it is asked for, and to no subscriber", .0.name())]
    NotSubscribed(EventKind),
    /// The note is too long.
    #[error("the description has {chars} characters, {DESCRIPTION_MAX_CHARS} are kept")]
    Description {
        /// How many.
        chars: usize,
    },
}

impl SettingsError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Address(_) => "url",
            Self::NotSubscribed(_) => "events",
            Self::Description { .. } => "description",
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Address(error) => error.fix(),
            Self::NotSubscribed(_) => "leave it out; `POST …/test` sends it",
            Self::Description { .. } => "shorten it",
        }
    }
}

impl Settings {
    /// The address, where all of it can be used.
    ///
    /// # Errors
    /// What cannot, with its field and fix.
    pub fn check(&self, destinations: Destinations) -> Result<EndpointUrl, SettingsError> {
        let url = EndpointUrl::new(&self.url, destinations)?;
        if let Some(kind) = self.events.iter().find(|kind| !EventKind::SUBSCRIBED.contains(kind)) {
            return Err(SettingsError::NotSubscribed(*kind));
        }
        let chars = self.description.chars().count();
        if chars > DESCRIPTION_MAX_CHARS {
            return Err(SettingsError::Description { chars });
        }
        Ok(url)
    }
}

/// Whether an endpoint is told, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndpointState {
    /// It is.
    Enabled,
    /// Staff turned it off.
    Off {
        /// When.
        at: Timestamp,
    },
    /// It could not be told, or wished to be told no more.
    Disabled {
        /// When.
        at: Timestamp,
        /// Why, for staff.
        reason: String,
    },
}

/// A server that events of a venue, or of a reseller, are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its key, made by who registered it.
    pub id: CallerUuid,
    /// Whose events.
    pub owner: Owner,
    /// Where.
    pub url: EndpointUrl,
    /// Which events; empty for all.
    pub events: Vec<EventKind>,
    /// What of OCTO a reseller's endpoint is told beside the core.
    pub capabilities: Vec<String>,
    /// A note for staff.
    pub description: String,
    /// Whether it is told.
    pub state: EndpointState,
    /// What it is signed with.
    pub secrets: Secrets,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Counts the changes of its settings.
    pub version: u64,
}

impl Endpoint {
    /// Whether it is told.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state == EndpointState::Enabled
    }

    /// Whether it is told of events of this kind, made for this endpoint alone where one is named.
    #[must_use]
    pub fn wants(&self, kind: EventKind, only_for: Option<CallerUuid>) -> bool {
        match only_for {
            Some(id) => id == self.id,
            None => self.events.is_empty() || self.events.contains(&kind),
        }
    }

    /// What staff set of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            url: self.url.as_str().to_owned(),
            events: self.events.clone(),
            description: self.description.clone(),
            enabled: self.is_enabled(),
        }
    }

    /// The endpoint under other settings, one version on.
    #[must_use]
    pub fn set(&self, settings: &Settings, url: EndpointUrl, now: Timestamp) -> Self {
        let state = match (settings.enabled, &self.state) {
            (true, _) => EndpointState::Enabled,
            (false, EndpointState::Enabled) => EndpointState::Off { at: now },
            (false, other) => other.clone(),
        };
        Self {
            url,
            events: settings.events.clone(),
            description: settings.description.clone(),
            state,
            version: self.version + 1,
            ..self.clone()
        }
    }
}
