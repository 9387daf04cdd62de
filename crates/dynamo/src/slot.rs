//! Slot items: `SLOTS#venue#product#month` / local start, with `capacity`, `taken`, and one count for
//! each pool where channels share the places. Only slots that someone touched are stored. A hot slot has
//! shards beside its item.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use atrio_domain::booking::Booking;
use atrio_domain::id::{ProductId, SlotId, VenueId};
use atrio_domain::minimum::Verdict;
use atrio_domain::pseudonym::month_of;
use atrio_domain::quota::{Counts, Draw, Pools};
use atrio_domain::shard::Lot;
use atrio_domain::slot::Places;
use atrio_domain::split::{Buyer, Split};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant, number, text};
use crate::shard::{self, LENT_UNDER, StoredShard};
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::Condition;
use crate::{Error, Item, PK, SK, Store, key};

fn partition(venue: &VenueId, product: &ProductId, day: Date) -> String {
    format!("SLOTS#{venue}#{product}#{}", month_of(day))
}

/// Where the items of a slot are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotAt {
    pub(crate) venue: VenueId,
    pub(crate) product: ProductId,
    pub(crate) slot: SlotId,
}

impl SlotAt {
    /// That of a booking.
    pub(crate) fn of(booking: &Booking) -> Self {
        Self {
            venue: booking.venue_id.clone(),
            product: booking.product_id.clone(),
            slot: booking.slot.id,
        }
    }

    pub(crate) fn partition(&self) -> String {
        partition(&self.venue, &self.product, self.slot.day())
    }

    pub(crate) fn key(&self) -> Item {
        key(self.partition(), self.slot.to_string())
    }
}

/// Places of a slot that are taken, or were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking<'a> {
    pub(crate) venue: &'a VenueId,
    pub(crate) product: &'a ProductId,
    pub(crate) slot: SlotId,
    pub(crate) places: u32,
    pub(crate) draws: &'a [Draw],
    pub(crate) buyer: Buyer<'a>,
    pub(crate) at: Timestamp,
}

impl<'a> Taking<'a> {
    fn of(booking: &'a Booking) -> Self {
        Self {
            venue: &booking.venue_id,
            product: &booking.product_id,
            slot: booking.slot.id,
            places: booking.places(),
            draws: &booking.draws,
            buyer: Buyer::of(booking),
            at: booking.created_at,
        }
    }

    fn key(&self) -> Item {
        key(partition(self.venue, self.product, self.slot.day()), self.slot.to_string())
    }
}

/// What a slot item counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSlot {
    /// Places in all.
    pub places: Places,
    /// Places given, by pool.
    pub counts: Counts,
    /// How many shards it has had; what they were lent counts as given until it is taken off.
    pub shards: u8,
    /// Under which sharing they were lent what they have; none where they have nothing.
    pub lent_under: Option<String>,
    /// Places given, by the name of who took them. Some were taken before that was counted.
    pub buyers: BTreeMap<String, i64>,
}

impl StoredSlot {
    /// Counts no more what a shard still has.
    pub fn take_off(&mut self, stock: &Lot) {
        self.counts.take_off(stock);
        self.places.taken = self.counts.taken;
    }

    /// Counts what a shard gave, by who took it.
    fn add_buyers(&mut self, buyers: BTreeMap<String, i64>) {
        for (name, places) in buyers {
            *self.buyers.entry(name).or_default() += places;
        }
    }

    /// How the places are split.
    #[must_use]
    pub fn split(&self) -> Split {
        Split::of(self.counts.taken, &self.buyers)
    }
}

/// Attributes that count the places of a buyer begin with it.
const BY: &str = "by_";

/// The attribute that counts the places of a buyer.
pub(crate) fn counts_buyer(buyer: Buyer<'_>) -> String {
    format!("{BY}{}", buyer.name())
}

/// What an item counts by buyer. On one alone it may be below nothing: places come back to the slot's own item
/// whichever gave them.
pub(crate) fn buyers(item: &Item) -> Result<BTreeMap<String, i64>, Error> {
    let read = Attributes::of(item);
    let named = item.keys().filter_map(|attribute| Some((attribute, attribute.strip_prefix(BY)?)));
    named.map(|(attribute, name)| Ok((name.to_owned(), read.number(attribute)?))).collect()
}

/// Attributes that count a pool begin with it.
pub(crate) const POOL: &str = "pool_";

/// There where it was decided that the slot takes place.
const GOES_AHEAD: &str = "goes_ahead";

/// What of a slot is due that may not take place.
const MINIMUM: &str = "MINIMUM";

/// A slot of which it is to be decided whether it takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Where.
    pub venue: VenueId,
    /// Of which product.
    pub product: ProductId,
    /// Which slot.
    pub slot: SlotId,
}

impl TryFrom<&Item> for Undecided {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let fault = |what: &str| read.malformed(PK, what);
        let [_, venue, product, _] = read.text(PK)?.split('#').collect::<Vec<_>>()[..] else {
            return Err(fault("is no slot's"));
        };
        Ok(Self {
            venue: venue.parse().map_err(|_| fault("names no venue"))?,
            product: product.parse().map_err(|_| fault("names no product"))?,
            slot: read.parsed(SK)?,
        })
    }
}

impl TryFrom<&Item> for StoredSlot {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let places = Places { capacity: read.number("capacity")?, taken: read.number("taken")? };
        let goes_ahead = item.contains_key(GOES_AHEAD);
        let counts = Counts { taken: places.taken, pools: shard::pools(item, POOL)?, goes_ahead };
        let shards = read.optional_number(shard::SHARDS)?.unwrap_or(0);
        let lent_under = read.optional_text(shard::LENT_UNDER)?.map(ToOwned::to_owned);
        Ok(Self { places, counts, shards, lent_under, buyers: buyers(item)? })
    }
}

impl Store {
    /// The touched slots of a product from one day to another, both included. Those with shards are not read
    /// at one moment: while others book, they may show some places more or fewer than there are.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn slots(
        &self,
        venue: &VenueId,
        product: &ProductId,
        from: Date,
        to: Date,
    ) -> Result<HashMap<SlotId, StoredSlot>, Error> {
        let mut slots: HashMap<SlotId, StoredSlot> = HashMap::new();
        let mut month = from.first_of_month();
        while month <= to {
            let partition = partition(venue, product, month);
            let mut shards = 0;
            for item in self.of_days(&partition, from, to).await? {
                let stored = StoredSlot::try_from(&item)?;
                shards = shards.max(stored.shards);
                slots.insert(Attributes::of(&item).parsed(SK)?, stored);
            }
            for number in 1..=shards {
                for item in self.of_days(&format!("{partition}#{number}"), from, to).await? {
                    let shard = StoredShard::try_from(&item)?;
                    if let Some(stored) = slots.get_mut(&shard.slot) {
                        stored.take_off(&shard.stock);
                        stored.add_buyers(shard.buyers);
                    }
                }
            }
            let Ok(next) = month.checked_add(1.month()) else { break };
            month = next;
        }
        Ok(slots)
    }

    async fn of_days(&self, partition: &str, from: Date, to: Date) -> Result<Vec<Item>, Error> {
        self.between(partition.to_owned(), format!("{from}T00:00"), format!("{to}T99:99")).await
    }

    /// One slot; none where nobody touched it. That one with shards is full is read at one moment.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn slot(
        &self,
        venue: &VenueId,
        product: &ProductId,
        slot: SlotId,
    ) -> Result<Option<StoredSlot>, Error> {
        let at = SlotAt { venue: venue.clone(), product: product.clone(), slot };
        let Some(item) = self.get(at.key()).await? else { return Ok(None) };
        let mut stored = StoredSlot::try_from(&item)?;
        if stored.shards > 0 {
            let mut given = self.stocked(&at).await?.given();
            if given.taken >= stored.places.capacity {
                given = self.stocked_at_once(&at, stored.shards).await?.given();
            }
            stored.places.taken = given.taken;
            stored.counts = given;
        }
        Ok(Some(stored))
    }

    /// The write that takes a booking's places, see [`Store::take`].
    pub(crate) fn take_places(
        &self,
        booking: &Booking,
        pools: &Pools,
    ) -> Result<TransactWriteItem, Error> {
        self.take(&Taking::of(booking), pools)
    }

    /// The write that takes places, from the pools they are drawn on, refused when they are no longer
    /// there, or some are lent to shards, which may have them. The caller has checked that they are not more than
    /// the capacity, and no draw larger than its pool.
    pub(crate) fn take(
        &self,
        taking: &Taking<'_>,
        pools: &Pools,
    ) -> Result<TransactWriteItem, Error> {
        let places = taking.places;
        let mut update =
            "SET taken = if_not_exists(taken, :none) + :places, #capacity = :capacity, \
             #by = if_not_exists(#by, :none) + :places"
                .to_owned();
        let mut room = format!(
            "(attribute_not_exists(taken) OR taken <= :room) AND attribute_not_exists({LENT_UNDER})"
        );
        let mut condition = Condition::none()
            .name("#capacity", "capacity")
            .name("#by", &counts_buyer(taking.buyer))
            .value(":room", number(pools.capacity.saturating_sub(places)))
            .value(":places", number(places))
            .value(":none", number(0))
            .value(":capacity", number(pools.capacity));
        match pools.decided_at {
            // Whoever books later must find that it was decided.
            Some(_) if pools.is_decided(taking.at) => {
                let _ = write!(room, " AND attribute_exists({GOES_AHEAD})");
            }
            Some(at) => {
                let _ = write!(update, ", {DUE_PK} = :due, {DUE_SK} = :decided_at");
                condition =
                    condition.value(":due", text(MINIMUM)).value(":decided_at", instant(at));
            }
            None => {}
        }
        for (at, draw) in taking.draws.iter().enumerate() {
            let size = pools.pools.iter().find(|pool| pool.name == draw.pool).map_or(0, |p| p.size);
            // Writing to a string cannot fail.
            let _ = write!(update, ", #p{at} = if_not_exists(#p{at}, :none) + :d{at}");
            let _ = write!(room, " AND (attribute_not_exists(#p{at}) OR #p{at} <= :r{at})");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places))
                .value(&format!(":r{at}"), number(size.saturating_sub(draw.places)));
        }
        self.update(taking.key(), &update, condition.holding(room))
    }

    /// The write that takes places of a slot that is over: they were taken until then, and nobody can have
    /// taken them since.
    pub(crate) fn take_anew(&self, taking: &Taking<'_>) -> Result<TransactWriteItem, Error> {
        let condition = Condition::none()
            .name("#by", &counts_buyer(taking.buyer))
            .value(":none", number(0))
            .value(":places", number(taking.places));
        let update = "SET taken = taken + :places, #by = if_not_exists(#by, :none) + :places";
        self.update(taking.key(), update, condition)
    }

    /// The places of a booking's slot. That there is none left is true of one moment.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn places_of(&self, booking: &Booking) -> Result<Option<Places>, Error> {
        let slot = self.slot(&booking.venue_id, &booking.product_id, booking.slot.id).await?;
        Ok(slot.map(|stored| stored.places))
    }

    /// Slots of which it was to be decided before `now` whether they take place, at most `limit`. A
    /// malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn undecided(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Undecided, Error>>, Error> {
        Ok(self.due(MINIMUM, now, limit).await?.iter().map(Undecided::try_from).collect())
    }

    /// Notes that a slot is decided. One that takes place can be booked on; of the other nothing is due
    /// any more.
    ///
    /// # Errors
    /// The service's own.
    pub async fn decide(&self, slot: &Undecided, verdict: Verdict) -> Result<(), Error> {
        let forget = format!("REMOVE {DUE_PK}, {DUE_SK}");
        let (update, values) = match verdict {
            Verdict::GoesAhead => {
                let values = Condition::none().value(":yes", AttributeValue::Bool(true));
                (format!("SET {GOES_AHEAD} = :yes {forget}"), values)
            }
            Verdict::CalledOff => (forget, Condition::none()),
        };
        let Undecided { venue, product, slot } = slot.clone();
        let key = SlotAt { venue, product, slot }.key();
        self.transact(vec![self.update(key, &update, values)?]).await?;
        Ok(())
    }

    /// The write that gives a booking's places back to the slot's own item, which alone knows whether they may
    /// be given again.
    pub(crate) fn return_places(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        self.return_taken(&Taking::of(booking))
    }

    /// The same of any places.
    pub(crate) fn return_taken(&self, taken: &Taking<'_>) -> Result<TransactWriteItem, Error> {
        let mut update =
            "SET taken = taken - :places, #by = if_not_exists(#by, :none) - :places".to_owned();
        let mut there = "taken >= :places".to_owned();
        let mut condition = Condition::none()
            .name("#by", &counts_buyer(taken.buyer))
            .value(":none", number(0))
            .value(":places", number(taken.places));
        for (at, draw) in taken.draws.iter().enumerate() {
            let _ = write!(update, ", #p{at} = #p{at} - :d{at}");
            let _ = write!(there, " AND #p{at} >= :d{at}");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places));
        }
        self.update(taken.key(), &update, condition.holding(there))
    }
}
