//! Offers to move a visit: an attribute of the booking, which is due in the index at the deadline.

use atrio_domain::booking::Booking;
use atrio_domain::id::CallerUuid;
use atrio_domain::moving::MoveOffer;
use jiff::Timestamp;

use crate::booking::{Changed, Stored, With};
use crate::settlement::StepFailure;
use crate::{Error, Store};

/// How often a change is tried when others change the booking at the same moment.
const ATTEMPTS: u32 = 8;

impl Store {
    /// Offers the visitor of a confirmed booking a move. One that has an offer keeps it.
    ///
    /// # Errors
    /// No such booking, one that cannot be moved, or the service's own.
    pub async fn offer_move(
        &self,
        uuid: CallerUuid,
        offer: &MoveOffer,
    ) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let from = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let tickets = self.tickets(&from.tickets).await?;
            let to = from.booking.offered_move(&tickets, offer.clone())?;
            if let Some(stored) = self.moved_on(from, to).await? {
                return Ok(stored);
            }
        }
        Err(stale(uuid))
    }

    /// Takes an offer to move a visit away: it stands.
    ///
    /// # Errors
    /// No such booking, or the service's own.
    pub async fn end_move(&self, uuid: CallerUuid) -> Result<Stored, StepFailure> {
        for _ in 0..ATTEMPTS {
            let from = self.booking(uuid).await?.ok_or(StepFailure::Unknown(uuid))?;
            let to = from.booking.not_moving();
            if let Some(stored) = self.moved_on(from, to).await? {
                return Ok(stored);
            }
        }
        Err(stale(uuid))
    }

    /// The booking as stored now; none when another request was faster.
    async fn moved_on(&self, from: Stored, to: Booking) -> Result<Option<Stored>, Error> {
        if from.booking == to {
            return Ok(Some(from));
        }
        let changed = self.change(&from, &to, With::Nothing).await?;
        let (version, tickets) = (from.version + 1, from.tickets);
        Ok((changed == Changed::Done).then_some(Stored { booking: to, version, tickets }))
    }

    /// Confirmed bookings whose visitors chose nothing until `now`, oldest first, at most `limit`. A malformed
    /// one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn moves_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        Ok(self.due("MOVE", now, limit).await?.iter().map(Stored::try_from).collect())
    }
}

fn stale(uuid: CallerUuid) -> StepFailure {
    Error::Stale { key: format!("BOOKING#{uuid}") }.into()
}
