//! Resellers: businesses that sell visits to customers of their own, with a key of which only a keyed
//! hash is kept. What a reseller may sell is what the venues within its scope opened to resellers.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::{InvalidId, ResellerId, VenueId};
use crate::risk::keyed_bytes;
use crate::venue::{Product, Resellers, Venue};

/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// Longest time for which an old key goes on beside a new one.
pub const OVERLAP_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For how long an old key goes on beside a new one where nobody says otherwise.
pub const OVERLAP_USUAL: SignedDuration = SignedDuration::from_hours(24);

/// Whether a reseller sells or rehearses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is kept of a key: a hash that only the installation can make.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// The hash of a key as a reseller shows it.
    #[must_use]
    pub fn of(secret: &[u8], key: &str) -> Self {
        let bytes = keyed_bytes(secret, "reseller-key", key.trim());
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key as it is told to a reseller, once.
#[derive(Clone, PartialEq, Eq)]
pub struct FreshKey(String);

impl FreshKey {
    /// The key made of these random bytes. It says whether it is one for trying out.
    #[must_use]
    pub fn new(mode: Mode, random: &[u8; 32]) -> Self {
        Self(format!("atrio_{}_{}", mode.name(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn term(&self, secret: &[u8], now: Timestamp) -> KeyTerm {
        let begins = self.0.chars().take(16).collect();
        KeyTerm { hash: KeyHash::of(secret, &self.0), begins, from: now, until: None }
    }
}

impl fmt::Debug for FreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshKey(…)")
    }
}

/// A key, and for how long it is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTerm {
    /// What is kept of it.
    pub hash: KeyHash,
    /// How it begins, so that people can tell keys apart.
    pub begins: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none until it is rotated or revoked.
    pub until: Option<Timestamp>,
}

impl KeyTerm {
    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// A business that sells on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reseller {
    /// Which.
    pub id: ResellerId,
    /// What it is called.
    pub name: String,
    /// Whether it sells or rehearses.
    pub mode: Mode,
    /// Where it sells.
    pub scope: Scope,
    /// When it was added.
    pub added_at: Timestamp,
    /// Its keys that have not ended, the newest last.
    pub keys: Vec<KeyTerm>,
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
    /// An old key would go on for too long.
    #[error("an old key goes on for 0 to {} hours", OVERLAP_MAX.as_hours())]
    Overlap,
}

impl Reseller {
    /// Takes a reseller on.
    ///
    /// # Errors
    /// A name that is none.
    pub fn new(
        name: &str,
        mode: Mode,
        scope: Scope,
        key: KeyTerm,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let length = name.chars().count();
        if !(1..=NAME_MAX_CHARS).contains(&length) {
            return Err(ResellerError::BadName { length });
        }
        let id = id_of(&name).map_err(|_| ResellerError::Nameless { name: name.clone() })?;
        Ok(Self { id, name, mode, scope, added_at: now, keys: vec![key], revoked_at: None })
    }

    /// Gives it another key; those before go on for `overlap`, so that it can change over in its own time.
    ///
    /// # Errors
    /// A reseller that was revoked, or an overlap that is too long.
    pub fn rotate(
        &self,
        key: KeyTerm,
        overlap: SignedDuration,
        now: Timestamp,
    ) -> Result<Self, ResellerError> {
        if let Some(at) = self.revoked_at {
            return Err(ResellerError::Revoked { id: self.id.clone(), at });
        }
        if overlap.is_negative() || overlap > OVERLAP_MAX {
            return Err(ResellerError::Overlap);
        }
        let end = now.saturating_add(overlap).unwrap_or(now);
        let ending = |term: &KeyTerm| KeyTerm {
            until: Some(term.until.map_or(end, |until| until.min(end))),
            ..term.clone()
        };
        let good = self.keys.iter().map(ending).filter(|term| term.is_good(now));
        Ok(Self { keys: good.chain([key]).collect(), ..self.clone() })
    }

    /// Ends all its keys at once. Repeated, it stays revoked since the first time.
    #[must_use]
    pub fn revoke(&self, now: Timestamp) -> Self {
        Self { revoked_at: self.revoked_at.or(Some(now)), ..self.clone() }
    }

    /// Whether a key is its own, and good at `now`.
    #[must_use]
    pub fn admits(&self, key: &KeyHash, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.keys.iter().any(|t| t.hash == *key && t.is_good(now))
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

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"secret";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn reseller(now: Timestamp) -> (Reseller, FreshKey) {
        let key = FreshKey::new(Mode::Live, &[7; 32]);
        let term = key.term(SECRET, now);
        (Reseller::new(" Tours & Co.  ", Mode::Live, Scope::All, term, now).unwrap(), key)
    }

    fn hash(key: &FreshKey) -> KeyHash {
        KeyHash::of(SECRET, key.reveal())
    }

    #[test]
    fn a_key_is_found_by_its_hash_and_by_no_other_installation() {
        let (reseller, key) = reseller(at("2026-11-24T09:00:00Z"));
        assert_eq!(reseller.id.as_str(), "tours-co");
        assert!(key.reveal().starts_with("atrio_live_"));
        assert!(reseller.admits(&hash(&key), at("2036-11-24T09:00:00Z")));
        assert!(!reseller.admits(&KeyHash::of(b"other", key.reveal()), reseller.added_at));
        let kept = format!("{reseller:?}");
        assert!(!kept.contains(key.reveal()), "{kept}");
    }

    #[test]
    fn an_old_key_goes_on_for_the_overlap_and_not_longer_however_often_one_rotates() {
        let now = at("2026-11-24T09:00:00Z");
        let (first, old) = reseller(now);
        let new = FreshKey::new(Mode::Live, &[8; 32]);
        let second = first.rotate(new.term(SECRET, now), OVERLAP_USUAL, now).unwrap();
        let (before, after) = (at("2026-11-25T08:59:59Z"), at("2026-11-25T09:00:00Z"));
        assert!(second.admits(&hash(&old), before) && second.admits(&hash(&new), before));
        assert!(!second.admits(&hash(&old), after) && second.admits(&hash(&new), after));
        let third = FreshKey::new(Mode::Live, &[9; 32]);
        let again = second.rotate(third.term(SECRET, before), OVERLAP_USUAL, before).unwrap();
        assert!(!again.admits(&hash(&old), after), "its end stands");
        let at_once = first.rotate(new.term(SECRET, now), SignedDuration::ZERO, now).unwrap();
        assert!(!at_once.admits(&hash(&old), now));
        let long = OVERLAP_MAX + SignedDuration::from_secs(1);
        assert_eq!(first.rotate(new.term(SECRET, now), long, now), Err(ResellerError::Overlap));
    }

    #[test]
    fn who_is_revoked_sells_nothing_and_gets_no_key() {
        let now = at("2026-11-24T09:00:00Z");
        let (reseller, key) = reseller(now);
        let revoked = reseller.revoke(now);
        assert!(!revoked.admits(&hash(&key), now));
        assert_eq!(revoked.revoke(at("2026-11-25T09:00:00Z")), revoked);
        let refused = revoked.rotate(key.term(SECRET, now), OVERLAP_USUAL, now);
        assert!(matches!(refused, Err(ResellerError::Revoked { .. })));
    }
}
