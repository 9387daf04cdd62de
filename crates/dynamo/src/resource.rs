//! What of a resource is occupied: `RESOURCES#venue#resource` / day (UTC), with one count for each
//! quarter of an hour that a booking touches. The counts are taken and given back in the transaction
//! that takes or gives back the booking's places, so both hold or neither.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use atrio_domain::booking::Booking;
use atrio_domain::id::VenueId;
use atrio_domain::resource::{Occupied, Quarter, ResourceRef, days_touched, quarters};
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::civil::Date;

use crate::attributes::{Attributes, number};
use crate::transaction::Condition;
use crate::{Error, Item, SK, Store, key};

/// Attributes that count a quarter begin with it.
const QUARTER: char = 'q';

fn partition(venue: &VenueId, resource: &ResourceRef) -> String {
    match resource {
        ResourceRef::Resource(id) => format!("RESOURCES#{venue}#resource#{id}"),
        ResourceRef::Piece(shelfmark) => format!("RESOURCES#{venue}#piece#{shelfmark}"),
    }
}

/// One item of one day, and what bookings occupy of it.
struct Share<'a> {
    venue: &'a VenueId,
    resource: &'a ResourceRef,
    day: Date,
    limit: u32,
    counts: BTreeMap<Quarter, u32>,
}

/// What bookings occupy, one share for each item: a transaction touches an item once.
fn shares<'a>(bookings: &[&'a Booking]) -> Vec<Share<'a>> {
    let mut shares: BTreeMap<_, (u32, BTreeMap<Quarter, u32>)> = BTreeMap::new();
    for booking in bookings {
        let by_day = quarters(&booking.slot);
        for used in &booking.uses {
            for (day, touched) in &by_day {
                let key = (&booking.venue_id, &used.resource, *day);
                let (limit, counts) =
                    shares.entry(key).or_insert_with(|| (used.limit, BTreeMap::new()));
                *limit = used.limit.min(*limit);
                for quarter in touched {
                    *counts.entry(*quarter).or_default() += used.quantity;
                }
            }
        }
    }
    let share =
        |((venue, resource, day), (limit, counts))| Share { venue, resource, day, limit, counts };
    shares.into_iter().map(share).collect()
}

fn occupied(item: &Item) -> Result<Vec<(Date, Quarter, u32)>, Error> {
    let read = Attributes::of(item);
    let day = read.parsed(SK)?;
    let names = item.keys().filter_map(|name| {
        let quarter = name.strip_prefix(QUARTER)?.parse().ok()?;
        Some((name, quarter))
    });
    names.map(|(name, quarter)| Ok((day, quarter, read.number(name)?))).collect()
}

/// A resource that has too little left, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhausted {
    /// Of the bookings that were to be held together, the first that uses it, counted from 0.
    pub line: usize,
    /// The resource.
    pub resource: ResourceRef,
    /// What is left of it in the fullest quarter of the slot.
    pub left: u32,
}

impl Store {
    /// The writes that occupy what bookings use, each refused when its resource has too little left.
    pub(crate) fn occupy(&self, bookings: &[&Booking]) -> Result<Vec<TransactWriteItem>, Error> {
        shares(bookings).iter().map(|share| self.occupy_share(share)).collect()
    }

    fn occupy_share(&self, share: &Share<'_>) -> Result<TransactWriteItem, Error> {
        let mut set = Vec::with_capacity(share.counts.len());
        let mut room = Vec::with_capacity(share.counts.len());
        let mut condition = Condition::none().value(":none", number(0));
        for (quarter, count) in &share.counts {
            set.push(format!("q{quarter} = if_not_exists(q{quarter}, :none) + :n{quarter}"));
            room.push(format!("(attribute_not_exists(q{quarter}) OR q{quarter} <= :r{quarter})"));
            condition = condition
                .value(&format!(":n{quarter}"), number(count))
                .value(&format!(":r{quarter}"), number(share.limit.saturating_sub(*count)));
        }
        let update = format!("SET {}", set.join(", "));
        self.update(share.key(), &update, condition.holding(room.join(" AND ")))
    }

    /// The writes that give back what bookings occupied.
    pub(crate) fn vacate(&self, bookings: &[&Booking]) -> Result<Vec<TransactWriteItem>, Error> {
        shares(bookings).iter().map(|share| self.vacate_share(share)).collect()
    }

    fn vacate_share(&self, share: &Share<'_>) -> Result<TransactWriteItem, Error> {
        let (mut update, mut there) = ("SET ".to_owned(), String::new());
        let mut condition = Condition::none();
        for (at, (quarter, count)) in share.counts.iter().enumerate() {
            let (comma, and) = if at == 0 { ("", "") } else { (", ", " AND ") };
            // Writing to a string cannot fail.
            let _ = write!(update, "{comma}q{quarter} = q{quarter} - :n{quarter}");
            let _ = write!(there, "{and}q{quarter} >= :n{quarter}");
            condition = condition.value(&format!(":n{quarter}"), number(count));
        }
        self.update(share.key(), &update, condition.holding(there))
    }

    /// What of a resource is occupied in the slots of the local days `from` to `to`.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn occupied(
        &self,
        venue: &VenueId,
        resource: &ResourceRef,
        from: Date,
        to: Date,
    ) -> Result<Occupied, Error> {
        let (first, last) = days_touched(from, to);
        let pk = partition(venue, resource);
        let items = self.between(pk, first.to_string(), last.to_string()).await?;
        let mut all = Occupied::default();
        for item in &items {
            for (day, quarter, count) in occupied(item)? {
                all.note(day, quarter, count);
            }
        }
        Ok(all)
    }
}

impl Share<'_> {
    fn key(&self) -> Item {
        key(partition(self.venue, self.resource), self.day.to_string())
    }
}

fn first_user(bookings: &[&Booking], share: &Share<'_>) -> usize {
    let uses = |booking: &&Booking| {
        booking.venue_id == *share.venue
            && booking.uses.iter().any(|used| used.resource == *share.resource)
    };
    bookings.iter().position(uses).unwrap_or(0)
}

/// A resource of which bookings that are held together need more than there is, before anyone else
/// has anything of it; none when there is enough. Of one booking the rules know this by themselves.
pub(crate) fn overdrawn(bookings: &[&Booking]) -> Option<Exhausted> {
    let shares = shares(bookings);
    let share = shares.iter().find(|share| share.counts.values().any(|n| *n > share.limit))?;
    let line = first_user(bookings, share);
    Some(Exhausted { line, resource: share.resource.clone(), left: share.limit })
}

/// Of the writes of [`Store::occupy`], the first that was refused, from the items found where they
/// were; none when none was.
pub(crate) fn exhausted(
    bookings: &[&Booking],
    refused: &[Option<Item>],
) -> Result<Option<Exhausted>, Error> {
    for (share, found) in shares(bookings).iter().zip(refused) {
        let Some(item) = found else { continue };
        let line = first_user(bookings, share);
        let counts = occupied(item)?;
        let touched = counts.iter().filter(|(_, quarter, _)| share.counts.contains_key(quarter));
        let most = touched.map(|(_, _, count)| *count).max().unwrap_or(0);
        let left = share.limit.saturating_sub(most);
        return Ok(Some(Exhausted { line, resource: share.resource.clone(), left }));
    }
    Ok(None)
}
