//! One attempt to pay for a booking. The browser's return proves nothing; only what the provider
//! says itself settles an attempt, however late or often it says it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CallerUuid, PaymentId};
use crate::tariff::Cents;

/// Where the money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// The visitor was sent to the provider; the outcome is unknown.
    Started,
    /// The provider took the money and the booking is confirmed.
    Paid,
    /// The provider took nothing.
    Declined,
    /// The provider took the money for a booking that is no more; it goes back.
    RefundDue,
    /// The money went back.
    Refunded,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The attempt.
    pub id: PaymentId,
    /// What is paid for.
    pub booking: CallerUuid,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// How much.
    pub amount_cents: Cents,
    /// Where the money stands.
    pub status: PaymentStatus,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When the status last changed.
    pub updated_at: Timestamp,
}

/// What the provider says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProviderOutcome {
    /// The money was taken.
    Paid,
    /// The visitor or the bank said no.
    Declined,
    /// Nothing was taken and nothing can be any more.
    Expired,
}

/// The id of a booking's attempt: the same attempt has the same id wherever it is computed, so a
/// start that is repeated after a lost answer opens no second one at the provider.
///
/// # Errors
/// Never in practice: a uuid and a number are well-formed.
pub fn payment_id(booking: CallerUuid, attempt: u32) -> Result<PaymentId, crate::id::InvalidId> {
    PaymentId::new(format!("{booking}-{attempt}"))
}
