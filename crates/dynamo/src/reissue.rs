//! Re-issue items: `BOOKING#uuid` / `REISSUE#uuid`, one per ticket issued in another's place, under
//! the caller's key of the request.

use atrio_domain::id::CallerUuid;
use atrio_domain::retention::Record;
use atrio_domain::ticket::{Reissue, Reissued};
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, number, text, time_to_live};
use crate::booking::{Changed, Stored};
use crate::table::TTL;
use crate::transaction::Condition;
use crate::{Error, Item, SK, Store, key};

const PREFIX: &str = "REISSUE#";

fn item(booking: CallerUuid, reissue: &Reissue, slot_end: Timestamp) -> Item {
    let mut item = key(format!("BOOKING#{booking}"), format!("{PREFIX}{}", reissue.uuid));
    item.insert("old_ticket".to_owned(), text(reissue.old.to_string()));
    item.insert("new_ticket".to_owned(), text(reissue.new.to_string()));
    item.insert("at".to_owned(), instant(reissue.at));
    item.insert(TTL.to_owned(), time_to_live(Record::Ticket.until(slot_end)));
    item
}

fn reissue(item: &Item) -> Result<Reissue, Error> {
    let read = Attributes::of(item);
    let uuid = read
        .text(SK)?
        .strip_prefix(PREFIX)
        .and_then(|uuid| uuid.parse().ok())
        .ok_or_else(|| read.malformed(SK, "is no re-issue's"))?;
    Ok(Reissue {
        uuid,
        old: read.parsed("old_ticket")?,
        new: read.parsed("new_ticket")?,
        at: read.parsed("at")?,
    })
}

impl Store {
    /// The re-issues of a booking.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn reissues(&self, booking: CallerUuid) -> Result<Vec<Reissue>, Error> {
        let items = self
            .between(format!("BOOKING#{booking}"), PREFIX.to_owned(), format!("{PREFIX}~"))
            .await?;
        items.iter().map(reissue).collect()
    }

    /// Puts a ticket in the place of another: the booking names it, the old one admits no more, and
    /// the re-issue is on record; or none of it.
    ///
    /// # Errors
    /// The service's own.
    pub async fn reissue(&self, from: &Stored, reissued: &Reissued) -> Result<Changed, Error> {
        let record = &reissued.record;
        let tickets: Vec<_> = from
            .tickets
            .iter()
            .map(|id| if *id == record.old { record.new } else { *id })
            .collect();
        let booking = &from.booking;
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        // A pass goes on with what is left of it, and no gate may count an entry on the old one meanwhile.
        let stands = Condition::when("#status = :valid").name("#status", "status");
        let valid = crate::ticket::pass_unchanged_before(&reissued.old)
            .unwrap_or_else(|| stands.value(":valid", text("VALID")));
        let writes = vec![
            self.put(crate::booking::item(booking, from.version + 1, &tickets)?, unchanged)?,
            self.put(crate::ticket::item(&reissued.old)?, valid)?,
            self.put(crate::ticket::item(&reissued.new)?, Condition::absent())?,
            self.put(item(booking.uuid, record, booking.slot.end), Condition::absent())?,
        ];
        Ok(self.transact(writes).await?.into())
    }
}
