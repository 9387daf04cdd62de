//! Identifiers. Each is a newtype that can only be made from a well-formed value, so that a venue
//! is never passed where a unit is meant and a key is never built from rubbish.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The text holds other characters, or too many.
    #[error("`{value}` is not a {kind}: letters, digits, `-` and `_`, 1 to 64 of them")]
    Word {
        /// What it should have been.
        kind: &'static str,
        /// What was given, cut to a readable length.
        value: String,
    },
    /// The text is not a shelfmark.
    #[error("`{value}` is not a shelfmark: 1 to {SHELFMARK_MAX_CHARS} printable characters")]
    Shelfmark {
        /// What was given, cut to a readable length.
        value: String,
    },
    /// The text is not a lower-case uuid.
    #[error("`{value}` is not a uuid: write 8-4-4-4-12 lower-case hexadecimal digits")]
    Uuid {
        /// What was given, cut to a readable length.
        value: String,
    },
    /// The text is not a local start of a slot.
    #[error("`{value}` is not a slot: write the local start as `2026-05-01T10:00`")]
    Slot {
        /// What was given, cut to a readable length.
        value: String,
    },
    /// The text is not a ticket's typed code.
    #[error("`{value}` is not a ticket code: 16 letters and digits, without I, L, O and U")]
    Ticket {
        /// What was given, cut to a readable length.
        value: String,
    },
}

fn excerpt(value: &str) -> String {
    value.chars().take(80).collect()
}

macro_rules! word_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text.
            ///
            /// # Errors
            /// [`InvalidId::Word`] when it is empty, too long or holds other characters.
            pub fn new(value: impl Into<String>) -> Result<Self, InvalidId> {
                let value = value.into();
                let fits = (1..=64).contains(&value.len())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                if fits {
                    Ok(Self(value))
                } else {
                    Err(InvalidId::Word { kind: $kind, value: excerpt(&value) })
                }
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(value: String) -> Result<Self, InvalidId> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(value: &str) -> Result<Self, InvalidId> {
                Self::new(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

word_id!(
    /// A venue: the ministry's identifier of the place.
    VenueId,
    "venue id"
);
word_id!(
    /// A supplier: whoever operates venues, in OCTO's word.
    SupplierId,
    "supplier id"
);
word_id!(
    /// A product of a venue, such as its admission.
    ProductId,
    "product id"
);
word_id!(
    /// An option of a product.
    OptionId,
    "option id"
);
word_id!(
    /// A unit of an option: the kind of visitor who pays one price.
    UnitId,
    "unit id"
);
word_id!(
    /// An area of a venue.
    AreaId,
    "area id"
);
word_id!(
    /// A sale that opens at an hour.
    OnSaleId,
    "sale id"
);
word_id!(
    /// A pool of a slot's places.
    PoolName,
    "pool name"
);
impl PoolName {
    /// The pool of what no quota reserves.
    #[must_use]
    pub fn open() -> Self {
        Self(crate::quota::OPEN.to_owned())
    }
}

word_id!(
    /// Something that visits of several products occupy together.
    ResourceId,
    "resource id"
);
word_id!(
    /// A campaign of discount codes of a venue.
    CampaignId,
    "campaign id"
);
word_id!(
    /// A template of the platform's operator.
    TemplateId,
    "template id"
);
word_id!(
    /// A desk of a venue.
    DeskId,
    "desk id"
);
word_id!(
    /// A gate of a venue.
    GateId,
    "gate id"
);
word_id!(
    /// A reseller.
    ResellerId,
    "reseller id"
);
word_id!(
    /// A mapping: how one kind of file of a ticket office that is not ours is read.
    MappingId,
    "mapping id"
);
word_id!(
    /// Whose sales a feed tells of: another system, a concessionaire.
    FeedSource,
    "source"
);
word_id!(
    /// One attempt to pay for a booking.
    PaymentId,
    "payment id"
);

/// Longest shelfmark, in characters.
const SHELFMARK_MAX_CHARS: usize = 80;

/// What a library or an archive finds one of its pieces by, in one spelling: capitals, and one space
/// where any white space stood, so that two readers who ask for one box ask for the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shelfmark(String);

impl Shelfmark {
    /// Checks the text and spells it.
    ///
    /// # Errors
    /// [`InvalidId::Shelfmark`] when it is empty, too long or cannot be printed.
    pub fn new(value: &str) -> Result<Self, InvalidId> {
        let spelt = value.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
        let fits = (1..=SHELFMARK_MAX_CHARS).contains(&spelt.chars().count())
            && !spelt.chars().any(char::is_control);
        if fits { Ok(Self(spelt)) } else { Err(InvalidId::Shelfmark { value: excerpt(value) }) }
    }
}

impl TryFrom<String> for Shelfmark {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        Self::new(&value)
    }
}

impl From<Shelfmark> for String {
    fn from(shelfmark: Shelfmark) -> Self {
        shelfmark.0
    }
}

impl fmt::Display for Shelfmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The caller's identifier of a booking or of a redemption: its idempotency key for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallerUuid(Uuid);

impl CallerUuid {
    /// The identifier as a number, for keys derived from it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The nonce of one ticket where this is the nonce of a party that a gate lets through one by one:
    /// the same for the same ticket, so that a repeat goes on where the first try ended.
    #[must_use]
    pub fn for_ticket(&self, ticket: TicketId) -> Self {
        let digest = Sha256::new().chain_update(self.as_bytes()).chain_update(ticket.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.finalize()[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// A name under which staff can speak of a booking without holding its key: twelve digits of a
    /// hash, from which the uuid cannot be guessed.
    #[must_use]
    pub fn reference(&self) -> String {
        Sha256::digest(self.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromStr for CallerUuid {
    type Err = InvalidId;

    fn from_str(value: &str) -> Result<Self, InvalidId> {
        // OCTO clients send lower case in the 8-4-4-4-12 form; two spellings of one uuid would be
        // two keys for one booking, so nothing else is taken.
        let refuse = || InvalidId::Uuid { value: excerpt(value) };
        let uuid = Uuid::try_parse(value).map_err(|_| refuse())?;
        if uuid.hyphenated().to_string() == value { Ok(Self(uuid)) } else { Err(refuse()) }
    }
}

impl TryFrom<String> for CallerUuid {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        value.parse()
    }
}

impl From<CallerUuid> for String {
    fn from(id: CallerUuid) -> Self {
        id.to_string()
    }
}

impl From<Uuid> for CallerUuid {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for CallerUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A slot of a product: its start in the venue's own time, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotId(DateTime);

impl SlotId {
    /// The slot that starts then, seconds cut.
    #[must_use]
    pub fn starting(start: DateTime) -> Self {
        Self(start.date().at(start.hour(), start.minute(), 0, 0))
    }

    /// The local start.
    #[must_use]
    pub fn local_start(self) -> DateTime {
        self.0
    }

    /// The local day.
    #[must_use]
    pub fn day(self) -> Date {
        self.0.date()
    }
}

impl FromStr for SlotId {
    type Err = InvalidId;

    fn from_str(value: &str) -> Result<Self, InvalidId> {
        let refuse = || InvalidId::Slot { value: excerpt(value) };
        let start: DateTime = value.parse().map_err(|_| refuse())?;
        let slot = Self::starting(start);
        if slot.to_string() == value { Ok(slot) } else { Err(refuse()) }
    }
}

impl TryFrom<String> for SlotId {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        value.parse()
    }
}

impl From<SlotId> for String {
    fn from(id: SlotId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}", self.0.date(), self.0.hour(), self.0.minute())
    }
}

/// Crockford's base 32: no I, L, O or U, so that a code read aloud or typed in a hurry stays one.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A ticket: 80 random bits that also serve as the code a visitor can read out at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketId([u8; 10]);

impl TicketId {
    /// The ticket made from these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// The bytes, as they go into the signed code.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// The code in groups of four, as printed for typing.
    #[must_use]
    pub fn typed_code(&self) -> String {
        let code = self.to_string();
        [&code[0..4], &code[4..8], &code[8..12], &code[12..16]].join("-")
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bits: u128 = self.0.iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte));
        let mut code = [0_u8; 16];
        for place in code.iter_mut().rev() {
            *place = CROCKFORD[usize::from((bits & 31) as u8)];
            bits >>= 5;
        }
        code.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl FromStr for TicketId {
    type Err = InvalidId;

    /// Reads a code however it was typed: any case, with spaces or dashes, O for 0, I or L for 1.
    fn from_str(value: &str) -> Result<Self, InvalidId> {
        let refuse = || InvalidId::Ticket { value: excerpt(value) };
        let mut bits: u128 = 0;
        let mut places = 0;
        for letter in value.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let letter = match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit =
                CROCKFORD.iter().position(|c| char::from(*c) == letter).ok_or_else(refuse)?;
            bits = (bits << 5) | digit as u128;
            places += 1;
            if places > 16 {
                return Err(refuse());
            }
        }
        if places != 16 {
            return Err(refuse());
        }
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&bits.to_be_bytes()[6..]);
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TicketId {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        value.parse()
    }
}

impl From<TicketId> for String {
    fn from(id: TicketId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_code_is_read_however_it_was_typed() {
        let ticket = TicketId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 250]);
        let typed = ticket.typed_code().to_lowercase().replace('0', "o").replace('-', " ");
        assert_eq!(typed.parse::<TicketId>(), Ok(ticket));
        assert!("short".parse::<TicketId>().is_err());
        assert!(format!("{ticket}A").parse::<TicketId>().is_err());
    }

    #[test]
    fn a_uuid_has_one_spelling() {
        assert!("6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse::<CallerUuid>().is_ok());
        assert!("6F1C2A34-9B1E-4C55-8A10-2F6F3F7D9A01".parse::<CallerUuid>().is_err());
        assert!("6f1c2a349b1e4c558a102f6f3f7d9a01".parse::<CallerUuid>().is_err());
    }

    #[test]
    fn a_shelfmark_has_one_spelling() {
        let spelt = Shelfmark::new(" notai  attuari,\tb. 12 ").unwrap();
        assert_eq!(spelt.to_string(), "NOTAI ATTUARI, B. 12");
        assert!(Shelfmark::new(" ").is_err());
        assert!(Shelfmark::new(&"x".repeat(81)).is_err());
        assert!(Shelfmark::new("b.\u{0}12").is_err());
    }

    #[test]
    fn a_slot_is_its_local_start_to_the_minute() {
        assert!("2026-05-01T10:00".parse::<SlotId>().is_ok());
        assert!("2026-05-01T10:00:00".parse::<SlotId>().is_err());
        assert!("2026-05-01 10:00".parse::<SlotId>().is_err());
    }
}
