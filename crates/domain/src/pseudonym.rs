//! Pseudonyms of the lake: a keyed hash under a key that lives for one month. When the month's key
//! is destroyed, nothing links a row to the booking it came from any more.

use hmac::{Hmac, Mac};
use jiff::civil::Date;
use sha2::Sha256;

/// The month whose key makes a pseudonym, such as `2026-11`.
#[must_use]
pub fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The pseudonym of an identifier under a month's key: 32 hexadecimal digits.
#[must_use]
pub fn pseudonym(month_key: &[u8; 32], identifier: &[u8]) -> String {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(month_key) else { return String::new() };
    mac.update(identifier);
    mac.finalize().into_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
