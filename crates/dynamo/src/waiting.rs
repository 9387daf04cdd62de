//! Waiting items: `WAITING#uuid` / `WAITING`, one per party; those in a line stand in the index as
//! `WAITING#venue#product#slot`, in order of joining. `WAITING` / `venue#product#slot` names the slots
//! that somebody waits for and counts them, so that whoever serves the lines reads those and no others.

use atrio_domain::booking::Booking;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::hold::HoldRequest;
use atrio_domain::id::{CallerUuid, ProductId, VenueId};
use atrio_domain::quota::{Counts, Pools};
use atrio_domain::retention::Record;
use atrio_domain::waiting::{Waiting, WaitingState};
use aws_sdk_dynamodb::types::{AttributeValue, Select, TransactWriteItem};
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, instant_text, json, number, text, time_to_live};
use crate::booking::Held;
use crate::table::{DUE_INDEX, DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

/// The partition of the slots that somebody waits for.
const LINES: &str = "WAITING";

/// When a party, with its contact, is deleted.
#[must_use]
pub fn kept_until(slot: &SlotTimes) -> Timestamp {
    Record::Waiting.until(slot.end)
}

/// A slot that somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub venue_id: VenueId,
    /// For what.
    pub product_id: ProductId,
    /// When.
    pub slot: SlotTimes,
}

impl Line {
    /// The line that a party stands in, or stood.
    #[must_use]
    pub fn of(waiting: &Waiting) -> Self {
        let HoldRequest { venue_id, product_id, .. } = &waiting.request;
        let (venue_id, product_id) = (venue_id.clone(), product_id.clone());
        Self { venue_id, product_id, slot: waiting.slot }
    }

    fn name(&self) -> String {
        format!("{}#{}#{}", self.venue_id, self.product_id, self.slot.id)
    }

    fn key(&self) -> Item {
        key(LINES, self.name())
    }

    /// Where the index holds those who stand in it.
    fn indexed(&self) -> String {
        format!("{LINES}#{}", self.name())
    }
}

impl TryFrom<&Item> for Line {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let no_line = || read.malformed(SK, "names no line");
        let mut parts = read.text(SK)?.split('#');
        let (venue, product) = parts.next().zip(parts.next()).ok_or_else(no_line)?;
        Ok(Self {
            venue_id: venue.parse().map_err(|error| read.malformed(SK, error))?,
            product_id: product.parse().map_err(|error| read.malformed(SK, error))?,
            slot: read.json("slot")?,
        })
    }
}

/// What became of joining a line.
#[derive(Debug)]
pub enum Joined {
    /// They stand in it now.
    New,
    /// A party came under this uuid before; this is what became of it.
    Before(Box<Waiting>),
}

fn waiting_key(uuid: CallerUuid) -> Item {
    key(format!("{LINES}#{uuid}"), "WAITING")
}

/// Texts that sort as the parties came; the uuid parts those of one instant.
fn turn(waiting: &Waiting) -> String {
    format!("{}#{}", instant_text(waiting.joined_at), waiting.request.uuid)
}

fn item(waiting: &Waiting) -> Result<Item, Error> {
    let mut item = waiting_key(waiting.request.uuid);
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("request", json("request", &waiting.request)?);
    set("fingerprint", text(&waiting.fingerprint));
    set("slot", json("slot", &waiting.slot)?);
    set("decision", json("decision", &waiting.decision)?);
    set("risk_keys", json("risk_keys", &waiting.risk_keys)?);
    set("joined_at", instant(waiting.joined_at));
    set("status", text(waiting.state.name()));
    set(TTL, time_to_live(kept_until(&waiting.slot)));
    match waiting.state {
        WaitingState::Waiting => {
            set(DUE_PK, text(Line::of(waiting).indexed()));
            set(DUE_SK, text(turn(waiting)));
        }
        WaitingState::Offered { offered_at: at }
        | WaitingState::Left { left_at: at }
        | WaitingState::Ended { ended_at: at } => {
            set("at", instant(at));
        }
    }
    Ok(item)
}

fn waiting(item: &Item) -> Result<Waiting, Error> {
    let read = Attributes::of(item);
    let state = match read.text("status")? {
        "WAITING" => WaitingState::Waiting,
        "OFFERED" => WaitingState::Offered { offered_at: read.parsed("at")? },
        "LEFT" => WaitingState::Left { left_at: read.parsed("at")? },
        "ENDED" => WaitingState::Ended { ended_at: read.parsed("at")? },
        other => return Err(read.malformed("status", format!("is `{other}`"))),
    };
    Ok(Waiting {
        request: read.json("request")?,
        fingerprint: read.text("fingerprint")?.to_owned(),
        slot: read.json("slot")?,
        decision: read.json("decision")?,
        risk_keys: read.json("risk_keys")?,
        joined_at: read.parsed("joined_at")?,
        state,
    })
}

impl Store {
    /// One party.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn waiting(&self, uuid: CallerUuid) -> Result<Option<Waiting>, Error> {
        self.get(waiting_key(uuid)).await?.as_ref().map(waiting).transpose()
    }

    /// Puts a party at the end of its line.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn join_line(&self, joining: &Waiting) -> Result<Joined, Error> {
        let line = Line::of(joining);
        let counted = Condition::none()
            .name("#slot", "slot")
            .name("#ttl", TTL)
            .value(":none", number(0))
            .value(":one", number(1))
            .value(":slot", json("slot", &line.slot)?)
            .value(":ttl", time_to_live(kept_until(&line.slot)));
        let update =
            "SET waiting = if_not_exists(waiting, :none) + :one, #slot = :slot, #ttl = :ttl";
        let writes = vec![
            self.put(item(joining)?, Condition::absent())?,
            self.update(line.key(), update, counted)?,
        ];
        match self.transact(writes).await? {
            Written::All => Ok(Joined::New),
            Written::Refused(refused) => match refused.first() {
                Some(Some(before)) => Ok(Joined::Before(Box::new(waiting(before)?))),
                _ => Err(Error::Stale { key: line.indexed() }),
            },
        }
    }

    /// The slots that somebody waits for, of all venues. A malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn lines(&self) -> Result<Vec<Result<Line, Error>>, Error> {
        // A venue's id begins with `-`, `_`, a letter or a digit: all lie between these two.
        let items = self.between(LINES.to_owned(), "-".to_owned(), "~".to_owned()).await?;
        Ok(items.iter().map(Line::try_from).collect())
    }

    /// Those who stand in a line, in the order in which they came. A malformed one does not hide the
    /// others. Someone who joined, or was served, a moment ago may be missing or there still.
    ///
    /// # Errors
    /// The service's own.
    pub async fn waiting_in(&self, line: &Line) -> Result<Vec<Result<Waiting, Error>>, Error> {
        Ok(self.all_due(&line.indexed()).await?.iter().map(waiting).collect())
    }

    /// How many came before a party that stands in a line and wait still.
    ///
    /// # Errors
    /// The service's own.
    pub async fn ahead_of(&self, waiting: &Waiting) -> Result<u32, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due_pk = :line AND due_sk < :turn")
            .expression_attribute_values(":line", text(Line::of(waiting).indexed()))
            .expression_attribute_values(":turn", text(turn(waiting)))
            .select(Select::Count)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        Ok(u32::try_from(page.count()).unwrap_or_default())
    }

    /// Moves a party on from where it was read; false when another moved it meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn move_waiting(&self, from: &Waiting, to: &Waiting) -> Result<bool, Error> {
        Ok(matches!(self.transact(self.moving(from, to)?).await?, Written::All))
    }

    /// Holds places for a party whose turn has come, and takes it from the line; both or neither.
    ///
    /// # Errors
    /// [`Error::Stale`] when another moved the party meanwhile; the service's own.
    pub async fn offer_places(
        &self,
        from: &Waiting,
        booking: &mut Booking,
        behind: &Waiting,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Held, Error> {
        let moving = self.moving(from, behind)?;
        self.hold_with(booking, pools, &moving, now).await
    }

    /// The writes that move a party on, and count the line it leaves, if it does.
    fn moving(&self, from: &Waiting, to: &Waiting) -> Result<Vec<TransactWriteItem>, Error> {
        let unmoved = Condition::when("#status = :from")
            .name("#status", "status")
            .value(":from", text(from.state.name()));
        let mut writes = vec![self.put(item(to)?, unmoved)?];
        if from.state == WaitingState::Waiting {
            let counted = Condition::when("waiting >= :one").value(":one", number(1));
            let line = Line::of(from).key();
            writes.push(self.update(line, "SET waiting = waiting - :one", counted)?);
        }
        Ok(writes)
    }

    /// Takes a line from the list when nobody stands in it any more.
    ///
    /// # Errors
    /// The service's own.
    pub async fn close_line(&self, line: &Line) -> Result<(), Error> {
        let empty = Condition::when("waiting = :none").value(":none", number(0));
        self.transact(vec![self.delete_when(line.key(), empty)?]).await?;
        Ok(())
    }

    /// What a slot has given so far.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn slot_counts(&self, line: &Line) -> Result<Counts, Error> {
        let slot = self.slot(&line.venue_id, &line.product_id, line.slot.id).await?;
        Ok(slot.map(|stored| stored.counts).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_no_line_names_key_and_fault() {
        let error = Line::try_from(&key(LINES, "20240")).unwrap_err().to_string();
        assert!(error.contains("WAITING/20240") && error.contains("names no line"), "{error}");
    }
}
