//! The ticket as a visitor carries it: a `COSE_Sign1` (RFC 9052) over a small CBOR map, signed with
//! Ed25519, written in base 45 (RFC 9285) for a QR code, the way of the EU health certificates. It
//! holds an entitlement and no person, and any gate verifies it offline from the published keys.

use ciborium::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::booking::Booking;
use crate::calendar::SlotTimes;
use crate::id::{CallerUuid, GateId, ProductId, SlotId, TicketId, UnitId, VenueId};
use crate::text::Text;

/// What every code of ours starts with: the scheme and its version.
pub const CODE_PREFIX: &str = "AT1:";

/// Longest code read, in characters; a QR code that a phone scans holds fewer.
const CODE_MAX_CHARS: usize = 600;

/// What a ticket entitles to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// The ticket.
    pub ticket: TicketId,
    /// Where.
    pub venue: VenueId,
    /// To what.
    pub product: ProductId,
    /// As whom.
    pub unit: UnitId,
    /// From when to when.
    pub slot: SlotTimes,
}

/// A ticket as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// What it entitles to.
    pub entitlement: Entitlement,
    /// What the unit is called.
    pub unit_name: Text,
    /// Why it cost what it cost.
    pub reason: Text,
    /// The document to show, where one is needed.
    pub document: Option<Text>,
    /// The booking it was issued for.
    pub booking: CallerUuid,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Where it stands.
    pub state: TicketState,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketState {
    /// Admits once.
    Valid,
    /// Has admitted.
    Redeemed {
        /// When.
        at: Timestamp,
        /// Through which gate.
        gate: GateId,
        /// Under which nonce of the gate.
        redemption: CallerUuid,
    },
    /// Admits no more.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
}

impl TicketState {
    /// The state as written in answers and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Redeemed { .. } => "REDEEMED",
            Self::Revoked { .. } => "REVOKED",
        }
    }
}

/// The tickets of a booking, one for each place, under the ids given; as many as there are ids, so
/// the caller brings [`Booking::places`] of them.
#[must_use]
pub fn issue(
    booking: &Booking,
    ids: impl IntoIterator<Item = TicketId>,
    now: Timestamp,
) -> Vec<Ticket> {
    let holders = booking.units.iter().flat_map(|line| (0..line.quantity).map(move |_| line));
    holders
        .zip(ids)
        .map(|(line, ticket)| Ticket {
            entitlement: Entitlement {
                ticket,
                venue: booking.venue_id.clone(),
                product: booking.product_id.clone(),
                unit: line.unit_id.clone(),
                slot: booking.slot,
            },
            unit_name: line.name.clone(),
            reason: line.reason.clone(),
            document: line.document.clone(),
            booking: booking.uuid,
            issued_at: now,
            state: TicketState::Valid,
        })
        .collect()
}

/// Why a code is not a ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The text is no code of ours, or part of one.
    #[error("the code cannot be read: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key that signed it is not published.
    #[error("the code is signed with key `{key_id}`, which is not ours")]
    UnknownKey {
        /// The key it names.
        key_id: String,
    },
    /// The signature does not fit.
    #[error("the signature does not fit the code")]
    Forged,
}

/// The name of a public key: the first 8 bytes of its SHA-256, in hexadecimal.
#[must_use]
pub fn key_id(key: &VerifyingKey) -> String {
    Sha256::digest(key.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

// Keys of the CBOR map. 1 is CWT's issuer claim (RFC 8392); below -70000 is private use.
const ISSUER: i64 = 1;
const TICKET: i64 = -70_001;
const VENUE: i64 = -70_002;
const PRODUCT: i64 = -70_003;
const UNIT: i64 = -70_004;
const SLOT: i64 = -70_005;
const START: i64 = -70_006;
const END: i64 = -70_007;

/// Signs an entitlement. Ed25519 is deterministic: the same ticket always has the same code.
///
/// # Errors
/// [`CodeError::Unreadable`] if the map cannot be encoded, which no entitlement causes.
pub fn sign(entitlement: &Entitlement, key: &SigningKey) -> Result<String, CodeError> {
    let text = |value: &str| Value::Text(value.to_owned());
    let number = |value: i64| Value::Integer(value.into());
    let claims = Value::Map(vec![
        (number(ISSUER), text("atrio")),
        (number(TICKET), Value::Bytes(entitlement.ticket.as_bytes().to_vec())),
        (number(VENUE), text(entitlement.venue.as_str())),
        (number(PRODUCT), text(entitlement.product.as_str())),
        (number(UNIT), text(entitlement.unit.as_str())),
        (number(SLOT), text(&entitlement.slot.id.to_string())),
        (number(START), number(entitlement.slot.start.as_second())),
        (number(END), number(entitlement.slot.end.as_second())),
    ]);
    let mut payload = Vec::new();
    ciborium::into_writer(&claims, &mut payload)
        .map_err(|_| CodeError::Unreadable { what: "it cannot be encoded" })?;
    let protected = HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .key_id(key_id(&key.verifying_key()).into_bytes())
        .build();
    let message = CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .create_signature(b"", |bytes| key.sign(bytes).to_bytes().to_vec())
        .build();
    let bytes =
        message.to_vec().map_err(|_| CodeError::Unreadable { what: "it cannot be encoded" })?;
    Ok(format!("{CODE_PREFIX}{}", base45::encode(bytes)))
}

/// Reads a code and checks its signature against the published keys.
///
/// # Errors
/// The code is cut or foreign, its key unknown, or its signature wrong.
pub fn verify(code: &str, keys: &[VerifyingKey]) -> Result<Entitlement, CodeError> {
    let unreadable = |what| CodeError::Unreadable { what };
    let body = code
        .trim()
        .strip_prefix(CODE_PREFIX)
        .ok_or_else(|| unreadable("it does not start with `AT1:`"))?;
    if body.len() > CODE_MAX_CHARS {
        return Err(unreadable("it is too long"));
    }
    let bytes = base45::decode(body).map_err(|_| unreadable("it is not base 45, or was cut"))?;
    let message =
        CoseSign1::from_slice(&bytes).map_err(|_| unreadable("it is no COSE_Sign1, or was cut"))?;
    let named = String::from_utf8_lossy(&message.protected.header.key_id).into_owned();
    let key = keys
        .iter()
        .find(|key| key_id(key) == named)
        .ok_or_else(|| CodeError::UnknownKey { key_id: named.chars().take(32).collect() })?;
    message
        .verify_signature(b"", |signature, data| {
            let signature = Signature::from_slice(signature)?;
            key.verify(data, &signature)
        })
        .map_err(|_: ed25519_dalek::SignatureError| CodeError::Forged)?;
    let payload = message.payload.ok_or_else(|| unreadable("it holds no ticket"))?;
    entitlement(&payload).ok_or_else(|| unreadable("it holds no ticket"))
}

fn entitlement(payload: &[u8]) -> Option<Entitlement> {
    let Value::Map(claims) = ciborium::from_reader(payload).ok()? else { return None };
    let claim = |name: i64| {
        claims.iter().find(|(key, _)| key.as_integer() == Some(name.into())).map(|(_, value)| value)
    };
    let text = |name| claim(name).and_then(Value::as_text);
    let instant = |name| {
        let seconds = i64::try_from(claim(name)?.as_integer()?).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let ticket: [u8; 10] = claim(TICKET)?.as_bytes()?.as_slice().try_into().ok()?;
    Some(Entitlement {
        ticket: TicketId::from_bytes(ticket),
        venue: VenueId::new(text(VENUE)?).ok()?,
        product: ProductId::new(text(PRODUCT)?).ok()?,
        unit: UnitId::new(text(UNIT)?).ok()?,
        slot: SlotTimes {
            id: text(SLOT)?.parse::<SlotId>().ok()?,
            start: instant(START)?,
            end: instant(END)?,
        },
    })
}

/// A published key, as in a JSON Web Key Set (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// The key's name, as in the codes.
    pub kid: String,
    /// The key, base 64 for addresses.
    pub x: String,
}

impl PublishedKey {
    /// Writes a key for publication.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        use base64::Engine as _;
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.as_bytes());
        Self { kty: "OKP".into(), crv: "Ed25519".into(), kid: key_id(key), x }
    }

    /// Reads a published key.
    #[must_use]
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Entitlement, SigningKey) {
        let entitlement = Entitlement {
            ticket: TicketId::from_bytes([7; 10]),
            venue: VenueId::new("20240").unwrap(),
            product: ProductId::new("admission").unwrap(),
            unit: UnitId::new("adult").unwrap(),
            slot: SlotTimes {
                id: "2026-11-24T10:00".parse().unwrap(),
                start: "2026-11-24T09:00:00Z".parse().unwrap(),
                end: "2026-11-24T10:00:00Z".parse().unwrap(),
            },
        };
        (entitlement, SigningKey::from_bytes(&[3; 32]))
    }

    #[test]
    fn a_signed_ticket_reads_back_and_fits_a_qr_code() {
        let (entitlement, key) = sample();
        let code = sign(&entitlement, &key).unwrap();
        assert!(code.len() < 400, "{} characters", code.len());
        assert_eq!(verify(&code, &[key.verifying_key()]), Ok(entitlement.clone()));
        assert_eq!(sign(&entitlement, &key).unwrap(), code);
    }

    #[test]
    fn a_cut_code_is_unreadable_wherever_it_is_cut() {
        let (entitlement, key) = sample();
        let code = sign(&entitlement, &key).unwrap();
        for end in 0..code.len() {
            assert!(verify(&code[..end], &[key.verifying_key()]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_code_with_one_changed_character_admits_nobody() {
        let (entitlement, key) = sample();
        let code = sign(&entitlement, &key).unwrap();
        for at in 0..code.len() {
            let mut changed = code.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_ne!(
                verify(&changed, &[key.verifying_key()]),
                Ok(entitlement.clone()),
                "at {at}"
            );
        }
    }

    #[test]
    fn a_ticket_signed_by_a_stranger_is_refused() {
        let (entitlement, key) = sample();
        let stranger = SigningKey::from_bytes(&[4; 32]);
        let code = sign(&entitlement, &stranger).unwrap();
        assert!(matches!(verify(&code, &[key.verifying_key()]), Err(CodeError::UnknownKey { .. })));
    }

    #[test]
    fn a_published_key_reads_back() {
        let key = sample().1.verifying_key();
        assert_eq!(PublishedKey::of(&key).verifying_key(), Some(key));
    }
}
