//! One attempt to pay for a booking. The browser's return proves nothing; only what the provider
//! says itself settles an attempt, however late or often it says it.

pub mod notice;
pub mod receipt;
pub mod refund;
pub mod share;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{CallerUuid, PaymentId, VenueId};
use crate::tariff::Cents;

/// How long a visitor may take to pay where the provider sets no end of its own. Then the debt is
/// withdrawn at the provider, and only after that the places go back.
pub const PAY_WITHIN: SignedDuration = SignedDuration::from_mins(20);

/// How long a debt can be paid at the very most, should nobody be left to withdraw it.
pub const DEBT_STANDS: SignedDuration = SignedDuration::from_hours(24);

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

/// One attempt to pay for a booking; of an attempt to pay for an order, a booking's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The attempt.
    pub id: PaymentId,
    /// The payment that this is a part of, one that goes back by itself; none for an attempt.
    pub of: Option<PaymentId>,
    /// What is paid for.
    pub booking: CallerUuid,
    /// The order that is paid as a whole; none for a booking bought by itself.
    pub order: Option<CallerUuid>,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Where the visit is.
    pub venue: VenueId,
    /// How much is asked.
    pub amount_cents: Cents,
    /// What came instead, where it was another amount.
    pub received_cents: Option<Cents>,
    /// Parts that were taken off it so far.
    pub parts: u32,
    /// What they make together, which goes back with them.
    pub parted_cents: Cents,
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

/// What an amount that the provider took does to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is what was asked: the booking decides.
    AsAsked,
    /// It is not, and confirms nothing: it goes back.
    Otherwise,
    /// It is not, and that is on record already.
    KnownOtherwise,
    /// It is not, and the attempt was paid as asked before: somebody is wrong about one of them.
    Contradiction,
}

impl Payment {
    /// An attempt as a whole, whose parts are given in order: its first part, with what all of them
    /// ask. None without a part.
    #[must_use]
    pub fn whole<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let first = parts.next()?.clone();
        let rest: Cents = parts.map(|part| part.amount_cents).sum();
        Some(Self { amount_cents: Cents(first.amount_cents.0 + rest.0), ..first })
    }

    /// What goes back, where something does: all but what went back in parts.
    #[must_use]
    pub fn refund_cents(&self) -> Cents {
        Cents(self.received_cents.unwrap_or(self.amount_cents).0 - self.parted_cents.0)
    }

    /// What the provider knows the money by.
    #[must_use]
    pub fn at_provider(&self) -> &PaymentId {
        self.of.as_ref().unwrap_or(&self.id)
    }

    /// Weighs an amount that the provider took against the one that was asked.
    #[must_use]
    pub fn weigh(&self, received: Cents) -> Received {
        let owed = matches!(self.status, PaymentStatus::RefundDue | PaymentStatus::Refunded);
        if self.received_cents == Some(received) && owed {
            return Received::KnownOtherwise;
        }
        match (self.status, received == self.amount_cents) {
            (_, true) if self.received_cents.is_none() => Received::AsAsked,
            (PaymentStatus::Started | PaymentStatus::Declined, false) => Received::Otherwise,
            (_, _) => Received::Contradiction,
        }
    }
}

/// The id of a booking's attempt: the same attempt has the same id wherever it is computed, so a
/// start that is repeated after a lost answer opens no second one at the provider. A hash, because
/// whoever knows a booking's uuid holds its key.
///
/// # Errors
/// Never in practice: hexadecimal digits are well-formed.
pub fn payment_id(booking: CallerUuid, attempt: u32) -> Result<PaymentId, crate::id::InvalidId> {
    let hash = Sha256::digest(format!("{booking}-{attempt}"));
    PaymentId::new(hash[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(status: PaymentStatus, received: Option<i64>) -> Payment {
        Payment {
            id: PaymentId::new("attempt").unwrap(),
            of: None,
            booking: "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap(),
            order: None,
            attempt: 1,
            venue: VenueId::new("20240").unwrap(),
            amount_cents: Cents(500),
            received_cents: received.map(Cents),
            parts: 0,
            parted_cents: Cents::ZERO,
            status,
            started_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_attempt_has_one_id_that_does_not_tell_the_key_of_its_booking() {
        let booking: CallerUuid = "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap();
        let id = payment_id(booking, 1).unwrap();
        assert_eq!(id, payment_id(booking, 1).unwrap());
        assert_ne!(id, payment_id(booking, 2).unwrap());
        let key = booking.to_string();
        assert!(key.split('-').all(|part| !id.as_str().contains(part)), "{id}");
    }

    #[test]
    fn another_amount_than_asked_is_never_a_confirmation() {
        let started = payment(PaymentStatus::Started, None);
        assert_eq!(started.weigh(Cents(500)), Received::AsAsked);
        for other in [1, 499, 501, 5_000] {
            assert_eq!(started.weigh(Cents(other)), Received::Otherwise);
        }
    }

    #[test]
    fn an_order_is_weighed_by_what_all_its_parts_ask() {
        let (first, second) =
            (payment(PaymentStatus::Started, None), payment(PaymentStatus::Started, None));
        let whole = Payment::whole([&first, &second]).unwrap();
        assert_eq!(whole.weigh(Cents(1_000)), Received::AsAsked);
        assert_eq!(whole.weigh(Cents(500)), Received::Otherwise, "one part is not the whole");
    }

    #[test]
    fn another_amount_said_again_changes_nothing_and_a_third_is_a_contradiction() {
        for status in [PaymentStatus::RefundDue, PaymentStatus::Refunded] {
            let owed = payment(status, Some(400));
            assert_eq!(owed.weigh(Cents(400)), Received::KnownOtherwise);
            assert_eq!(owed.weigh(Cents(500)), Received::Contradiction);
            assert_eq!(owed.weigh(Cents(300)), Received::Contradiction);
            assert_eq!(owed.refund_cents(), Cents(400), "what came goes back");
        }
    }

    #[test]
    fn a_ticket_paid_as_asked_stays_paid_whatever_amount_is_said_later() {
        let paid = payment(PaymentStatus::Paid, None);
        assert_eq!(paid.weigh(Cents(500)), Received::AsAsked);
        assert_eq!(paid.weigh(Cents(499)), Received::Contradiction);
    }
}
