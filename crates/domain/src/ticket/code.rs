//! The code of a ticket: a `COSE_Sign1` (RFC 9052) over a short CBOR array, signed with Ed25519 and
//! written in base 45 (RFC 9285), whose characters a QR code packs densest. It holds an entitlement
//! and no person, and any gate verifies it offline from the published keys.

use ciborium::Value;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signature, SignatureError, Signer, SigningKey, Verifier, VerifyingKey};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};

use super::keys::{digest, key_id};
use super::{Entitlement, Grant};
use crate::calendar::SlotTimes;
use crate::id::{ProductId, SlotId, TicketId, UnitId, VenueId};
use crate::venue::TIME_ZONE;

mod first;

/// What every code issued starts with: the scheme and its version. Codes of the version before are
/// still read.
pub const CODE_PREFIX: &str = "AT2:";

/// Longest code read, in characters; a QR code that a phone scans holds fewer.
const CODE_MAX_CHARS: usize = 600;

/// Bytes of a key's digest by which a code names it. Of the few keys published at a time two would
/// share them once in billions, and then both are tried.
const KEY_NAME_BYTES: usize = 4;

/// The last claim of a pass.
const PASS: i64 = 1;

/// Where the minutes of slots are counted from, local time.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Why a code is not a ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The text is no code of ours, or part of one.
    #[error("the code cannot be read: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key that signed it is none of those that count here.
    #[error("the code is signed with key `{key_id}`, which is not ours")]
    UnknownKey {
        /// The key it names.
        key_id: String,
        /// What it says, which nobody proved.
        claims: Option<Box<Entitlement>>,
    },
    /// The key that signed it signs for other suppliers' venues.
    #[error(
        "the code is for venue `{venue}` and signed with key `{key_id}`, which is not of its supplier"
    )]
    ForeignKey {
        /// The key.
        key_id: String,
        /// The venue that the code is for.
        venue: VenueId,
    },
    /// It names a ticket that is for another venue than it says itself.
    #[error("the code is for venue `{venue}`, and its ticket is not")]
    OtherTicket {
        /// The venue that the code is for.
        venue: VenueId,
    },
    /// The signature does not fit.
    #[error("the signature does not fit the code")]
    Forged,
}

fn unreadable(what: &'static str) -> CodeError {
    CodeError::Unreadable { what }
}

/// Signs an entitlement. Ed25519 is deterministic: one ticket has one code under one key.
///
/// # Errors
/// [`CodeError::Unreadable`] if the slot is none of a calendar in Italy, or the claims cannot be
/// encoded, which no ticket that was sold causes.
pub fn sign(entitlement: &Entitlement, key: &SigningKey) -> Result<String, CodeError> {
    let mut payload = Vec::new();
    ciborium::into_writer(&claims(entitlement)?, &mut payload)
        .map_err(|_| unreadable("it cannot be encoded"))?;
    let protected = HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .key_id(key_name(&key.verifying_key()).to_vec())
        .build();
    let message = CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .create_signature(b"", |bytes| key.sign(bytes).to_bytes().to_vec())
        .build();
    let bytes = message.to_vec().map_err(|_| unreadable("it cannot be encoded"))?;
    Ok(format!("{CODE_PREFIX}{}", base45::encode(bytes)))
}

/// Reads a code and checks its signature against these keys, whoever's venues they sign for.
///
/// # Errors
/// The code is cut or foreign, its key unknown, or its signature wrong.
pub fn verify(code: &str, keys: &[VerifyingKey]) -> Result<Entitlement, CodeError> {
    let sealed = Sealed::open(code)?;
    let mut named = keys.iter().filter(|key| sealed.is_by(&key_id(key))).peekable();
    if named.peek().is_none() {
        return Err(sealed.unknown());
    }
    named.find_map(|key| sealed.proven_by(key)).ok_or(CodeError::Forged)?
}

/// A code that was read, and whose signature nobody has checked.
pub(super) struct Sealed {
    version: Version,
    message: CoseSign1,
}

impl Sealed {
    /// Reads a code.
    pub(super) fn open(code: &str) -> Result<Self, CodeError> {
        let code = code.trim();
        let (version, body) = Version::of(code)
            .ok_or_else(|| unreadable("it starts with neither `AT2:` nor `AT1:`"))?;
        if body.len() > CODE_MAX_CHARS {
            return Err(unreadable("it is too long"));
        }
        let bytes =
            base45::decode(body).map_err(|_| unreadable("it is not base 45, or was cut"))?;
        let message = CoseSign1::from_slice(&bytes)
            .map_err(|_| unreadable("it is no COSE_Sign1, or was cut"))?;
        Ok(Self { version, message })
    }

    fn name(&self) -> &[u8] {
        &self.message.protected.header.key_id
    }

    /// Whether it names that key, by the name of a key set.
    pub(super) fn is_by(&self, key_id: &str) -> bool {
        let named = self.version.key_id(self.name());
        match self.version {
            Version::First => key_id == named,
            Version::Second => {
                self.name().len() == KEY_NAME_BYTES && key_id.starts_with(named.as_str())
            }
        }
    }

    /// What it says, where the key signed it.
    pub(super) fn proven_by(&self, key: &VerifyingKey) -> Option<Result<Entitlement, CodeError>> {
        let check = |signature: &[u8], data: &[u8]| -> Result<(), SignatureError> {
            key.verify(data, &Signature::from_slice(signature)?)
        };
        self.message.verify_signature(b"", check).ok().map(|()| self.unproven())
    }

    /// What it says, whoever wrote it.
    pub(super) fn unproven(&self) -> Result<Entitlement, CodeError> {
        let payload = self.message.payload.as_deref();
        let claims = payload.and_then(|payload| ciborium::from_reader(payload).ok());
        claims
            .and_then(|claims| self.version.entitlement(claims))
            .ok_or_else(|| unreadable("it holds no ticket"))
    }

    /// That nobody here knows its key.
    pub(super) fn unknown(&self) -> CodeError {
        let key_id = self.version.key_id(self.name());
        CodeError::UnknownKey { key_id, claims: self.unproven().ok().map(Box::new) }
    }
}

/// The versions of the scheme that are read.
#[derive(Debug, Clone, Copy)]
enum Version {
    First,
    Second,
}

impl Version {
    /// The version of a code, and what follows its prefix.
    fn of(code: &str) -> Option<(Self, &str)> {
        let second = code.strip_prefix(CODE_PREFIX).map(|body| (Self::Second, body));
        second.or_else(|| code.strip_prefix(first::PREFIX).map(|body| (Self::First, body)))
    }

    /// What a code calls its key, in the words of a key set as far as it says them.
    fn key_id(self, name: &[u8]) -> String {
        let name = &name[..name.len().min(32)];
        match self {
            Self::First => String::from_utf8_lossy(name).into_owned(),
            Self::Second => name.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    fn entitlement(self, claims: Value) -> Option<Entitlement> {
        match self {
            Self::First => first::entitlement(&claims),
            Self::Second => entitlement(claims),
        }
    }
}

fn key_name(key: &VerifyingKey) -> [u8; KEY_NAME_BYTES] {
    let [a, b, c, d, ..] = digest(key);
    [a, b, c, d]
}

/// Ticket, venue, product, unit, and the slot as two numbers: minutes to its local start, from which
/// its instants follow, and minutes from start to end. A pass counts in days, and has one more, [`PASS`]: a gate program from
/// before passes reads no such code, so it lets nobody in for what it cannot count.
fn claims(entitlement: &Entitlement) -> Result<Value, CodeError> {
    let slot = &entitlement.slot;
    let odd = || unreadable("its slot is none of a calendar in Italy");
    let (from, length) = match entitlement.grant {
        Grant::Visit => (
            slot.id.local_start().duration_since(EPOCH).as_mins(),
            slot.end.duration_since(slot.start).as_mins(),
        ),
        Grant::Pass => {
            let first = slot.id.day();
            let last = slot.end.to_zoned_datetime(zone().ok_or_else(odd)?).date();
            let days = |from: Date, to: Date| i64::from((to - from).get_days());
            (days(EPOCH.date(), first), days(first, last))
        }
    };
    if entitlement.grant.times(from, length) != Some(*slot) {
        return Err(odd());
    }
    let mut claims = vec![
        Value::Bytes(entitlement.ticket.as_bytes().to_vec()),
        word(entitlement.venue.as_str()),
        word(entitlement.product.as_str()),
        word(entitlement.unit.as_str()),
        Value::Integer(from.into()),
        Value::Integer(length.into()),
    ];
    if entitlement.grant == Grant::Pass {
        claims.push(Value::Integer(PASS.into()));
    }
    Ok(Value::Array(claims))
}

fn entitlement(claims: Value) -> Option<Entitlement> {
    let mut claims = claims.into_array().ok()?;
    let grant = match claims.len() {
        7 if claims.pop()?.as_integer() == Some(PASS.into()) => Grant::Pass,
        _ => Grant::Visit,
    };
    let claims: [Value; 6] = claims.try_into().ok()?;
    let [ticket, venue, product, unit, from, length] = claims;
    let number = |value: &Value| i64::try_from(value.as_integer()?).ok();
    Some(Entitlement {
        ticket: TicketId::from_bytes(ticket.as_bytes()?.as_slice().try_into().ok()?),
        venue: VenueId::new(text(venue)?).ok()?,
        product: ProductId::new(text(product)?).ok()?,
        unit: UnitId::new(text(unit)?).ok()?,
        slot: grant.times(number(&from)?, number(&length)?)?,
        grant,
    })
}

fn zone() -> Option<TimeZone> {
    TimeZone::get(TIME_ZONE).ok()
}

impl Grant {
    /// What starts so long after the epoch and is so long: of visits in minutes, of passes in days.
    fn times(self, from: i64, length: i64) -> Option<SlotTimes> {
        match self {
            Self::Visit => times(from, length),
            Self::Pass => days(from, length),
        }
    }
}

/// The slot that starts so many local minutes after the epoch, by the rule of the calendar for the
/// hours that the clocks skip and repeat.
fn times(local_minutes: i64, length_minutes: i64) -> Option<SlotTimes> {
    let local_start = EPOCH.checked_add(SignedDuration::try_from_mins(local_minutes)?).ok()?;
    let start = local_start.to_zoned_datetime(zone()?).ok()?.timestamp();
    let end = start.checked_add(SignedDuration::try_from_mins(length_minutes)?).ok()?;
    Some(SlotTimes { id: SlotId::starting(local_start), start, end })
}

/// The term that begins so many days after the epoch and ends so many later, at midnight in Rome.
fn days(from: i64, length: i64) -> Option<SlotTimes> {
    let first = EPOCH.checked_add(Span::new().try_days(from).ok()?).ok()?;
    let last = first.checked_add(Span::new().try_days(length).ok()?).ok()?;
    let instant = |at: DateTime| Some(at.to_zoned_datetime(zone()?).ok()?.timestamp());
    Some(SlotTimes { id: SlotId::starting(first), start: instant(first)?, end: instant(last)? })
}

/// An identifier: the ministry's are numbers, which CBOR writes in half the bytes of their digits.
fn word(id: &str) -> Value {
    match id.parse::<u32>() {
        Ok(number) if number.to_string() == id => Value::Integer(number.into()),
        _ => Value::Text(id.to_owned()),
    }
}

fn text(word: Value) -> Option<String> {
    match word {
        Value::Integer(number) => Some(u32::try_from(number).ok()?.to_string()),
        word => word.into_text().ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::tariff::Cents;
    use crate::ticket::sample::entitlement as entitlement_of_sample;
    use crate::venue::{VenueKind, shipped_product};

    fn sample() -> (Entitlement, SigningKey) {
        (entitlement_of_sample(), SigningKey::from_bytes(&[3; 32]))
    }

    #[test]
    fn a_code_of_every_unit_that_is_sold_takes_less_than_two_hundred_characters() {
        let (entitlement, key) = sample();
        let shipped = [VenueKind::Museum, VenueKind::Library]
            .map(|kind| shipped_product(kind, Cents(1_200), None).unwrap());
        let sold = shipped
            .iter()
            .flat_map(|product| product.all_units().map(|unit| (product.id.as_str(), unit)));
        for (product, unit) in sold {
            // The longest ids of venues there are: of the ministry, and of the libraries.
            for venue in ["106484", "20000019", "Q123456789"] {
                let entitlement = Entitlement {
                    venue: VenueId::new(venue).unwrap(),
                    product: ProductId::new(product).unwrap(),
                    unit: unit.id.clone(),
                    ..entitlement.clone()
                };
                let code = sign(&entitlement, &key).unwrap();
                assert!(code.len() < 200, "{} characters: {entitlement:?}", code.len());
                assert_eq!(verify(&code, &[key.verifying_key()]), Ok(entitlement));
            }
        }
    }

    #[test]
    fn a_ticket_has_one_code_under_one_key() {
        let (entitlement, key) = sample();
        assert_eq!(sign(&entitlement, &key).unwrap(), sign(&entitlement, &key).unwrap());
    }

    #[test]
    fn an_identifier_reads_back_as_it_was_written() {
        for id in ["20240", "0", "007", "4294967296", "Q1", "-1", "reading-room"] {
            assert_eq!(text(word(id)).as_deref(), Some(id));
        }
    }

    #[test]
    fn the_hours_that_the_clocks_skip_and_repeat_read_back_as_the_calendar_has_them() {
        let (entitlement, key) = sample();
        for (id, start) in [
            ("2027-03-28T02:30", "2027-03-28T01:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("2026-07-01T19:45", "2026-07-01T17:45:00Z"),
        ] {
            let start: jiff::Timestamp = start.parse().unwrap();
            let slot = SlotTimes { id: id.parse().unwrap(), start, end: start + 15.minutes() };
            let entitlement = Entitlement { slot, ..entitlement.clone() };
            let code = sign(&entitlement, &key).unwrap();
            assert_eq!(verify(&code, &[key.verifying_key()]), Ok(entitlement), "{id}");
        }
    }

    #[test]
    fn a_slot_whose_instants_are_not_those_of_its_name_is_not_signed() {
        let (mut entitlement, key) = sample();
        entitlement.slot.start += 1.minute();
        assert!(matches!(sign(&entitlement, &key), Err(CodeError::Unreadable { .. })));
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
            if changed != code {
                assert!(verify(&changed, &[key.verifying_key()]).is_err(), "at {at}");
            }
        }
    }

    #[test]
    fn a_ticket_signed_by_a_stranger_is_refused() {
        let (entitlement, key) = sample();
        let stranger = SigningKey::from_bytes(&[4; 32]);
        let code = sign(&entitlement, &stranger).unwrap();
        let refused = verify(&code, &[key.verifying_key()]);
        let Err(CodeError::UnknownKey { key_id: named, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert!(key_id(&stranger.verifying_key()).starts_with(&named));
    }
}
