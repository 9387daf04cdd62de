//! The tickets of a venue's day, for its gates: partition `GATE#venue#day` of the index `due`, in order
//! of slot. A ticket item carries the two attributes itself, so the list is never apart from the
//! tickets, and keeping it costs one write unit more for each ticket issued, used or revoked; an item
//! of its own for each ticket would cost two, and one for the day would make all buyers wait for it.

use atrio_domain::id::VenueId;
use atrio_domain::ticket::Ticket;
use jiff::civil::Date;

use crate::{Error, Store};

pub(crate) fn partition(venue: &VenueId, day: Date) -> String {
    format!("GATE#{venue}#{day}")
}

impl Store {
    /// The tickets of a venue for a day. The index follows the table by moments, so a ticket sold just
    /// now may be missing; gates believe it by its signature.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn tickets_of_day(&self, venue: &VenueId, day: Date) -> Result<Vec<Ticket>, Error> {
        let items = self.all_due(&partition(venue, day)).await?;
        items.iter().map(crate::ticket::ticket).collect()
    }
}
