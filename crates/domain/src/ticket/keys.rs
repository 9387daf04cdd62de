//! The keys that sign codes: dated sets, one of the installation's own and one for each supplier that has
//! keys. Of a set the newest signs, and all are published that a ticket may still be shown with. A key
//! that leaked is withdrawn: it signs nothing and proves nothing from then on.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key_set::{KeySet, PublishedKey, WithdrawnKey};
use crate::calendar::BOOKING_HORIZON_DAYS;
use crate::id::SupplierId;
use crate::supplier::SuppliedBy;

/// For how long after its last signature a key is published: a ticket is bought for a slot of at most
/// so many days ahead, and admits a little after that slot.
const SHOWN_DAYS: i64 = BOOKING_HORIZON_DAYS as i64 + 2;

/// Fewest digits by which a key is named: as many as its codes carry.
const NAME_MIN_DIGITS: usize = 8;

/// Until when a ticket of a visit may be shown with a code that was signed at an instant.
#[must_use]
pub fn shown_until(signed_at: Timestamp) -> Timestamp {
    signed_at.saturating_add((SHOWN_DAYS * 24).hours()).unwrap_or(Timestamp::MAX)
}

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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySeed {
    /// From when on it signs.
    pub from: Timestamp,
    /// The Ed25519 seed, 32 bytes in base 64.
    pub seed: String,
    /// Whose venues it signs for; those of the installation, and of suppliers without a key, where none
    /// is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierId>,
    /// That it was withdrawn, and when: with this it signs no more and proves nothing, whatever the
    /// instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Timestamp>,
}

impl KeySeed {
    /// A seed as it is kept.
    #[must_use]
    pub fn new(seed: &[u8; 32], from: Timestamp, supplier: Option<SupplierId>) -> Self {
        Self { from, seed: STANDARD.encode(seed), supplier, withdrawn_at: None }
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

    fn key_id(&self) -> Result<String, KeyError> {
        Ok(key_id(&self.signing_key()?.verifying_key()))
    }
}

impl std::fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySeed").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Why a set of keys cannot be used, or a key of it not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is none of the installation's own.
    #[error("there is no key of the installation's own that is not withdrawn")]
    None,
    /// A seed does not read.
    #[error("the key that signs from {from} is not 32 bytes in base 64")]
    BadSeed {
        /// From when it should sign.
        from: Timestamp,
    },
    /// One key stands there twice, with another owner or as good and withdrawn.
    #[error("the key `{key_id}` stands there twice, and not as the same")]
    Unclear {
        /// The key.
        key_id: String,
    },
    /// No key is called that, or several are.
    #[error("`{named}` names {found} keys: write at least 8 digits of one")]
    Unnamed {
        /// What was named.
        named: String,
        /// How many keys begin with it.
        found: usize,
    },
}

/// When a key of a set serves.
#[derive(Debug, Clone)]
pub struct KeyTerm {
    /// The key.
    pub key: SigningKey,
    /// Whose venues it signs for; none for the installation's own.
    pub supplier: Option<SupplierId>,
    /// It signs from then on.
    pub from: Timestamp,
    /// It is published until then; none while no later key is known.
    pub published_until: Option<Timestamp>,
}

/// The keys of one owner that are good. At least one.
#[derive(Debug, Clone)]
struct Terms {
    first: KeyTerm,
    /// In the order in which they sign.
    later: Vec<KeyTerm>,
}

impl Terms {
    /// In order of time; none where there is no key.
    fn of(mut seeds: Vec<&KeySeed>) -> Result<Option<Self>, KeyError> {
        seeds.sort_by_key(|seed| seed.from);
        let mut terms = Vec::with_capacity(seeds.len());
        for (at, seed) in seeds.iter().enumerate() {
            terms.push(KeyTerm {
                key: seed.signing_key()?,
                supplier: seed.supplier.clone(),
                from: seed.from,
                published_until: seeds.get(at + 1).map(|next| shown_until(next.from)),
            });
        }
        let later = terms.split_off(terms.len().min(1));
        Ok(terms.pop().map(|first| Self { first, later }))
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &KeyTerm> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The newest whose time has come.
    fn signing(&self, now: Timestamp) -> Option<&SigningKey> {
        self.iter().rfind(|term| term.from <= now).map(|term| &term.key)
    }
}

/// The dated sets of keys of an installation and its suppliers.
#[derive(Debug, Clone)]
pub struct KeyRing {
    own: Terms,
    suppliers: BTreeMap<SupplierId, Terms>,
    withdrawn: Vec<WithdrawnKey>,
}

impl KeyRing {
    /// The sets of these keys, in any order.
    ///
    /// # Errors
    /// When there is none of the installation's own, a seed does not read, or one key is several things.
    pub fn new(seeds: &[KeySeed]) -> Result<Self, KeyError> {
        let mut owners: BTreeMap<Option<SupplierId>, Vec<&KeySeed>> = BTreeMap::new();
        let mut withdrawn = Vec::new();
        let mut known = BTreeMap::new();
        for seed in seeds {
            let (id, supplier) = (seed.key_id()?, &seed.supplier);
            if known.insert(id.clone(), seed).is_some_and(|other| {
                (&other.supplier, other.withdrawn_at) != (supplier, seed.withdrawn_at)
            }) {
                return Err(KeyError::Unclear { key_id: id });
            }
            match seed.withdrawn_at {
                Some(withdrawn_at) => withdrawn.push(WithdrawnKey {
                    kid: id,
                    supplier_id: supplier.clone(),
                    withdrawn_at,
                }),
                None => owners.entry(supplier.clone()).or_default().push(seed),
            }
        }
        let own = Terms::of(owners.remove(&None).unwrap_or_default())?.ok_or(KeyError::None)?;
        let mut suppliers = BTreeMap::new();
        for (supplier, seeds) in owners {
            if let (Some(supplier), Some(terms)) = (supplier, Terms::of(seeds)?) {
                suppliers.insert(supplier, terms);
            }
        }
        Ok(Self { own, suppliers, withdrawn })
    }

    /// When each good key serves: the installation's own first, and of each owner the oldest first.
    pub fn terms(&self) -> impl Iterator<Item = &KeyTerm> {
        self.owners().flat_map(Terms::iter)
    }

    /// The keys that were withdrawn.
    #[must_use]
    pub fn withdrawn(&self) -> &[WithdrawnKey] {
        &self.withdrawn
    }

    fn owners(&self) -> impl Iterator<Item = &Terms> {
        std::iter::once(&self.own).chain(self.suppliers.values())
    }

    /// The key that signs tickets of a supplier's venues: of its own the newest whose time has come; of
    /// the installation's where the supplier has none, or none yet, and of these the oldest while none's
    /// time has.
    #[must_use]
    pub fn signing_for(&self, supplier: Option<&SupplierId>, now: Timestamp) -> &SigningKey {
        let of_supplier = supplier.and_then(|id| self.suppliers.get(id)?.signing(now));
        of_supplier.or_else(|| self.own.signing(now)).unwrap_or(&self.own.first.key)
    }

    /// The key that signs tickets of a venue.
    #[must_use]
    pub fn signing(&self, venue: &SuppliedBy, now: Timestamp) -> &SigningKey {
        self.signing_for(venue.supplier_id.as_ref(), now)
    }

    /// The keys that a ticket may be shown with, of each owner the newest first: those that will sign too,
    /// so that gates know them before the first ticket does. And those that were withdrawn while a ticket
    /// may still carry them.
    #[must_use]
    pub fn published(&self, now: Timestamp) -> KeySet {
        let serves = |term: &&KeyTerm| term.published_until.is_none_or(|until| now < until);
        let terms = self.owners().flat_map(|terms| terms.iter().rev());
        let withdrawn = self.withdrawn.iter().filter(|key| now < shown_until(key.withdrawn_at));
        KeySet {
            keys: terms.filter(serves).map(PublishedKey::from).collect(),
            withdrawn_keys: withdrawn.cloned().collect(),
        }
    }
}

/// Withdraws the key of that name, or whose name begins so. Where it is the one that signs, a fresh key of
/// the same owner takes its place. A key that was withdrawn before stays as it was.
///
/// # Errors
/// When the name is no key's or several keys', or a seed does not read.
pub fn withdraw(
    seeds: &mut Vec<KeySeed>,
    named: &str,
    fresh: &[u8; 32],
    now: Timestamp,
) -> Result<(), KeyError> {
    let ring = KeyRing::new(seeds)?;
    let mut found = Vec::new();
    for (at, seed) in seeds.iter().enumerate() {
        if named.len() >= NAME_MIN_DIGITS && seed.key_id()?.starts_with(named) {
            found.push(at);
        }
    }
    let [at] = found[..] else {
        return Err(KeyError::Unnamed { named: named.to_owned(), found: found.len() });
    };
    let seed = &mut seeds[at];
    if seed.withdrawn_at.is_some() {
        return Ok(());
    }
    let supplier = seed.supplier.clone();
    let signs = ring.signing_for(supplier.as_ref(), now).verifying_key();
    let is_signing = seed.signing_key()?.verifying_key() == signs;
    seed.withdrawn_at = Some(now);
    if is_signing {
        seeds.push(KeySeed::new(fresh, now, supplier));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8, from: &str) -> KeySeed {
        KeySeed::new(&[byte; 32], at(from), None)
    }

    fn seed_of(supplier: &str, byte: u8, from: &str) -> KeySeed {
        KeySeed::new(&[byte; 32], at(from), id(supplier))
    }

    fn id(supplier: &str) -> Option<SupplierId> {
        Some(SupplierId::new(supplier).unwrap())
    }

    fn key(byte: u8) -> VerifyingKey {
        SigningKey::from_bytes(&[byte; 32]).verifying_key()
    }

    fn at(now: &str) -> Timestamp {
        now.parse().unwrap()
    }

    fn published(ring: &KeyRing, now: Timestamp) -> Vec<VerifyingKey> {
        let keys = ring.published(now).keys;
        keys.iter().map(|key| key.verifying_key().unwrap()).collect()
    }

    #[test]
    fn the_newest_key_whose_time_has_come_signs() {
        let ring = KeyRing::new(&[
            seed(3, "2027-01-01T00:00:00Z"),
            seed(1, "2026-01-01T00:00:00Z"),
            seed(2, "2026-06-01T00:00:00Z"),
        ])
        .unwrap();
        let signing = |now| ring.signing_for(None, at(now)).verifying_key();
        assert_eq!(signing("2025-12-31T00:00:00Z"), key(1));
        assert_eq!(signing("2026-05-31T23:59:59Z"), key(1));
        assert_eq!(signing("2026-06-01T00:00:00Z"), key(2));
        assert_eq!(signing("2027-01-02T00:00:00Z"), key(3));
    }

    #[test]
    fn a_supplier_rotates_its_own_keys_and_nobody_elses() {
        let ring = KeyRing::new(&[
            seed(1, "1970-01-01T00:00:00Z"),
            seed_of("uffizi", 2, "2026-06-01T00:00:00Z"),
            seed_of("uffizi", 3, "2026-09-01T00:00:00Z"),
            seed_of("brera", 4, "2026-07-01T00:00:00Z"),
        ])
        .unwrap();
        let signing = |supplier: Option<SupplierId>, now| {
            ring.signing_for(supplier.as_ref(), at(now)).verifying_key()
        };
        assert_eq!(signing(id("uffizi"), "2026-05-31T23:59:59Z"), key(1), "it has none yet");
        assert_eq!(signing(id("uffizi"), "2026-06-01T00:00:00Z"), key(2));
        assert_eq!(signing(id("uffizi"), "2026-09-01T00:00:00Z"), key(3));
        assert_eq!(signing(id("brera"), "2026-09-01T00:00:00Z"), key(4));
        assert_eq!(signing(id("pompei"), "2026-09-01T00:00:00Z"), key(1), "it has none at all");
        assert_eq!(signing(None, "2026-09-01T00:00:00Z"), key(1));
        let until = |byte| {
            let term = ring.terms().find(|term| term.key.verifying_key() == key(byte)).unwrap();
            term.published_until
        };
        assert_eq!(until(2), Some(shown_until(at("2026-09-01T00:00:00Z"))));
        assert_eq!((until(1), until(4)), (None, None), "others' rotations end no key");
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_its_last_ticket_is_shown() {
        let ring =
            KeyRing::new(&[seed(1, "2026-01-01T00:00:00Z"), seed(2, "2026-06-01T00:00:00Z")])
                .unwrap();
        assert_eq!(published(&ring, at("2026-05-01T00:00:00Z")), [key(2), key(1)]);
        // Bought in the last minute of May for the last day on sale, shown on that evening.
        let last_day = at("2026-05-31T21:59:00Z") + (i64::from(BOOKING_HORIZON_DAYS) * 24).hours();
        assert_eq!(published(&ring, last_day + 24.hours()), [key(2), key(1)]);
        assert_eq!(published(&ring, at("2026-12-01T00:00:00Z")), [key(2)]);
    }

    #[test]
    fn a_set_without_a_key_and_one_with_a_bad_seed_are_refused() {
        assert_eq!(KeyRing::new(&[]).err(), Some(KeyError::None));
        let of_supplier = seed_of("uffizi", 1, "2026-01-01T00:00:00Z");
        assert_eq!(KeyRing::new(&[of_supplier]).err(), Some(KeyError::None));
        let bad = KeySeed { seed: "c2hvcnQ=".to_owned(), ..seed(1, "2026-01-01T00:00:00Z") };
        let from = bad.from;
        assert_eq!(KeyRing::new(&[bad]).err(), Some(KeyError::BadSeed { from }));
    }

    #[test]
    fn one_key_is_not_two_suppliers_and_not_good_and_withdrawn() {
        let own = seed(1, "2026-01-01T00:00:00Z");
        let theirs = seed_of("uffizi", 1, "2026-01-01T00:00:00Z");
        let withdrawn = KeySeed { withdrawn_at: Some(own.from), ..own.clone() };
        for other in [theirs, withdrawn] {
            let refused = KeyRing::new(&[own.clone(), other]).unwrap_err();
            assert_eq!(refused, KeyError::Unclear { key_id: key_id(&key(1)) });
        }
    }

    #[test]
    fn a_key_that_is_withdrawn_signs_no_more_and_a_fresh_one_takes_its_place() {
        let noon = at("2026-12-01T11:00:00Z");
        let mut seeds = vec![
            seed(1, "1970-01-01T00:00:00Z"),
            seed_of("uffizi", 2, "2026-06-01T00:00:00Z"),
            seed_of("uffizi", 3, "2026-09-01T00:00:00Z"),
        ];
        withdraw(&mut seeds, &key_id(&key(3))[..8], &[9; 32], noon).unwrap();
        let ring = KeyRing::new(&seeds).unwrap();
        let uffizi = id("uffizi");
        assert_eq!(ring.signing_for(uffizi.as_ref(), noon).verifying_key(), key(9));
        assert_eq!(published(&ring, noon), [key(1), key(9), key(2)]);
        let withdrawn = &ring.published(noon).withdrawn_keys;
        assert_eq!(withdrawn.len(), 1);
        assert_eq!((&withdrawn[0].kid, withdrawn[0].withdrawn_at), (&key_id(&key(3)), noon));
        assert!(ring.published(shown_until(noon)).withdrawn_keys.is_empty());

        let once = seeds.clone();
        withdraw(&mut seeds, &key_id(&key(3)), &[8; 32], noon + 1.hour()).unwrap();
        assert_eq!(seeds, once, "twice is once");
        withdraw(&mut seeds, &key_id(&key(2)), &[8; 32], noon).unwrap();
        assert_eq!(seeds.len(), 4, "one that did not sign leaves no gap");
        for nobodys in ["", "abc", "0123456789abcdef"] {
            let refused = withdraw(&mut seeds, nobodys, &[8; 32], noon).unwrap_err();
            assert!(matches!(refused, KeyError::Unnamed { found: 0, .. }), "{refused}");
        }
    }

    #[test]
    fn a_supplier_whose_only_key_is_withdrawn_by_hand_signs_with_the_installations() {
        let lost = KeySeed {
            withdrawn_at: Some(at("2026-12-01T11:00:00Z")),
            ..seed_of("uffizi", 2, "2026-06-01T00:00:00Z")
        };
        let ring = KeyRing::new(&[seed(1, "1970-01-01T00:00:00Z"), lost]).unwrap();
        let uffizi = id("uffizi");
        let signs = ring.signing_for(uffizi.as_ref(), at("2026-12-01T11:00:00Z"));
        assert_eq!(signs.verifying_key(), key(1));
    }

    #[test]
    fn a_seed_kept_before_suppliers_had_keys_is_the_installations() {
        let kept = r#"{"from":"2026-01-01T00:00:00Z","seed":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}"#;
        let seed: KeySeed = serde_json::from_str(kept).unwrap();
        assert_eq!(seed, self::seed(1, "2026-01-01T00:00:00Z"));
        assert_eq!(serde_json::to_string(&seed).unwrap(), kept);
    }
}
