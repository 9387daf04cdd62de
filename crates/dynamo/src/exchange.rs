//! Exchange of one booking for another: no item of its own. The hold that replaces a booking names it;
//! the transaction that confirms the new one also cancels the old one, ends its tickets, gives its places
//! back and owes the difference, or does nothing of it.

use atrio_domain::booking::{Booking, BookingState, StepError};
use atrio_domain::exchange::{ExchangeError, Exchanged};
use atrio_domain::payment::{Payment, PaymentStatus};
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::booking::{Stored, With};
use crate::settlement::{Settled, StepFailure};
use crate::transaction::Written;
use crate::{Error, Store, payment};

/// What is written of the old booking when the new one is confirmed.
pub(crate) struct Exchange {
    /// The new booking with what was carried over to it.
    pub(crate) new: Booking,
    /// The writes.
    pub(crate) writes: Vec<TransactWriteItem>,
}

impl Store {
    /// Both bookings of an exchange, given the new one as it is confirmed, and the old one as stored.
    async fn exchanged(
        &self,
        new: Booking,
        now: Timestamp,
    ) -> Result<Option<(Exchanged, Stored)>, StepFailure> {
        let Some(replaced) = new.replaces.clone() else { return Ok(None) };
        let changed = ExchangeError::Changed { booking: replaced.booking };
        let old = self.booking(replaced.booking).await?;
        let old = old.ok_or(StepFailure::Refused(StepError::Exchange(changed)))?;
        let tickets = self.tickets(&old.tickets).await?;
        let exchanged = old.booking.exchange(tickets, new, now).map_err(StepError::Exchange)?;
        Ok(Some((exchanged, old)))
    }

    /// Refuses to take money for an exchange that is not to be had any more.
    pub(crate) async fn must_be_exchangeable(
        &self,
        new: &Booking,
        now: Timestamp,
    ) -> Result<(), StepFailure> {
        self.exchanged(new.clone(), now).await.map(|_| ())
    }

    /// What is written of the booking that `new` replaces, over the version that was read; none of it for
    /// a booking that replaces none, and nothing at all when another request was faster.
    pub(crate) async fn exchange(
        &self,
        new: &Booking,
        now: Timestamp,
    ) -> Result<Option<Exchange>, StepFailure> {
        let Some((exchanged, old)) = self.exchanged(new.clone(), now).await? else {
            return Ok(Some(Exchange { new: new.clone(), writes: Vec::new() }));
        };
        let Exchanged { new, released, old: given_up } = exchanged;
        let from = Stored { booking: released, ..old };
        let with = With::PlacesReturned(None, &given_up.tickets);
        let mut writes = self.changing(&from, &given_up.booking, with)?;
        let Some(owed) = self.owe_parts(new.uuid, &given_up.refund, now).await? else {
            return Ok(None);
        };
        writes.extend(owed);
        Ok(Some(Exchange { new, writes }))
    }

    /// Ends a hold whose difference was paid when the booking that it replaces could not be exchanged any
    /// more: its places go back, and so does the money; none when another request was faster.
    pub(crate) async fn release_unexchanged(
        &self,
        from: &Stored,
        parts: &[Payment],
        now: Timestamp,
    ) -> Result<Option<Settled>, Error> {
        let BookingState::Paying { .. } = &from.booking.state else { return Ok(None) };
        let owed = payment::marked(parts.to_vec(), PaymentStatus::RefundDue, now);
        let with = With::PlacesReturned(owed.first(), &[]);
        let writes = self.changing(from, &from.booking.unexchanged(now), with)?;
        let written = self.transact(writes).await?;
        Ok(matches!(written, Written::All).then_some(Settled::RefundDue))
    }
}
