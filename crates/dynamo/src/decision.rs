//! Decision items: `DECISIONS#venue#month` / instant and booking, with the reasons. What staff read
//! and the lake counts; a refused booking leaves nothing but this.

use atrio_domain::id::{CallerUuid, SlotId, VenueId};
use atrio_domain::pseudonym::month_of;
use atrio_domain::retention::Record;
use atrio_domain::risk::Decision;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::attributes::{Attributes, instant_text, json, text, time_to_live};
use crate::table::TTL;
use crate::transaction::Condition;
use crate::{Error, Item, PK, SK, Store, key};

/// A decision with what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// The booking decided on.
    pub booking: CallerUuid,
    /// Where.
    pub venue: VenueId,
    /// For which slot.
    pub slot: SlotId,
    /// What was decided and why.
    pub decision: Decision,
}

fn partition(venue: &VenueId, day: Date) -> String {
    format!("DECISIONS#{venue}#{}", month_of(day))
}

pub(crate) fn item(record: &DecisionRecord) -> Result<Item, Error> {
    let decided_at = record.decision.decided_at;
    let day = decided_at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let mut item = key(
        partition(&record.venue, day),
        format!("{}#{}", instant_text(decided_at), record.booking),
    );
    item.insert("slot".to_owned(), text(record.slot.to_string()));
    item.insert("decision".to_owned(), json("decision", &record.decision)?);
    item.insert(TTL.to_owned(), time_to_live(Record::Decision.until(decided_at)));
    Ok(item)
}

impl TryFrom<&Item> for DecisionRecord {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let booking = read
            .text(SK)?
            .rsplit_once('#')
            .and_then(|(_, uuid)| uuid.parse().ok())
            .ok_or_else(|| read.malformed(SK, "names no booking"))?;
        let venue = read
            .text(PK)?
            .split('#')
            .nth(1)
            .and_then(|venue| venue.parse().ok())
            .ok_or_else(|| read.malformed(PK, "names no venue"))?;
        Ok(Self { booking, venue, slot: read.parsed("slot")?, decision: read.json("decision")? })
    }
}

impl Store {
    /// Records a decision; recorded again, it changes nothing.
    ///
    /// # Errors
    /// The service's own.
    pub async fn record_decision(&self, record: &DecisionRecord) -> Result<(), Error> {
        self.transact(vec![self.put(item(record)?, Condition::absent())?]).await?;
        Ok(())
    }

    /// A venue's decisions of the month of `now`, newest first, older than the cursor where one is
    /// given, at most `limit`; and the cursor of the next page.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn decisions(
        &self,
        venue: &VenueId,
        now: Timestamp,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<DecisionRecord>, Option<String>), Error> {
        let day = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        self.newest_first(partition(venue, day), cursor, limit).await
    }
}
