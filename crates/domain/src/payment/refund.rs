//! Money that goes back by transfer, because the provider pays nothing back itself: to which account,
//! and what staff did about it. An account is personal data; it prints nothing of itself.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, PaymentId, VenueId};
use crate::tariff::Cents;

/// Longest name of a holder that the transfer format takes.
const HOLDER_MAX_CHARS: usize = 70;

/// Why an account cannot be paid to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// The text has not the form of an IBAN. It is not repeated: it may be somebody's.
    #[error("the IBAN has not the form of one: two letters, two digits, up to 30 more")]
    Form,
    /// An Italian IBAN has 27 characters.
    #[error("the IBAN has {length} characters; those of {country} have {expected}")]
    Length {
        /// Its country.
        country: &'static str,
        /// How many it has.
        length: usize,
        /// How many it should have.
        expected: usize,
    },
    /// The check digits do not fit.
    #[error("the check digits of the IBAN do not fit")]
    Check,
    /// The holder's name is missing or too long.
    #[error("the holder's name has {length} characters, 1 to 70 are taken")]
    Holder {
        /// How many it has.
        length: usize,
    },
}

/// An account number (ISO 13616).
#[derive(Clone, PartialEq, Eq)]
pub struct Iban(String);

impl fmt::Debug for Iban {
    /// Prints nothing of the account, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Iban(…)")
    }
}

impl Iban {
    /// The number without spaces, for the item and the file that need it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Iban {
    type Err = InvalidAccount;

    /// Reads an IBAN however it was typed: any case, with spaces.
    fn from_str(text: &str) -> Result<Self, InvalidAccount> {
        let plain: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let form = (15..=34).contains(&plain.len())
            && plain.bytes().enumerate().all(|(place, byte)| match place {
                0 | 1 => byte.is_ascii_uppercase(),
                2 | 3 => byte.is_ascii_digit(),
                _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            });
        if !form {
            return Err(InvalidAccount::Form);
        }
        // Both countries whose banks issue Italian account numbers.
        for country in ["IT", "SM"] {
            if plain.starts_with(country) && plain.len() != 27 {
                let length = plain.len();
                return Err(InvalidAccount::Length { country, length, expected: 27 });
            }
        }
        // ISO 7064, mod 97: the first four last, letters as 10 to 35, remainder 1.
        let turned = plain.bytes().skip(4).chain(plain.bytes().take(4));
        let remainder = turned.fold(0_u32, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            letter => (remainder * 100 + u32::from(letter - b'A') + 10) % 97,
        });
        if remainder == 1 { Ok(Self(plain)) } else { Err(InvalidAccount::Check) }
    }
}

/// Where a visitor wants the money.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose account it is.
    pub holder: String,
    /// Its number.
    pub iban: Iban,
}

impl fmt::Debug for Account {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

impl Account {
    /// Checks an account as typed.
    ///
    /// # Errors
    /// The first part that cannot be right.
    pub fn new(holder: &str, iban: &str) -> Result<Self, InvalidAccount> {
        let holder = holder.trim();
        let length = holder.chars().count();
        if !(1..=HOLDER_MAX_CHARS).contains(&length) || holder.chars().any(char::is_control) {
            return Err(InvalidAccount::Holder { length });
        }
        Ok(Self { holder: holder.to_owned(), iban: iban.parse()? })
    }
}

/// A step of staff, with who took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who, as the identity provider numbers staff.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What staff did about a refund: the trail that an auditor reads. No person in it but staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The venue.
    pub venue: VenueId,
    /// The attempt whose money goes back.
    pub payment: PaymentId,
    /// The booking.
    pub booking: CallerUuid,
    /// The order whose attempt paid for it with others; none for a booking bought by itself.
    pub order: Option<CallerUuid>,
    /// How much.
    pub amount_cents: Cents,
    /// In which transfer file, and who made it.
    pub filed: Option<(CallerUuid, Step)>,
    /// Under which reference it was paid back, and who says so.
    pub paid_back: Option<(String, Step)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_read_however_it_is_typed_and_checked_by_97() {
        let iban: Iban = "it60 x054 2811 1010 0000 0123 456".parse().unwrap();
        assert_eq!(iban.as_str(), "IT60X0542811101000000123456");
        assert!("DE89 3704 0044 0532 0130 00".parse::<Iban>().is_ok());
        let check = "IT61X0542811101000000123456".parse::<Iban>();
        assert_eq!(check, Err(InvalidAccount::Check));
        let swapped = "IT60X0542811101000000124356".parse::<Iban>();
        assert_eq!(swapped, Err(InvalidAccount::Check));
    }

    #[test]
    fn an_iban_of_another_form_or_length_says_so_without_repeating_it() {
        for wrong in ["", "IT60", "60ITX0542811101000000123456", "IT60X05428111010000001234-6"] {
            let error = wrong.parse::<Iban>().unwrap_err();
            assert_eq!(error, InvalidAccount::Form);
        }
        let short = "IT60X054281110100000012345".parse::<Iban>().unwrap_err();
        assert!(matches!(short, InvalidAccount::Length { length: 26, expected: 27, .. }));
        assert!(!short.to_string().contains("0542811101"));
    }

    #[test]
    fn an_account_prints_nothing_of_its_holder() {
        let account = Account::new("A Visitor-Holder", "IT60X0542811101000000123456").unwrap();
        let printed = format!("{account:?} {:?}", account.iban);
        assert!(!printed.contains("Holder") && !printed.contains("0542811101"), "{printed}");
        assert!(Account::new("  ", "IT60X0542811101000000123456").is_err());
    }
}
