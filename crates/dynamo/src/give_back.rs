//! Give-back items: `BOOKING#uuid` / `GIVEBACK#uuid`, one for each request that gave tickets of a
//! confirmed booking back, under the caller's key of the request.

use atrio_domain::give_back::{GiveBack, GivenBack};
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::retention::Record;
use atrio_domain::tariff::Cents;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text, time_to_live};
use crate::booking::{Changed, Stored};
use crate::table::TTL;
use crate::transaction::Condition;
use crate::{Error, Item, SK, Store, key};

const PREFIX: &str = "GIVEBACK#";

fn give_back_key(booking: CallerUuid, uuid: CallerUuid) -> Item {
    key(format!("BOOKING#{booking}"), format!("{PREFIX}{uuid}"))
}

fn item(booking: CallerUuid, record: &GiveBack, slot_end: Timestamp) -> Result<Item, Error> {
    let mut item = give_back_key(booking, record.uuid);
    item.insert("given_back".to_owned(), json("given_back", &record.tickets)?);
    item.insert("refund_cents".to_owned(), number(record.refund.0));
    item.insert("at".to_owned(), instant(record.at));
    item.insert(TTL.to_owned(), time_to_live(Record::Ticket.until(slot_end)));
    Ok(item)
}

fn give_back(item: &Item) -> Result<GiveBack, Error> {
    let read = Attributes::of(item);
    let uuid = read
        .text(SK)?
        .strip_prefix(PREFIX)
        .and_then(|uuid| uuid.parse().ok())
        .ok_or_else(|| read.malformed(SK, "is no give-back's"))?;
    let tickets: Vec<TicketId> = read.json("given_back")?;
    let refund = Cents(read.number("refund_cents")?);
    Ok(GiveBack { uuid, tickets, refund, at: read.parsed("at")? })
}

impl Store {
    /// What a request gave back; none where there was none under its key.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn given_back(
        &self,
        booking: CallerUuid,
        uuid: CallerUuid,
    ) -> Result<Option<GiveBack>, Error> {
        self.get(give_back_key(booking, uuid)).await?.as_ref().map(give_back).transpose()
    }

    /// Gives tickets back: the booking names only those that stay, the others admit no more, their places
    /// are on sale, their money is owed and the request is on record; or none of it.
    ///
    /// # Errors
    /// The service's own.
    pub async fn give_back(&self, from: &Stored, given: &GivenBack) -> Result<Changed, Error> {
        let (booking, record) = (&given.booking, &given.record);
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        let mut writes = vec![
            self.put(crate::booking::item(booking, from.version + 1, &given.stay)?, unchanged)?,
            self.put(item(booking.uuid, record, booking.slot.end)?, Condition::absent())?,
            self.return_places(&given.gone)?,
        ];
        for ticket in &given.revoked {
            let unused = Condition::when("#status = :valid")
                .name("#status", "status")
                .value(":valid", text("VALID"));
            writes.push(self.put(crate::ticket::item(ticket)?, unused)?);
        }
        writes.extend(self.vacate(&[&given.gone])?);
        writes.extend(self.uncount_persons(&[&given.gone])?);
        let Some(owed) = self.owe_parts(booking.uuid, &given.refund, record.at).await? else {
            return Ok(Changed::Stale);
        };
        writes.extend(owed);
        Ok(self.transact(writes).await?.into())
    }
}
