//! Conflict items: `CONFLICTS#venue` / nonce of the entry that does not stand. What gates that were
//! offline let in a second time, for staff to look into, and what staff noted of it.

use atrio_domain::gate::Conflict;
use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::retention::Record;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

/// A conflict as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRecord {
    /// What happened.
    pub conflict: Conflict,
    /// What staff made of it; none while it is open.
    pub closing: Option<Closing>,
}

/// That staff looked into a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// What they found.
    pub note: String,
}

/// What became of a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The note stands, since now or before.
    Done,
    /// Another note stands.
    Otherwise,
    /// There is no such conflict.
    Unknown,
}

fn conflict_key(venue: &VenueId, uuid: CallerUuid) -> Item {
    key(format!("CONFLICTS#{venue}"), uuid.to_string())
}

fn item(conflict: &Conflict) -> Item {
    let mut item = conflict_key(&conflict.venue, conflict.uuid);
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);
    set("ticket", text(conflict.ticket.to_string()));
    set("gate", text(conflict.gate.as_str()));
    set("redeemed_at", instant(conflict.redeemed_at));
    set("standing_gate", text(conflict.standing_gate.as_str()));
    set("standing_redeemed_at", instant(conflict.standing_redeemed_at));
    set(TTL, time_to_live(Record::Conflict.until(conflict.redeemed_at)));
    item
}

fn record(item: &Item) -> Result<ConflictRecord, Error> {
    let read = Attributes::of(item);
    let conflict = Conflict {
        uuid: read.parsed(SK)?,
        venue: read
            .text(PK)?
            .strip_prefix("CONFLICTS#")
            .and_then(|venue| venue.parse().ok())
            .ok_or_else(|| read.malformed(PK, "names no venue"))?,
        ticket: read.parsed("ticket")?,
        gate: read.parsed("gate")?,
        redeemed_at: read.parsed("redeemed_at")?,
        standing_gate: read.parsed("standing_gate")?,
        standing_redeemed_at: read.parsed("standing_redeemed_at")?,
    };
    let closing = match read.optional_instant("closed_at")? {
        Some(at) => Some(Closing { at, note: read.text("note")?.to_owned() }),
        None => None,
    };
    Ok(ConflictRecord { conflict, closing })
}

impl Store {
    /// Records a conflict; recorded again, it changes nothing.
    ///
    /// # Errors
    /// The service's own.
    pub async fn record_conflict(&self, conflict: &Conflict) -> Result<(), Error> {
        self.transact(vec![self.put(item(conflict), Condition::absent())?]).await?;
        Ok(())
    }

    /// A venue's conflicts, newest first. One page of the table, which holds some thousands.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn conflicts(&self, venue: &VenueId) -> Result<Vec<ConflictRecord>, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(format!("CONFLICTS#{venue}")))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        let mut records: Vec<_> = page.items().iter().map(record).collect::<Result<_, _>>()?;
        records.sort_by_key(|record| std::cmp::Reverse(record.conflict.redeemed_at));
        Ok(records)
    }

    /// Closes a conflict with a note. The first note stands; sent again, it changes nothing.
    ///
    /// # Errors
    /// The service's own.
    pub async fn close_conflict(
        &self,
        venue: &VenueId,
        uuid: CallerUuid,
        note: &str,
        now: Timestamp,
    ) -> Result<Closed, Error> {
        let same = "attribute_exists(pk) AND (attribute_not_exists(note) OR note = :note)";
        let condition =
            Condition::when(same).value(":note", text(note)).value(":now", instant(now));
        let set = "SET note = :note, closed_at = if_not_exists(closed_at, :now)";
        let write = self.update(conflict_key(venue, uuid), set, condition)?;
        Ok(match self.transact(vec![write]).await? {
            Written::All => Closed::Done,
            Written::Refused(found) if found.iter().flatten().all(Item::is_empty) => {
                Closed::Unknown
            }
            Written::Refused(_) => Closed::Otherwise,
        })
    }
}
