//! Shards of a hot slot: items beside the slot's own, to which it lends places, and from which bookings take
//! them. The slot's item counts what it lent as taken, under the same inequalities as a booking, and places that
//! come back come back to it: so whatever shards do, no more is given than there is. Decided here is which of
//! these items a party's places come from. How channels share them is the quotas' affair, which are asked with
//! what was truly given.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::booking::Channel;
use crate::id::{CallerUuid, PoolName};
use crate::quota::{Counts, Draw, Pools};
use crate::venue::Product;

/// How many shards the slots of a product may have.
pub const SHARDS: RangeInclusive<u8> = 2..=16;

/// Why the slots of a product cannot be sharded so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// One shard is no help, and many only scatter the last places.
    #[error("{shards} shards are not {} to {}", SHARDS.start(), SHARDS.end())]
    Number {
        /// What was asked for.
        shards: u8,
    },
    /// Whether such a slot takes place is decided in its own item, which each hold must see.
    #[error("slots that wait for enough people are not sharded")]
    Minimum,
}

impl ShardError {
    /// What to do about it.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::Number { .. } => "write 2 to 16, or leave it out",
            Self::Minimum => "leave `shards` out, or `minimum`",
        }
    }
}

impl Product {
    /// Checks that its slots can be sharded, where they are to be.
    pub(crate) fn check_shards(&self) -> Result<(), ShardError> {
        let Some(shards) = self.shards else { return Ok(()) };
        if !SHARDS.contains(&shards) {
            return Err(ShardError::Number { shards });
        }
        if self.minimum.is_some() { Err(ShardError::Minimum) } else { Ok(()) }
    }
}

/// Places, and of which pools they are where channels share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lot {
    /// How many.
    pub places: u32,
    /// Of them, by pool.
    pub pools: BTreeMap<PoolName, u32>,
}

impl Lot {
    /// What a party draws.
    #[must_use]
    pub fn of(places: u32, draws: &[Draw]) -> Self {
        let pools = draws.iter().map(|draw| (draw.pool.clone(), draw.places));
        Self { places, pools: pools.collect() }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places == 0 && self.pools.values().all(|places| *places == 0)
    }

    /// How many of a pool, or in all.
    #[must_use]
    pub fn of_pool(&self, pool: Option<&PoolName>) -> u32 {
        pool.map_or(self.places, |pool| self.pools.get(pool).copied().unwrap_or(0))
    }

    /// Adds another to it.
    pub fn join(&mut self, other: &Self) {
        self.places += other.places;
        for (pool, places) in &other.pools {
            *self.pools.entry(pool.clone()).or_default() += places;
        }
    }

    fn add(&mut self, pool: Option<&PoolName>, places: u32) {
        self.places += places;
        if let Some(pool) = pool.filter(|_| places > 0) {
            *self.pools.entry(pool.clone()).or_default() += places;
        }
    }
}

/// A slot with what its shards have, as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stocked {
    /// What its own item counts: given, or lent to a shard.
    pub counted: Counts,
    /// How many shards it has had at most.
    pub shards: u8,
    /// What they were lent and did not give yet, by number from 1; of those that were used.
    pub stocks: BTreeMap<u8, Lot>,
    /// The [`Pools::sharing`] that it was lent under; none while nothing is lent.
    pub lent_under: Option<String>,
}

/// Who wants places.
#[derive(Debug, Clone, Copy)]
pub struct Party {
    /// Under which key.
    pub booking: CallerUuid,
    /// Through which channel.
    pub channel: Channel,
    /// How many.
    pub places: u32,
}

/// What is to be done for a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Its places are there: it takes them so.
    Take(Taking),
    /// They are there, but not where it can take them at once: all that is lent goes back to the slot's item
    /// first.
    BringHome,
    /// There are too few.
    Refused {
        /// Places that are left for its channel.
        vacancies: u32,
        /// When more are open to it.
        more_at: Option<Timestamp>,
    },
}

/// From which items a party's places come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taking {
    /// The pools it draws from.
    pub draws: Vec<Draw>,
    /// The shard that gives them; none for the slot's own item.
    pub shard: Option<u8>,
    /// What that shard is lent before it does.
    pub lent: Lot,
    /// What it gets of other shards before it does.
    pub passed_on: BTreeMap<u8, Lot>,
}

impl Pools {
    /// The shard that a booking takes its places from; none where the slot is not sharded. Any would do: that
    /// they are all used alike is what they are there for.
    #[must_use]
    pub fn shard_of(&self, booking: CallerUuid) -> Option<u8> {
        let number = u128::from_be_bytes(*booking.as_bytes());
        // A prime mixes all bits, whatever a uuid's version puts into the last ones.
        let mixed = number % 65_521;
        u8::try_from(mixed.checked_rem(u128::from(self.shards))? + 1).ok()
    }

    /// Places of a pool, or in all; none of a pool that is not there.
    #[must_use]
    pub fn size_of(&self, pool: Option<&str>) -> u32 {
        let Some(name) = pool else { return self.capacity };
        self.pools.iter().find(|pool| pool.name.as_str() == name).map_or(0, |pool| pool.size)
    }

    /// How the places are shared, as a text: what was lent under one sharing is not given under another.
    #[must_use]
    pub fn sharing(&self) -> String {
        let pools = self.pools.iter().map(|pool| format!(" {}={}", pool.name, pool.size));
        std::iter::once(self.capacity.to_string()).chain(pools).collect()
    }
}

impl Stocked {
    /// What the slot has truly given.
    #[must_use]
    pub fn given(&self) -> Counts {
        let mut given = self.counted.clone();
        self.stocks.values().for_each(|stock| given.take_off(stock));
        given
    }

    /// The slot as it is once a lot came back to it.
    #[must_use]
    pub fn with_back(mut self, lot: &Lot) -> Self {
        self.counted.take_off(lot);
        self
    }

    /// What is to be done for a party, whose places come from at most so many shards beside its own.
    #[must_use]
    pub fn step(&self, pools: &Pools, party: &Party, others_max: usize, now: Timestamp) -> Step {
        let (given, Party { channel, places, .. }) = (self.given(), *party);
        let Some(draws) = pools.draw(&given, channel, places, now) else {
            let vacancies = pools.left(&given, channel, now);
            return Step::Refused { vacancies, more_at: pools.more_at(&given, channel, now) };
        };
        let Some(shard) = pools.shard_of(party.booking) else {
            let of_slot = Taking { draws, ..Taking::default() };
            return if self.lent_under.is_none() { Step::Take(of_slot) } else { Step::BringHome };
        };
        // Lent under another capacity, or to pools of other sizes.
        if self.lent_under.as_ref().is_some_and(|under| *under != pools.sharing()) {
            return Step::BringHome;
        }
        match self.provide(pools, shard, draws, places) {
            Some(taking) if taking.passed_on.len() <= others_max => Step::Take(taking),
            _ => Step::BringHome,
        }
    }

    /// What the shard lacks for a party is lent by the slot's item, and a part of what is left there beside it,
    /// so that most parties find their places without it; what that has not comes from other shards.
    fn provide(&self, pools: &Pools, shard: u8, draws: Vec<Draw>, places: u32) -> Option<Taking> {
        let nothing = Lot::default();
        let own = self.stocks.get(&shard).unwrap_or(&nothing);
        let mut left_in_all = pools.capacity.saturating_sub(self.counted.taken);
        let mut taking = Taking { shard: Some(shard), ..Taking::default() };
        let needs = needs(&draws, places);
        // A party that draws on a second pool takes the last places of the first: nothing is left to lend ahead.
        let parts_ahead = if needs.len() == 1 { 2 * u32::from(pools.shards) } else { u32::MAX };
        for (pool, wanted) in needs {
            let lacking = wanted.saturating_sub(own.of_pool(pool));
            let left = self.left_of(pools, pool).min(left_in_all);
            let ahead = if lacking > 0 { left / parts_ahead } else { 0 };
            let lent = lacking.max(ahead).min(left);
            taking.lent.add(pool, lent);
            left_in_all -= lent;
            let mut missing = lacking.saturating_sub(lent);
            let others = self.stocks.iter().filter(|(number, _)| **number != shard);
            let mut others: Vec<(u32, u8)> =
                others.map(|(number, stock)| (stock.of_pool(pool), *number)).collect();
            // Those with most first: so the fewest are touched.
            others.sort_unstable_by(|one, other| other.cmp(one));
            for (stock, number) in others {
                let some = stock.min(missing);
                if some > 0 {
                    taking.passed_on.entry(number).or_default().add(pool, some);
                    missing -= some;
                }
            }
            if missing > 0 {
                return None;
            }
        }
        taking.draws = draws;
        Some(taking)
    }

    /// Places of a pool, or in all, that the slot's item can still lend.
    fn left_of(&self, pools: &Pools, pool: Option<&PoolName>) -> u32 {
        let counted = pool
            .map_or(self.counted.taken, |name| self.counted.pools.get(name).copied().unwrap_or(0));
        pools.size_of(pool.map(PoolName::as_str)).saturating_sub(counted)
    }
}

/// What a party needs, of each pool or in all.
fn needs(draws: &[Draw], places: u32) -> Vec<(Option<&PoolName>, u32)> {
    if draws.is_empty() {
        return vec![(None, places)];
    }
    draws.iter().map(|draw| (Some(&draw.pool), draw.places)).collect()
}

impl Counts {
    /// Counts a lot no more. Two items are not read at one moment: what was lent meanwhile must not wrap a
    /// count around.
    pub fn take_off(&mut self, lot: &Lot) {
        self.taken = self.taken.saturating_sub(lot.places);
        for (pool, places) in &lot.pools {
            if let Some(taken) = self.pools.get_mut(pool) {
                *taken = taken.saturating_sub(*places);
            }
        }
    }
}
