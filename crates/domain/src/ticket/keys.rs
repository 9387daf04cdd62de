//! The keys that sign codes: a dated set, of which the newest signs and all are published that a
//! ticket may still be shown with.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::calendar::BOOKING_HORIZON_DAYS;

/// For how long after its last signature a key is published: a ticket is bought for a slot of at most
/// so many days ahead, and admits a little after that slot.
const SHOWN_DAYS: i64 = BOOKING_HORIZON_DAYS as i64 + 2;

/// The name of a public key: the first 8 bytes of its SHA-256, in hexadecimal. Codes carry the
/// first 4.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    digest(key)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn digest(key: &VerifyingKey) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// A signing key as it is kept: secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySeed {
    /// From when on it signs.
    pub from: Timestamp,
    /// The Ed25519 seed, 32 bytes in base 64.
    pub seed: String,
}

impl KeySeed {
    /// A seed as it is kept.
    #[must_use]
    pub fn new(seed: &[u8; 32], from: Timestamp) -> Self {
        Self { from, seed: STANDARD.encode(seed) }
    }

    /// The key.
    ///
    /// # Errors
    /// When the seed is not 32 bytes in base 64.
    pub fn signing_key(&self) -> Result<SigningKey, KeyError> {
        let bytes = STANDARD.decode(self.seed.trim()).ok();
        let seed: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        seed.map(|seed| SigningKey::from_bytes(&seed)).ok_or(KeyError::BadSeed { from: self.from })
    }
}

impl std::fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySeed").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Why a set of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no key")]
    None,
    /// A seed does not read.
    #[error("the key that signs from {from} is not 32 bytes in base 64")]
    BadSeed {
        /// From when it should sign.
        from: Timestamp,
    },
}

/// When a key of the set serves.
#[derive(Debug, Clone)]
pub struct KeyTerm {
    /// The key.
    pub key: SigningKey,
    /// It signs from then on.
    pub from: Timestamp,
    /// It is published until then; none while no later key is known.
    pub published_until: Option<Timestamp>,
}

/// The dated set of keys of an installation. At least one.
#[derive(Debug, Clone)]
pub struct KeyRing {
    first: KeyTerm,
    /// In the order in which they sign.
    later: Vec<KeyTerm>,
}

impl KeyRing {
    /// The set of these keys, in any order.
    ///
    /// # Errors
    /// When there is none, or a seed does not read.
    pub fn new(seeds: &[KeySeed]) -> Result<Self, KeyError> {
        let mut seeds: Vec<&KeySeed> = seeds.iter().collect();
        seeds.sort_by_key(|seed| seed.from);
        let mut terms = Vec::with_capacity(seeds.len());
        for (at, seed) in seeds.iter().enumerate() {
            let next = seeds.get(at + 1);
            let until = |next: &&KeySeed| next.from.saturating_add((SHOWN_DAYS * 24).hours());
            terms.push(KeyTerm {
                key: seed.signing_key()?,
                from: seed.from,
                published_until: next.map(|next| until(next).unwrap_or(Timestamp::MAX)),
            });
        }
        let later = terms.split_off(terms.len().min(1));
        let first = terms.pop().ok_or(KeyError::None)?;
        Ok(Self { first, later })
    }

    /// When each key serves, oldest first.
    pub fn terms(&self) -> impl Iterator<Item = &KeyTerm> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The key that signs: the newest whose time has come, the oldest while none's has.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> &SigningKey {
        &self.later.iter().rfind(|term| term.from <= now).unwrap_or(&self.first).key
    }

    /// The keys that a ticket may be shown with, newest first: those that will sign too, so that
    /// gates know them before the first ticket does.
    #[must_use]
    pub fn published(&self, now: Timestamp) -> Vec<VerifyingKey> {
        let mut keys: Vec<VerifyingKey> = self
            .terms()
            .filter(|term| term.published_until.is_none_or(|until| now < until))
            .map(|term| term.key.verifying_key())
            .collect();
        keys.reverse();
        keys
    }
}

/// A published key, as in a JSON Web Key Set (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// The key's name; codes carry the first 8 of its 16 digits.
    pub kid: String,
    /// The key, base 64 for addresses.
    pub x: String,
}

impl PublishedKey {
    /// Writes a key for publication.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        Self { kty: "OKP".into(), crv: "Ed25519".into(), kid: key_id(key), x }
    }

    /// Reads a published key.
    #[must_use]
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8, from: &str) -> KeySeed {
        KeySeed::new(&[byte; 32], from.parse().unwrap())
    }

    fn key(byte: u8) -> VerifyingKey {
        SigningKey::from_bytes(&[byte; 32]).verifying_key()
    }

    fn at(now: &str) -> Timestamp {
        now.parse().unwrap()
    }

    #[test]
    fn the_newest_key_whose_time_has_come_signs() {
        let ring = KeyRing::new(&[
            seed(3, "2027-01-01T00:00:00Z"),
            seed(1, "2026-01-01T00:00:00Z"),
            seed(2, "2026-06-01T00:00:00Z"),
        ])
        .unwrap();
        let signing = |now| ring.signing(at(now)).verifying_key();
        assert_eq!(signing("2025-12-31T00:00:00Z"), key(1));
        assert_eq!(signing("2026-05-31T23:59:59Z"), key(1));
        assert_eq!(signing("2026-06-01T00:00:00Z"), key(2));
        assert_eq!(signing("2027-01-02T00:00:00Z"), key(3));
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_ticket_is_shown() {
        let ring =
            KeyRing::new(&[seed(1, "2026-01-01T00:00:00Z"), seed(2, "2026-06-01T00:00:00Z")])
                .unwrap();
        assert_eq!(ring.published(at("2026-05-01T00:00:00Z")), [key(2), key(1)]);
        // Bought in the last minute of May for the last day on sale, shown on that evening.
        let last_day = at("2026-05-31T21:59:00Z") + (i64::from(BOOKING_HORIZON_DAYS) * 24).hours();
        assert_eq!(ring.published(last_day + 24.hours()), [key(2), key(1)]);
        assert_eq!(ring.published(at("2026-12-01T00:00:00Z")), [key(2)]);
    }

    #[test]
    fn a_set_without_a_key_and_one_with_a_bad_seed_are_refused() {
        assert_eq!(KeyRing::new(&[]).err(), Some(KeyError::None));
        let from = at("2026-01-01T00:00:00Z");
        let bad = KeySeed { from, seed: "c2hvcnQ=".to_owned() };
        assert_eq!(KeyRing::new(&[bad]).err(), Some(KeyError::BadSeed { from }));
    }

    #[test]
    fn a_published_key_reads_back() {
        assert_eq!(PublishedKey::of(&key(3)).verifying_key(), Some(key(3)));
    }
}
