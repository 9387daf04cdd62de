//! The published key set: what codes are verified with, which key counts at which venue, and what a code
//! is worth whose key does not. It holds no secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Entitlement;
use super::code::{CodeError, Sealed};
use super::keys::{KeyTerm, key_id, shown_until};
use crate::id::{SupplierId, TicketId, VenueId};
use crate::supplier::SuppliedBy;

/// The keys that tickets may be shown with, and those that were withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeySet {
    /// What codes are verified with.
    pub keys: Vec<PublishedKey>,
    /// Keys whose signature proves nothing any more.
    #[serde(default)]
    pub withdrawn_keys: Vec<WithdrawnKey>,
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
    /// Whose venues it signs for; null for the installation's own.
    #[serde(default)]
    pub supplier_id: Option<SupplierId>,
    /// From when on it signs.
    #[serde(default)]
    pub signs_from: Timestamp,
    /// Until when a ticket may be shown with it; null while no later key is known.
    #[serde(default)]
    pub published_until: Option<Timestamp>,
}

/// A key that was withdrawn. A code that it signed is worth what its ticket's typed code is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnKey {
    /// The key's name.
    pub kid: String,
    /// Whose venues it signed for; null for the installation's own.
    #[serde(default)]
    pub supplier_id: Option<SupplierId>,
    /// Since when.
    pub withdrawn_at: Timestamp,
}

/// What a code is, by the keys of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// A good key signed it.
    Good {
        /// What it entitles to.
        entitlement: Entitlement,
        /// The key.
        signer: Signer,
    },
    /// It names a key that was withdrawn: whoever has that key can write anything. The number alone counts,
    /// as if it had been typed.
    Withdrawn {
        /// The ticket it names.
        ticket: TicketId,
        /// The key it names.
        key_id: String,
    },
}

/// The key that signed a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Its name.
    pub key_id: String,
    /// Whose venues it signs for; none for the installation's own.
    pub supplier: Option<SupplierId>,
}

impl PublishedKey {
    /// Writes a key of the installation's own for publication.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            kid: key_id(key),
            x,
            supplier_id: None,
            signs_from: Timestamp::UNIX_EPOCH,
            published_until: None,
        }
    }

    /// Reads a published key.
    #[must_use]
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()
    }
}

impl From<&KeyTerm> for PublishedKey {
    fn from(term: &KeyTerm) -> Self {
        Self {
            supplier_id: term.supplier.clone(),
            signs_from: term.from,
            published_until: term.published_until,
            ..Self::of(&term.key.verifying_key())
        }
    }
}

impl KeySet {
    /// Keys of the installation's own, without more said of them.
    #[must_use]
    pub fn of(keys: &[VerifyingKey]) -> Self {
        Self { keys: keys.iter().map(PublishedKey::of).collect(), withdrawn_keys: Vec::new() }
    }

    /// The keys that count at a venue: those of its supplier, and of suppliers that it had while their
    /// tickets are shown.
    #[must_use]
    pub fn counting_at(&self, venue: &SuppliedBy, now: Timestamp) -> Self {
        let counts = |owner: &Option<SupplierId>| self.counts(owner.as_ref(), venue, now);
        let serves = |key: &&PublishedKey| key.published_until.is_none_or(|until| now < until);
        let keys = self.keys.iter().filter(serves).filter(|key| counts(&key.supplier_id));
        let withdrawn = self.withdrawn_keys.iter().filter(|key| counts(&key.supplier_id));
        Self { keys: keys.cloned().collect(), withdrawn_keys: withdrawn.cloned().collect() }
    }

    /// Reads a code and checks its signature. A key that cannot be read verifies nothing.
    ///
    /// # Errors
    /// The code is cut or foreign, its key unknown, or its signature wrong.
    pub fn read(&self, code: &str) -> Result<Signed, CodeError> {
        let sealed = Sealed::open(code)?;
        let is_named = |kid: &str| sealed.is_by(kid);
        if let Some(key) = self.withdrawn_keys.iter().find(|key| is_named(&key.kid)) {
            let ticket = sealed.unproven()?.ticket;
            return Ok(Signed::Withdrawn { ticket, key_id: key.kid.clone() });
        }
        let mut named = self.keys.iter().filter(|key| is_named(&key.kid)).peekable();
        if named.peek().is_none() {
            return Err(sealed.unknown());
        }
        for key in named {
            let Some(public) = key.verifying_key() else { continue };
            if let Some(entitlement) = sealed.proven_by(&public) {
                let signer = Signer { key_id: key.kid.clone(), supplier: key.supplier_id.clone() };
                return Ok(Signed::Good { entitlement: entitlement?, signer });
            }
        }
        Err(CodeError::Forged)
    }

    /// Checks that the key which signed a code may sign for the venue that the code is for.
    ///
    /// # Errors
    /// [`CodeError::ForeignKey`].
    pub fn check_signer(
        &self,
        signer: &Signer,
        (venue, supplied_by): (&VenueId, &SuppliedBy),
        now: Timestamp,
    ) -> Result<(), CodeError> {
        if self.counts(signer.supplier.as_ref(), supplied_by, now) {
            return Ok(());
        }
        Err(CodeError::ForeignKey { key_id: signer.key_id.clone(), venue: venue.clone() })
    }

    fn counts(&self, owner: Option<&SupplierId>, venue: &SuppliedBy, now: Timestamp) -> bool {
        venue.signers(now).any(|signer| {
            owner == signer || (owner.is_none() && signer.is_some_and(|id| self.borrows(id, now)))
        })
    }

    /// Whether tickets of a supplier may be shown that the installation's keys signed: it has none of its
    /// own, or had none when they were signed.
    fn borrows(&self, supplier: &SupplierId, now: Timestamp) -> bool {
        let own = self.keys.iter().filter(|key| key.supplier_id.as_ref() == Some(supplier));
        own.map(|key| key.signs_from).min().is_none_or(|first| now < shown_until(first))
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::ticket::{KeyRing, KeySeed, sample, sign, withdraw};

    const NOW: &str = "2026-12-01T11:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn id(supplier: &str) -> Option<SupplierId> {
        Some(SupplierId::new(supplier).unwrap())
    }

    /// Key 1 is the installation's, 2 of the Uffizi since long, 3 of Brera since noon.
    fn seeds() -> Vec<KeySeed> {
        let long = "2026-01-01T00:00:00Z".parse().unwrap();
        vec![
            KeySeed::new(&[1; 32], Timestamp::UNIX_EPOCH, None),
            KeySeed::new(&[2; 32], long, id("uffizi")),
            KeySeed::new(&[3; 32], now(), id("brera")),
        ]
    }

    fn set() -> KeySet {
        KeyRing::new(&seeds()).unwrap().published(now())
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    /// Which of the keys count at a supplier's venue.
    fn counting(set: &KeySet, venue: &SuppliedBy, now: Timestamp) -> Vec<u8> {
        let keys = set.counting_at(venue, now).keys;
        let is = |byte: &u8| {
            let public = key(*byte).verifying_key();
            keys.iter().any(|known| known.verifying_key() == Some(public))
        };
        (1..=4).filter(is).collect()
    }

    #[test]
    fn at_a_venue_count_the_keys_of_its_supplier() {
        let at = |supplier| counting(&set(), &SuppliedBy::one(supplier), now());
        assert_eq!(at(None), [1]);
        assert_eq!(at(id("uffizi")), [2], "it has had keys of its own for long");
        assert_eq!(at(id("brera")), [1, 3], "this morning's tickets are the installation's");
        assert_eq!(at(id("pompei")), [1], "it has none of its own");
        let brera = SuppliedBy::one(id("brera"));
        assert_eq!(counting(&set(), &brera, shown_until(now())), [3]);
    }

    #[test]
    fn a_venue_that_changed_hands_believes_the_tickets_of_before() {
        let moved = SuppliedBy::one(id("uffizi")).taken_over(None, now());
        assert_eq!(counting(&set(), &moved, now()), [1, 2]);
        assert_eq!(counting(&set(), &moved, shown_until(now())), [1]);
    }

    #[test]
    fn a_key_signs_for_its_own_suppliers_venues_and_no_other() {
        let code = sign(&sample::entitlement(), &key(2)).unwrap();
        let Ok(Signed::Good { entitlement, signer }) = set().read(&code) else { panic!("{code}") };
        assert_eq!(entitlement, sample::entitlement());
        let venue = entitlement.venue;
        let check =
            |supplier| set().check_signer(&signer, (&venue, &SuppliedBy::one(supplier)), now());
        assert_eq!(check(id("uffizi")), Ok(()));
        let key_id = key_id(&key(2).verifying_key());
        let foreign = CodeError::ForeignKey { key_id, venue: venue.clone() };
        for other in [None, id("brera"), id("pompei")] {
            assert_eq!(check(other), Err(foreign.clone()));
        }
    }

    #[test]
    fn a_code_of_a_withdrawn_key_proves_its_number_only() {
        let mut seeds = seeds();
        let leaked = key_id(&key(2).verifying_key());
        withdraw(&mut seeds, &leaked, &[4; 32], now()).unwrap();
        let set = KeyRing::new(&seeds).unwrap().published(now());
        let code = sign(&sample::entitlement(), &key(2)).unwrap();
        let ticket = sample::entitlement().ticket;
        let withdrawn = Signed::Withdrawn { ticket, key_id: leaked };
        assert_eq!(set.read(&code), Ok(withdrawn));
        let at_uffizi = set.counting_at(&SuppliedBy::one(id("uffizi")), now());
        assert_eq!(at_uffizi.withdrawn_keys.len(), 1, "its gates can say so");
        assert!(set.counting_at(&SuppliedBy::default(), now()).withdrawn_keys.is_empty());
        assert!(set.read(&code[..code.len() - 3]).is_err(), "a cut one names nothing");
    }

    #[test]
    fn a_code_whose_key_is_not_in_the_set_says_for_which_venue_it_claims_to_be() {
        let code = sign(&sample::entitlement(), &key(4)).unwrap();
        let Err(CodeError::UnknownKey { claims, .. }) = set().read(&code) else { panic!("{code}") };
        assert_eq!(claims.map(|claims| claims.venue), Some(sample::entitlement().venue));
    }

    #[test]
    fn a_published_key_reads_back_also_from_before_suppliers_had_keys() {
        let of_three = PublishedKey::of(&key(3).verifying_key());
        assert_eq!(of_three.verifying_key(), Some(key(3).verifying_key()));
        let PublishedKey { kid, x, .. } = &of_three;
        let before =
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}]}}"#);
        let read: KeySet = serde_json::from_str(&before).unwrap();
        assert_eq!(read, KeySet::of(&[key(3).verifying_key()]));
        let written = serde_json::to_string(&set()).unwrap();
        assert_eq!(serde_json::from_str::<KeySet>(&written).unwrap(), set());
    }
}
