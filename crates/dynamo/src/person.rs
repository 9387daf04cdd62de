//! Person items: `PERSON#venue#hash` / product and day or slot, with the places that one person holds
//! there; only where a product has a limit. They change with the places of the bookings or not at all,
//! name nobody, and expire with the bookings they count.

use std::collections::BTreeMap;

use atrio_domain::booking::Booking;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::attributes::{Attributes, number, time_to_live};
use crate::booking::kept_until;
use crate::table::TTL;
use crate::transaction::Condition;
use crate::{Error, Item, Store, key};

/// What bookings that move together take of one person's part: a transaction touches an item once.
struct Share {
    key: (String, String),
    /// The first of the bookings, counted from 0.
    line: usize,
    places: u32,
    limit: u32,
    expires: AttributeValue,
}

/// A limit that bookings would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverLimit {
    /// Of the bookings that were to be held together, the first that it counts, from 0.
    pub line: usize,
    /// At most so many.
    pub limit: u32,
    /// What is left of it for this person.
    pub left: u32,
}

fn shares(bookings: &[&Booking]) -> Vec<Share> {
    let mut shares: BTreeMap<(String, String), Share> = BTreeMap::new();
    for (line, booking) in bookings.iter().enumerate() {
        let Some((counted, span)) = booking.counted_for() else { continue };
        let pk = format!("PERSON#{}#{}", booking.venue_id, counted.person);
        let key = (pk, format!("{}#{span}", booking.product_id));
        let limit = counted.limit.tickets;
        let expires = time_to_live(kept_until(booking));
        let share =
            shares.entry(key.clone()).or_insert(Share { key, line, places: 0, limit, expires });
        share.places += booking.places();
    }
    shares.into_values().collect()
}

/// A limit that the bookings break by themselves, before the person has anything else.
pub(crate) fn over_limit_alone(bookings: &[&Booking]) -> Option<OverLimit> {
    let shares = shares(bookings);
    let share = shares.iter().find(|share| share.places > share.limit)?;
    Some(OverLimit { line: share.line, limit: share.limit, left: share.limit })
}

/// Of the writes of [`Store::count_persons`], the first that was refused, from the items found where
/// they were; none when none was.
pub(crate) fn over_limit(
    bookings: &[&Booking],
    refused: &[Option<Item>],
) -> Result<Option<OverLimit>, Error> {
    for (share, found) in shares(bookings).iter().zip(refused) {
        let Some(item) = found else { continue };
        let left = share.limit.saturating_sub(Attributes::of(item).number("places")?);
        return Ok(Some(OverLimit { line: share.line, limit: share.limit, left }));
    }
    Ok(None)
}

impl Store {
    /// The writes that count the places of bookings under who holds them, each refused beyond the limit.
    /// The caller has checked that the bookings do not break it alone.
    pub(crate) fn count_persons(
        &self,
        bookings: &[&Booking],
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = Vec::new();
        for share in shares(bookings) {
            let room = "attribute_not_exists(places) OR places <= :room";
            let condition = Condition::when(room)
                .name("#ttl", TTL)
                .value(":room", number(share.limit.saturating_sub(share.places)))
                .value(":places", number(share.places))
                .value(":none", number(0))
                .value(":ttl", share.expires);
            let update = "SET places = if_not_exists(places, :none) + :places, #ttl = :ttl";
            writes.push(self.update(key(share.key.0, share.key.1), update, condition)?);
        }
        Ok(writes)
    }

    /// The writes that take the places of bookings from the counts of who held them.
    pub(crate) fn uncount_persons(
        &self,
        bookings: &[&Booking],
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = Vec::new();
        for share in shares(bookings) {
            let there = Condition::when("places >= :places").value(":places", number(share.places));
            let update = "SET places = places - :places";
            writes.push(self.update(key(share.key.0, share.key.1), update, there)?);
        }
        Ok(writes)
    }
}
