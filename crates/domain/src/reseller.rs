//! Resellers: businesses that sell visits to customers of their own, with a key of which only a keyed
//! hash is kept. What a reseller may sell is what the venues within its scope opened to resellers.

mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::booking::is_mail_address;
use crate::id::{CallerUuid, InvalidId, ResellerId, VenueId};
use crate::venue::{Product, Resellers, Venue};

pub use key::{Ending, FreshKey, KeyHash, KeyTerm};

/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// Longest time for which an old key goes on beside a new one.
pub const OVERLAP_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Most keys that are good at once.
pub const KEYS_MAX: usize = 20;

/// Longest of the texts by which a firm is reached, in characters.
const CONTACT_MAX_CHARS: usize = 200;

/// How long the request that made a key may be repeated for another in its place, should its answer have been lost.
const MADE_AGAIN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// For how long an old key goes on beside a new one where nobody says otherwise.
pub const OVERLAP_USUAL: SignedDuration = SignedDuration::from_hours(24);

/// Whether a reseller sells or rehearses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// It sells: its bookings take places, and its tickets admit.
    Live,
    /// It tries out: everything answers as it would, but no place is taken and no gate admits.
    Test,
}

impl Mode {
    /// The mode as written in keys and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// At which venues a reseller sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// At every venue that opened something to resellers.
    All,
    /// At these of them.
    Venues(BTreeSet<VenueId>),
}

impl Scope {
    /// Whether a venue is within it.
    #[must_use]
    pub fn includes(&self, venue: &VenueId) -> bool {
        match self {
            Self::All => true,
            Self::Venues(venues) => venues.contains(venue),
        }
    }
}

/// How the firm is reached. The firm's own, and nobody's in person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FirmContact {
    /// Its mail address.
    pub email: String,
    /// Its telephone.
    pub telephone: String,
    /// Its page.
    pub website: String,
    /// Where it stands.
    pub address: String,
}

/// What an operator sets of a reseller. What is read is what is written back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is called.
    pub name: String,
    /// Where it sells.
    pub scope: Scope,
    /// How it is reached.
    #[serde(default)]
    pub contact: FirmContact,
    /// Whether it may sell; one that is suspended may not, and its keys are good again afterwards.
    #[serde(default = "on")]
    pub enabled: bool,
}

fn on() -> bool {
    true
}

impl ResellerError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::BadName { .. } | Self::Nameless { .. } => "name".to_owned(),
            Self::Revoked { .. } | Self::Suspended { .. } => "reseller_id".to_owned(),
            Self::TooManyKeys | Self::KeyToldBefore => "uuid".to_owned(),
            Self::LongContact { field, .. } => format!("contact.{field}"),
            Self::BadEmail => "contact.email".to_owned(),
            Self::NoVenue => "scope".to_owned(),
            Self::Overlap => "overlap_hours".to_owned(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::BadName { .. } | Self::Nameless { .. } => "write what the firm is called",
            Self::Revoked { .. } => "take it on anew, under another id",
            Self::Suspended { .. } => "set `enabled` first",
            Self::TooManyKeys => "end one that is not needed any more",
            Self::KeyToldBefore => "make a fresh uuid for another key",
            Self::LongContact { .. } => "shorten it",
            Self::BadEmail => "write an address such as `sales@example.org`, or leave it empty",
            Self::NoVenue => "name a venue, or write `all`",
            Self::Overlap => "write 0 to 720 hours",
        }
    }
}

impl Settings {
    /// The same, with one space between words.
    ///
    /// # Errors
    /// What of it cannot be.
    pub fn check(self) -> Result<Self, ResellerError> {
        let name = checked_name(&self.name)?;
        let FirmContact { email, telephone, website, address } = &self.contact;
        let fields = [
            ("email", email),
            ("telephone", telephone),
            ("website", website),
            ("address", address),
        ];
        for (field, text) in fields {
            let length = text.chars().count();
            if length > CONTACT_MAX_CHARS {
                return Err(ResellerError::LongContact { field, length });
            }
        }
        if !email.is_empty() && !is_mail_address(email) {
            return Err(ResellerError::BadEmail);
        }
        if matches!(&self.scope, Scope::Venues(venues) if venues.is_empty()) {
            return Err(ResellerError::NoVenue);
        }
        Ok(Self { name, ..self })
    }
}

fn checked_name(name: &str) -> Result<String, ResellerError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    if (1..=NAME_MAX_CHARS).contains(&length) {
        Ok(name)
    } else {
        Err(ResellerError::BadName { length })
    }
}

/// A business that sells on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reseller {
    /// Which.
    pub id: ResellerId,
    /// What it is called.
    pub name: String,
    /// Where it sells.
    pub scope: Scope,
    /// How it is reached.
    pub contact: FirmContact,
    /// When it was added.
    pub added_at: Timestamp,
    /// Its keys that have not ended, the newest last.
    pub keys: Vec<KeyTerm>,
    /// Since when it may sell nothing, until it may again.
    pub suspended_at: Option<Timestamp>,
    /// Since when it may sell nothing any more.
    pub revoked_at: Option<Timestamp>,
}

/// Why a reseller is not taken on, or given another key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResellerError {
    /// Nobody could tell it from others.
    #[error("the name has {length} characters, 1 to {NAME_MAX_CHARS} are taken")]
    BadName {
        /// What was given.
        length: usize,
    },
    /// No id can be made of the name.
    #[error("the name `{name}` has no letter and no digit")]
    Nameless {
        /// What was given.
        name: String,
    },
    /// It was revoked.
    #[error("reseller `{id}` was revoked at {at}")]
    Revoked {
        /// Which.
        id: ResellerId,
        /// When.
        at: Timestamp,
    },
    /// It may sell nothing just now.
    #[error("reseller `{id}` is suspended since {at}")]
    Suspended {
        /// Which.
        id: ResellerId,
        /// Since when.
        at: Timestamp,
    },
    /// Nobody keeps so many keys apart.
    #[error("{KEYS_MAX} keys are good already")]
    TooManyKeys,
    /// A key of that request was told, and is not told again.
    #[error("the key of this request was told, and is not told again")]
    KeyToldBefore,
    /// A text by which it is reached is too long.
    #[error("`contact.{field}` has {length} characters, {CONTACT_MAX_CHARS} are kept")]
    LongContact {
        /// Which.
        field: &'static str,
        /// How many.
        length: usize,
    },
    /// No mail gets there.
    #[error("`contact.email` is no mail address")]
    BadEmail,
    /// It would sell nowhere.
    #[error("`scope` names no venue")]
    NoVenue,
    /// An old key would go on for too long.
    #[error("an old key goes on for 0 to {} hours", OVERLAP_MAX.as_hours())]
    Overlap,
}

impl Reseller {
    /// Takes a reseller on under an id that its name gives, with its first key.
    ///
    /// # Errors
    /// A name that is none.
    pub fn new(
        name: &str,
        scope: Scope,
        key: KeyTerm,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        let name = checked_name(name)?;
        let id = id_of(&name).map_err(|_| ResellerError::Nameless { name: name.clone() })?;
        let settings = Settings { name, scope, contact: FirmContact::default(), enabled: true };
        Ok(Self { keys: vec![key], ..Self::taken_on(id, settings, now) })
    }

    /// Takes a reseller on under this id; keys are given it afterwards.
    #[must_use]
    pub fn taken_on(id: ResellerId, settings: Settings, now: Timestamp) -> Self {
        let Settings { name, scope, contact, enabled } = settings;
        Self {
            id,
            name,
            scope,
            contact,
            added_at: now,
            keys: Vec::new(),
            suspended_at: (!enabled).then_some(now),
            revoked_at: None,
        }
    }

    /// What an operator set of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            name: self.name.clone(),
            scope: self.scope.clone(),
            contact: self.contact.clone(),
            enabled: self.suspended_at.is_none(),
        }
    }

    /// The same reseller under other settings.
    #[must_use]
    pub fn set(&self, settings: Settings, now: Timestamp) -> Self {
        let Settings { name, scope, contact, enabled } = settings;
        let suspended_at = if enabled { None } else { self.suspended_at.or(Some(now)) };
        Self { name, scope, contact, suspended_at, ..self.clone() }
    }

    /// That it may sell now.
    ///
    /// # Errors
    /// It is suspended, or was revoked.
    pub fn must_sell(&self) -> Result<(), ResellerError> {
        match (self.revoked_at, self.suspended_at) {
            (Some(at), _) => Err(ResellerError::Revoked { id: self.id.clone(), at }),
            (None, Some(at)) => Err(ResellerError::Suspended { id: self.id.clone(), at }),
            (None, None) => Ok(()),
        }
    }

    /// Gives it another key; those before of its mode go on for `overlap`, so that it can change over in its own
    /// time.
    ///
    /// # Errors
    /// A reseller that was revoked, an overlap that is too long, or keys enough.
    pub fn rotate(
        &self,
        key: KeyTerm,
        overlap: SignedDuration,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        self.issue(key, Ending::All(overlap), now)
    }

    fn issue(
        &self,
        key: KeyTerm,
        ending: Ending<'_>,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        if let Some(at) = self.revoked_at {
            return Err(ResellerError::Revoked { id: self.id.clone(), at });
        }
        let overlap = ending.overlap();
        if overlap.is_negative() || overlap > OVERLAP_MAX {
            return Err(ResellerError::Overlap);
        }
        let end = now.saturating_add(overlap).unwrap_or(now);
        let mode = key.mode();
        let then = |term: &KeyTerm| match ending.ends(term, mode) {
            true => KeyTerm {
                until: Some(term.until.map_or(end, |until| until.min(end))),
                ..term.clone()
            },
            false => term.clone(),
        };
        let good = self.keys.iter().map(then).filter(|term| term.is_good(now));
        let keys: Vec<KeyTerm> = good.chain([key]).collect();
        if keys.len() > KEYS_MAX {
            return Err(ResellerError::TooManyKeys);
        }
        Ok(Self { keys, ..self.clone() })
    }

    /// Gives it a key as this request asks. Asked again soon, for its answer may have been lost, that is in the place
    /// of the one before.
    ///
    /// # Errors
    /// As [`Self::rotate`], and a request that made a key too long ago.
    pub fn give_key(
        &self,
        key: KeyTerm,
        request: CallerUuid,
        ending: Ending<'_>,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        let key = KeyTerm { made_by: Some(request), ..key };
        let Some(made) = self.keys.iter().find(|term| term.made_by == Some(request)) else {
            return self.issue(key, ending, now);
        };
        if now.duration_since(made.from) >= MADE_AGAIN_WITHIN {
            return Err(ResellerError::KeyToldBefore);
        }
        self.end_key(made.id()).issue(key, Ending::Nothing, now)
    }

    /// Ends one key at once; the same where it has none of that id.
    #[must_use]
    pub fn end_key(&self, id: &str) -> Self {
        let others = self.keys.iter().filter(|term| term.id() != id);
        Self { keys: others.cloned().collect(), ..self.clone() }
    }

    /// In which mode it works by the newest of its good keys; live where it has none.
    #[must_use]
    pub fn newest_mode(&self, now: Timestamp) -> Mode {
        let newest = self.keys.iter().rev().find(|term| term.is_good(now));
        newest.map_or(Mode::Live, KeyTerm::mode)
    }

    /// Ends all its keys at once. Repeated, it stays revoked since the first time.
    #[must_use]
    pub fn revoke(&self, now: Timestamp) -> Self {
        Self { revoked_at: self.revoked_at.or(Some(now)), ..self.clone() }
    }

    /// Whether a key is its own, good at `now`, and opens something; and then whether it sells or rehearses.
    #[must_use]
    pub fn admits(&self, key: &KeyHash, now: Timestamp) -> Option<Mode> {
        self.must_sell().ok()?;
        self.key(key, now).map(KeyTerm::mode)
    }

    /// Its own key of that hash, while it is good.
    #[must_use]
    pub fn key(&self, key: &KeyHash, now: Timestamp) -> Option<&KeyTerm> {
        self.keys.iter().find(|term| term.hash == *key && term.is_good(now))
    }

    /// Whether it may sell a product of a venue.
    #[must_use]
    pub fn sells(&self, venue: &Venue, product: &Product) -> bool {
        product.resellers == Resellers::Open && self.scope.includes(&venue.id)
    }
}

/// The id that a name gives: its letters and digits in lower case, with one dash where others stood.
///
/// # Errors
/// A name without any.
pub fn id_of(name: &str) -> Result<ResellerId, InvalidId> {
    let spelt: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let words: Vec<&str> = spelt.split_whitespace().collect();
    ResellerId::new(words.join("-").chars().take(64).collect::<String>())
}
