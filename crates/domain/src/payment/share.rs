//! Which money pays for a booking. What was paid for a visit that was exchanged goes on to pay for the
//! next one, so a booking may stand on shares of several payments; each cent stands for one booking.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Payment, PaymentStatus};
use crate::booking::{Booking, BookingState};
use crate::id::{CallerUuid, InvalidId, PaymentId};
use crate::tariff::Cents;

/// So much of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The booking that was paid for first: the payment is kept with it.
    pub booking: CallerUuid,
    /// The attempt that paid.
    pub payment: PaymentId,
    /// How much of it.
    pub cents: Cents,
}

/// A payment of which some goes back, and that part, which is a refund of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The payment as it was.
    pub from: Payment,
    /// The payment with what is left of it.
    pub rest: Payment,
    /// What goes back.
    pub part: Payment,
}

impl Booking {
    /// The money that pays for it, what was paid last first. It sums up to its total; nothing pays for a
    /// booking that is free, or not confirmed.
    #[must_use]
    pub fn paid_by(&self) -> Vec<Share> {
        let own = match &self.state {
            BookingState::Confirmed { payment, .. } => payment.clone(),
            _ => None,
        };
        let carried: Cents = self.carried.iter().map(|share| share.cents).sum();
        let cents = Cents(self.total().0 - carried.0);
        let own = own.map(|payment| Share { booking: self.uuid, payment, cents });
        own.into_iter().chain(self.carried.iter().cloned()).filter(|s| s.cents.0 > 0).collect()
    }
}

/// Takes an amount from shares, from the first of them first: what is taken, and what is left. More than
/// there is takes all of it.
#[must_use]
pub fn take(shares: &[Share], amount: Cents) -> (Vec<Share>, Vec<Share>) {
    let (mut taken, mut left, mut wanted) = (Vec::new(), Vec::new(), amount.0);
    for share in shares {
        let from_this = share.cents.0.min(wanted);
        wanted -= from_this;
        let of = |cents| Share { cents: Cents(cents), ..share.clone() };
        taken.extend((from_this > 0).then(|| of(from_this)));
        let rest = share.cents.0 - from_this;
        left.extend((rest > 0).then(|| of(rest)));
    }
    (taken, left)
}

impl Payment {
    /// What is left of it that did not go back.
    #[must_use]
    pub fn left_cents(&self) -> Cents {
        Cents(self.amount_cents.0 - self.parted_cents.0)
    }

    /// Parts an amount off that goes back on behalf of a booking; none where the payment does not stand
    /// as paid, or has not so much left.
    ///
    /// # Errors
    /// Never in practice: an id and a number are well-formed.
    pub fn part(
        &self,
        cents: Cents,
        booking: CallerUuid,
        now: Timestamp,
    ) -> Result<Option<Parted>, InvalidId> {
        if self.status != PaymentStatus::Paid || cents.0 <= 0 || cents > self.left_cents() {
            return Ok(None);
        }
        let number = self.parts + 1;
        let part = Self {
            id: PaymentId::new(format!("{}-{number}", self.id))?,
            of: Some(self.id.clone()),
            booking,
            order: None,
            amount_cents: cents,
            status: PaymentStatus::RefundDue,
            updated_at: now,
            parts: 0,
            parted_cents: Cents::ZERO,
            ..self.clone()
        };
        let parted_cents = Cents(self.parted_cents.0 + cents.0);
        let rest = Self { parts: number, parted_cents, updated_at: now, ..self.clone() };
        Ok(Some(Parted { from: self.clone(), rest, part }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::tests::held;

    fn share(payment: &str, cents: i64) -> Share {
        let payment = PaymentId::new(payment).unwrap();
        Share { booking: held().uuid, payment, cents: Cents(cents) }
    }

    #[test]
    fn what_was_paid_last_goes_back_first_and_no_cent_is_lost_or_made() {
        let shares = [share("second", 300), share("first", 1000)];
        assert_eq!(
            take(&shares, Cents(500)),
            (vec![share("second", 300), share("first", 200)], vec![share("first", 800)])
        );
        assert_eq!(take(&shares, Cents(0)), (Vec::new(), shares.to_vec()));
        assert_eq!(take(&shares, Cents(9999)), (shares.to_vec(), Vec::new()));
    }

    #[test]
    fn never_more_is_parted_off_a_payment_than_was_paid() {
        let booking = held();
        let now = booking.created_at;
        let id = PaymentId::new("attempt-1").unwrap();
        let paid = booking.payment(id.clone(), PaymentStatus::Paid, now, now);
        let first = paid.part(Cents(400), booking.uuid, now).unwrap().unwrap();
        assert_eq!((first.part.id.as_str(), &first.part.of), ("attempt-1-1", &Some(id)));
        assert_eq!(first.part.refund_cents(), Cents(400));
        assert_eq!(first.rest.refund_cents(), Cents(600), "what goes back with the rest");
        assert_eq!(first.rest.part(Cents(601), booking.uuid, now).unwrap(), None);
        let second = first.rest.part(Cents(600), booking.uuid, now).unwrap().unwrap();
        assert_eq!((second.part.id.as_str(), second.rest.left_cents()), ("attempt-1-2", Cents(0)));
        let started = Payment { status: PaymentStatus::Started, ..paid };
        assert_eq!(started.part(Cents(1), booking.uuid, now).unwrap(), None);
    }
}
