//! Group items: `GROUP#uuid` / `GROUP`, one per request, listed in the index as `GROUPS#venue` in order
//! of slot; `GROUP#uuid` / `LIST`, the names, for weeks. `SCHOOLS#venue#product` / day holds who was
//! approved of school people: every approval of a class is written over the version of it that was read,
//! so that two at once do not both take the last of the director's quota.

use atrio_domain::booking::Booking;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::group::{Group, GroupKind, GroupState, ListedName, SchoolVisit};
use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::quota::Pools;
use atrio_domain::retention::Record;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::attributes::{Attributes, instant, json, number, text, time_to_live};
use crate::booking::Held;
use crate::table::{DUE_INDEX, DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, Store, key};

/// When a request, with its contact and names, is deleted.
#[must_use]
pub fn kept_until(slot: &SlotTimes) -> Timestamp {
    Record::Group.until(slot.end)
}

/// A request with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    /// The request.
    pub group: Group,
    /// Counts its changes.
    pub version: u64,
}

/// What became of a request that was sent in.
#[derive(Debug)]
pub enum Asked {
    /// It is stored.
    New,
    /// A request came under this uuid before; this is what became of it.
    Before(Box<StoredGroup>),
}

/// Who was approved of school people for a day, with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchoolDay {
    /// Those who were approved, whatever became of their bookings.
    pub visits: Vec<SchoolVisit>,
    version: u64,
}

fn group_key(uuid: CallerUuid) -> Item {
    key(format!("GROUP#{uuid}"), "GROUP")
}

fn list_key(uuid: CallerUuid) -> Item {
    key(format!("GROUP#{uuid}"), "LIST")
}

fn schools_key(group: &Group) -> Item {
    let ask = &group.ask;
    key(format!("SCHOOLS#{}#{}", ask.venue_id, ask.product_id), ask.slot_id.day().to_string())
}

fn indexed(venue: &VenueId) -> String {
    format!("GROUPS#{venue}")
}

fn item(group: &Group, version: u64) -> Result<Item, Error> {
    let mut item = group_key(group.ask.uuid);
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("version", number(version));
    set("ask", json("ask", &group.ask)?);
    set("fingerprint", text(&group.fingerprint));
    set("slot", json("slot", &group.slot)?);
    set("asked_at", instant(group.asked_at));
    if let Some(listed) = group.listed {
        set("listed", number(listed));
    }
    set("status", text(group.state.name()));
    match &group.state {
        GroupState::Requested => {}
        GroupState::Approved { at, by, hold_until } => {
            set("at", instant(*at));
            set("by", text(by));
            set("hold_until", instant(*hold_until));
        }
        GroupState::Refused { at, by, reason } => {
            set("at", instant(*at));
            set("by", text(by));
            set("reason", text(reason));
        }
        GroupState::Withdrawn { at } => {
            set("at", instant(*at));
        }
    }
    set(DUE_PK, text(indexed(&group.ask.venue_id)));
    set(DUE_SK, text(format!("{}#{}", group.ask.slot_id, group.ask.uuid)));
    set(TTL, time_to_live(kept_until(&group.slot)));
    Ok(item)
}

impl TryFrom<&Item> for StoredGroup {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let by = || read.text("by").map(ToOwned::to_owned);
        let state = match read.text("status")? {
            "REQUESTED" => GroupState::Requested,
            "APPROVED" => GroupState::Approved {
                at: read.parsed("at")?,
                by: by()?,
                hold_until: read.parsed("hold_until")?,
            },
            "REFUSED" => GroupState::Refused {
                at: read.parsed("at")?,
                by: by()?,
                reason: read.text("reason")?.to_owned(),
            },
            "WITHDRAWN" => GroupState::Withdrawn { at: read.parsed("at")? },
            other => return Err(read.malformed("status", format!("is `{other}`"))),
        };
        let group = Group {
            ask: read.json("ask")?,
            fingerprint: read.text("fingerprint")?.to_owned(),
            slot: read.json("slot")?,
            asked_at: read.parsed("asked_at")?,
            listed: read.optional_number("listed")?,
            state,
        };
        Ok(Self { group, version: read.number("version")? })
    }
}

impl Store {
    /// One request of a group.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn group(&self, uuid: CallerUuid) -> Result<Option<StoredGroup>, Error> {
        self.get(group_key(uuid)).await?.as_ref().map(StoredGroup::try_from).transpose()
    }

    /// Stores a request.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn ask_group(&self, group: &Group) -> Result<Asked, Error> {
        let write = self.put(item(group, 1)?, Condition::absent())?;
        match self.transact(vec![write]).await? {
            Written::All => Ok(Asked::New),
            Written::Refused(refused) => match refused.into_iter().next().flatten() {
                Some(before) => Ok(Asked::Before(Box::new(StoredGroup::try_from(&before)?))),
                None => Err(stale(group)),
            },
        }
    }

    /// The requests for a venue's slots from a day on, in order of slot. A malformed one does not hide
    /// the others. One that was sent in or decided a moment ago may be missing or as it was.
    ///
    /// # Errors
    /// The service's own.
    pub async fn groups_from(
        &self,
        venue: &VenueId,
        from: Date,
    ) -> Result<Vec<Result<StoredGroup, Error>>, Error> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression("due_pk = :venue AND due_sk >= :from")
                .expression_attribute_values(":venue", text(indexed(venue)))
                .expression_attribute_values(":from", text(from.to_string()))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(Error::service("Query"))?;
            found.extend(page.items().iter().map(StoredGroup::try_from));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Moves a request on from where it was read; false when another moved it meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn move_group(&self, from: &StoredGroup, to: &Group) -> Result<bool, Error> {
        Ok(matches!(self.transact(vec![self.moving_group(from, to)?]).await?, Written::All))
    }

    fn moving_group(&self, from: &StoredGroup, to: &Group) -> Result<TransactWriteItem, Error> {
        let unmoved = Condition::when("version = :version").value(":version", number(from.version));
        self.put(item(to, from.version + 1)?, unmoved)
    }

    /// Who was approved of school people for the day of a request.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn school_day(&self, group: &Group) -> Result<SchoolDay, Error> {
        let Some(item) = self.get(schools_key(group)).await? else {
            return Ok(SchoolDay::default());
        };
        let read = Attributes::of(&item);
        Ok(SchoolDay { visits: read.json("visits")?, version: read.number("version")? })
    }

    /// Holds the places of an approved group, and moves its request on; a class joins those of its
    /// day. All of it or nothing.
    ///
    /// # Errors
    /// [`Error::Stale`] when another moved the request, or approved a class of that day, meanwhile; the
    /// service's own.
    pub async fn approve_group(
        &self,
        from: &StoredGroup,
        to: &Group,
        booking: &mut Booking,
        pools: &Pools,
        schools: SchoolDay,
        now: Timestamp,
    ) -> Result<Held, Error> {
        let mut further = vec![self.moving_group(from, to)?];
        if to.ask.kind == GroupKind::School {
            further.push(self.adding_class(to, schools)?);
        }
        self.hold_with(booking, pools, &further, now).await
    }

    fn adding_class(&self, group: &Group, day: SchoolDay) -> Result<TransactWriteItem, Error> {
        let unchanged = match day.version {
            0 => Condition::absent(),
            version => Condition::when("version = :version").value(":version", number(version)),
        };
        let (uuid, slot_id) = (group.ask.uuid, group.ask.slot_id);
        let mut visits = day.visits;
        visits.push(SchoolVisit { uuid, slot_id, heads: group.ask.heads() });
        let mut item = schools_key(group);
        item.insert("version".to_owned(), number(day.version + 1));
        item.insert("visits".to_owned(), json("visits", &visits)?);
        item.insert(TTL.to_owned(), time_to_live(kept_until(&group.slot)));
        self.put(item, unchanged)
    }

    /// Keeps the names of a group in the place of those that were sent in before, and counts them in
    /// the request; false when another moved the request meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn keep_list(
        &self,
        from: &StoredGroup,
        to: &Group,
        names: &[ListedName],
    ) -> Result<bool, Error> {
        let mut item = list_key(to.ask.uuid);
        item.insert("names".to_owned(), json("names", &names)?);
        item.insert(TTL.to_owned(), time_to_live(kept_until(&to.slot)));
        let writes = vec![self.moving_group(from, to)?, self.put(item, Condition::none())?];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Moves a request on and forgets its names; false when another moved it meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn forget_list(&self, from: &StoredGroup, to: &Group) -> Result<bool, Error> {
        let writes = vec![self.moving_group(from, to)?, self.delete(list_key(to.ask.uuid))?];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// The names of a group; none when no list was sent in.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn group_list(&self, uuid: CallerUuid) -> Result<Option<Vec<ListedName>>, Error> {
        let Some(item) = self.get(list_key(uuid)).await? else { return Ok(None) };
        Attributes::of(&item).json("names").map(Some)
    }
}

fn stale(group: &Group) -> Error {
    Error::Stale { key: format!("GROUP#{}", group.ask.uuid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_no_request_names_key_and_fault() {
        let mut item = key("GROUP#1", "GROUP");
        item.insert("status".to_owned(), text("LOST"));
        let error = StoredGroup::try_from(&item).unwrap_err().to_string();
        assert!(error.contains("GROUP#1/GROUP") && error.contains("is `LOST`"), "{error}");
    }
}
