//! How the places of a slot are shared between channels. A quota reserves a pool of places for some
//! channels until its release; what no quota reserves is open to all. Which pools a party draws from
//! is decided here, from counts alone, so that the split can be published and checked by anyone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::Channel;
use crate::id::{PoolName, ResellerId};
use crate::venue::Product;

/// The pool of what no quota reserves.
pub const OPEN: &str = "open";

/// How large a pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// So many places of each slot.
    Places(u32),
    /// So many hundredths of a slot's capacity, rounded down, so that the pools of 100 per cent never
    /// hold more than the slot.
    Percent(u8),
}

impl Size {
    /// Places in a slot of this capacity.
    #[must_use]
    pub fn of(self, capacity: u32) -> u32 {
        match self {
            Self::Places(places) => places,
            Self::Percent(percent) => {
                u32::try_from(u64::from(capacity) * u64::from(percent) / 100).unwrap_or(capacity)
            }
        }
    }
}

/// Places reserved for some channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Names the pool within the product.
    pub name: PoolName,
    /// Whom it is for.
    pub channels: Vec<Channel>,
    /// Which resellers it is for, where it is an allotment of some; empty for all of its channels.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resellers: BTreeSet<ResellerId>,
    /// How large it is.
    pub size: Size,
    /// Minutes before the slot starts at which what is left is open to all; none keeps it to the end.
    #[serde(default)]
    pub released_minutes_before: Option<u32>,
    /// Most places in one booking through its channels, where fewer than the product's: one ticket a
    /// person at the window.
    #[serde(default)]
    pub max_units: Option<u32>,
}

/// A pool of one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The quota's name, or [`OPEN`].
    pub name: PoolName,
    /// Whom it is for before its release; empty for the open pool, which is for all, and for an allotment of
    /// resellers while none of them asks.
    pub channels: Vec<Channel>,
    /// Whose allotment it is; empty where it is none.
    pub resellers: BTreeSet<ResellerId>,
    /// Places in it.
    pub size: u32,
    /// When what is left is open to all.
    pub released_at: Option<Timestamp>,
}

/// What a slot has given so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Held or confirmed, from any pool.
    pub taken: u32,
    /// Of them, by pool. Places taken before there were quotas are in none.
    pub pools: BTreeMap<PoolName, u32>,
    /// Whether it was decided that the slot takes place, where that had to be decided.
    pub goes_ahead: bool,
}

/// So many places of one pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The pool.
    pub pool: PoolName,
    /// How many.
    pub places: u32,
}

/// The pools of one slot; none for a product without quotas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pools {
    /// Places of the slot, all pools together.
    pub capacity: u32,
    /// The quotas' pools in their order, then the open one.
    pub pools: Vec<Pool>,
    /// When it is decided whether the slot takes place; none where it always does.
    pub decided_at: Option<Timestamp>,
    /// Among how many shards the places are spread; 0 where they are all in the slot's own item.
    pub shards: u8,
}

impl Pools {
    /// The pools of a slot of the product that starts then.
    #[must_use]
    pub fn of(product: &Product, start: Timestamp) -> Self {
        let decided_at = product.minimum.map(|minimum| minimum.decided_at(start));
        let shards = product.shards.filter(|_| decided_at.is_none()).unwrap_or(0);
        Self { decided_at, shards, ..Self::shared(&product.quotas, product.capacity, start) }
    }

    fn shared(quotas: &[Quota], capacity: u32, start: Timestamp) -> Self {
        if quotas.is_empty() {
            return Self { capacity, ..Self::default() };
        }
        let mut left = capacity;
        let mut pools: Vec<Pool> = quotas
            .iter()
            .map(|quota| {
                // A capacity that was lowered below fixed sizes cuts the later pools.
                let size = quota.size.of(capacity).min(left);
                left -= size;
                let minutes = quota.released_minutes_before.map(i64::from);
                let is_for_all = quota.resellers.is_empty();
                Pool {
                    name: quota.name.clone(),
                    channels: if is_for_all { quota.channels.clone() } else { Vec::new() },
                    resellers: quota.resellers.clone(),
                    size,
                    released_at: minutes
                        .and_then(|minutes| start.checked_sub(minutes.minutes()).ok()),
                }
            })
            .collect();
        pools.push(Pool {
            name: PoolName::open(),
            channels: Vec::new(),
            resellers: BTreeSet::new(),
            size: left,
            released_at: None,
        });
        Self { capacity, pools, ..Self::default() }
    }

    /// The same pools as a reseller finds them: its allotments are for it.
    #[must_use]
    pub fn for_reseller(mut self, reseller: &ResellerId) -> Self {
        for pool in self.pools.iter_mut().filter(|pool| pool.resellers.contains(reseller)) {
            pool.channels = vec![Channel::Reseller];
        }
        self
    }

    /// Whether the time has come at which it is decided if the slot takes place.
    #[must_use]
    pub fn is_decided(&self, now: Timestamp) -> bool {
        self.decided_at.is_some_and(|at| at <= now)
    }

    /// From which pools a party of `places` takes its places: the channel's own first, then the open
    /// one, then those that were released. None when they hold too few together. Without quotas it
    /// draws from no pool, and only the capacity counts.
    #[must_use]
    pub fn draw(
        &self,
        counts: &Counts,
        channel: Channel,
        places: u32,
        now: Timestamp,
    ) -> Option<Vec<Draw>> {
        if places > self.left(counts, channel, now) {
            return None;
        }
        let mut wanted = places;
        let mut draws = Vec::new();
        for pool in self.in_order(channel, now) {
            let some = free(pool, counts).min(wanted);
            if some > 0 {
                draws.push(Draw { pool: pool.name.clone(), places: some });
                wanted -= some;
            }
        }
        Some(draws)
    }

    /// Places that a channel can still take.
    #[must_use]
    pub fn left(&self, counts: &Counts, channel: Channel, now: Timestamp) -> u32 {
        if self.is_decided(now) && !counts.goes_ahead {
            return 0;
        }
        let all = self.capacity.saturating_sub(counts.taken);
        if self.pools.is_empty() {
            return all;
        }
        let own: u32 = self.in_order(channel, now).map(|pool| free(pool, counts)).sum();
        own.min(all)
    }

    /// When a pool that still has places and is closed to the channel opens to it.
    #[must_use]
    pub fn more_at(&self, counts: &Counts, channel: Channel, now: Timestamp) -> Option<Timestamp> {
        let closed = self.pools.iter().filter(|pool| rank(pool, channel, now).is_none());
        closed.filter(|pool| free(pool, counts) > 0).filter_map(|pool| pool.released_at).min()
    }

    fn in_order(&self, channel: Channel, now: Timestamp) -> impl Iterator<Item = &Pool> {
        (0..3).flat_map(move |wanted| {
            self.pools.iter().filter(move |pool| rank(pool, channel, now) == Some(wanted))
        })
    }
}

/// 0 for a channel's own pool, 1 for the open one, 2 for a released one; none for one that is closed
/// to the channel.
fn rank(pool: &Pool, channel: Channel, now: Timestamp) -> Option<u8> {
    if pool.channels.contains(&channel) {
        Some(0)
    } else if pool.name.as_str() == OPEN {
        Some(1)
    } else if pool.released_at.is_some_and(|at| at <= now) {
        Some(2)
    } else {
        None
    }
}

fn free(pool: &Pool, counts: &Counts) -> u32 {
    pool.size.saturating_sub(counts.pools.get(&pool.name).copied().unwrap_or(0))
}

/// Most places of one booking through a channel.
#[must_use]
pub fn max_units(quotas: &[Quota], channel: Channel, product_max: u32) -> u32 {
    // An allotment of some resellers bounds no booking of others, and has no bound of its own.
    let own = quotas.iter().filter(|quota| quota.channels.contains(&channel));
    own.filter_map(|quota| quota.max_units).min().map_or(product_max, |own| own.min(product_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-11-25T09:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn quota(name: &str, channel: Channel, percent: u8, released: Option<u32>) -> Quota {
        Quota {
            name: PoolName::new(name).unwrap(),
            channels: vec![channel],
            resellers: BTreeSet::new(),
            size: Size::Percent(percent),
            released_minutes_before: released,
            max_units: None,
        }
    }

    /// 55 per cent online, 20 at the window until two hours before, the rest open.
    fn split(capacity: u32) -> Pools {
        let quotas = [
            quota("online", Channel::Web, 55, None),
            quota("window", Channel::Desk, 20, Some(120)),
        ];
        Pools::shared(&quotas, capacity, at(START))
    }

    fn drawn(draws: &[Draw]) -> Vec<(&str, u32)> {
        draws.iter().map(|draw| (draw.pool.as_str(), draw.places)).collect()
    }

    fn take(counts: &mut Counts, draws: &[Draw]) {
        for draw in draws {
            *counts.pools.entry(draw.pool.clone()).or_default() += draw.places;
            counts.taken += draw.places;
        }
    }

    #[test]
    fn what_is_rounded_away_is_open_to_all() {
        let sizes: Vec<u32> = split(50).pools.iter().map(|pool| pool.size).collect();
        assert_eq!(sizes, [27, 10, 13]);
        assert_eq!(split(1).pools.iter().map(|pool| pool.size).collect::<Vec<_>>(), [0, 0, 1]);
    }

    #[test]
    fn a_channel_takes_its_own_then_the_open_then_what_was_released() {
        let (pools, early, late) =
            (split(50), at("2026-11-25T06:00:00Z"), at("2026-11-25T07:00:00Z"));
        let mut counts = Counts::default();
        let first = pools.draw(&counts, Channel::Web, 27, early).unwrap();
        assert_eq!(drawn(&first), [("online", 27)]);
        take(&mut counts, &first);
        let second = pools.draw(&counts, Channel::Web, 12, early).unwrap();
        assert_eq!(drawn(&second), [("open", 12)]);
        take(&mut counts, &second);
        assert_eq!(pools.left(&counts, Channel::Web, early), 1);
        assert_eq!(pools.draw(&counts, Channel::Web, 2, early), None);
        assert_eq!(pools.more_at(&counts, Channel::Web, early), Some(late));
        let third = pools.draw(&counts, Channel::Web, 3, late).unwrap();
        assert_eq!(drawn(&third), [("open", 1), ("window", 2)]);
        take(&mut counts, &third);
        assert_eq!(pools.left(&counts, Channel::Desk, late), 8);
        assert_eq!(pools.left(&counts, Channel::Totem, early), 0, "the totem has no quota");
    }

    #[test]
    fn no_order_of_parties_gives_a_pool_more_than_it_holds() {
        // A small generator of its own: the same numbers each run, and the seed in the message.
        for seed in 0..200_u64 {
            let mut state = seed;
            let mut next = |bound: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) % bound
            };
            let pools = split(u32::try_from(next(60)).unwrap());
            let mut counts = Counts::default();
            let mut held: Vec<Vec<Draw>> = Vec::new();
            for _ in 0..200 {
                let channel = [Channel::Web, Channel::Totem, Channel::Desk]
                    [usize::try_from(next(3)).unwrap()];
                let now = at(START) - i64::try_from(next(300)).unwrap().minutes();
                if next(3) == 0 && !held.is_empty() {
                    let back = held.swap_remove(usize::try_from(next(held.len() as u64)).unwrap());
                    for draw in back {
                        *counts.pools.get_mut(&draw.pool).unwrap() -= draw.places;
                        counts.taken -= draw.places;
                    }
                } else {
                    let places = 1 + u32::try_from(next(4)).unwrap();
                    let left = pools.left(&counts, channel, now);
                    let draws = pools.draw(&counts, channel, places, now);
                    assert_eq!(draws.is_some(), places <= left, "seed {seed}");
                    let draws = draws.unwrap_or_default();
                    take(&mut counts, &draws);
                    held.push(draws);
                }
                assert!(counts.taken <= pools.capacity, "seed {seed}");
                for pool in &pools.pools {
                    let taken = counts.pools.get(&pool.name).copied().unwrap_or(0);
                    assert!(taken <= pool.size, "seed {seed}: {taken} of {pool:?}");
                }
            }
        }
    }

    #[test]
    fn an_allotment_is_one_resellers_until_its_cut_off_and_then_for_all() {
        let (ours, theirs) = (ResellerId::new("tours").unwrap(), ResellerId::new("trips").unwrap());
        let mut allotment = quota("tours", Channel::Reseller, 40, Some(24 * 60));
        allotment.resellers = BTreeSet::from([ours.clone()]);
        let all = quota("resellers", Channel::Reseller, 20, None);
        let pools = Pools::shared(&[allotment, all], 10, at(START));
        let (early, late) = (at("2026-11-24T08:59:00Z"), at("2026-11-24T09:00:00Z"));
        let (own, others) =
            (pools.clone().for_reseller(&ours), pools.clone().for_reseller(&theirs));
        let mut counts = Counts::default();
        let left = |pools: &Pools, counts: &Counts, channel, now| pools.left(counts, channel, now);
        assert_eq!(left(&own, &counts, Channel::Reseller, early), 4 + 2 + 4);
        assert_eq!(left(&others, &counts, Channel::Reseller, early), 2 + 4);
        assert_eq!(left(&pools, &counts, Channel::Reseller, early), 2 + 4, "whom nobody knows");
        assert_eq!(left(&pools, &counts, Channel::Web, early), 4);
        assert_eq!(others.more_at(&counts, Channel::Reseller, early), Some(late));
        let first = own.draw(&counts, Channel::Reseller, 3, early).unwrap();
        assert_eq!(drawn(&first), [("tours", 3)]);
        take(&mut counts, &first);
        assert_eq!(left(&others, &counts, Channel::Reseller, late), 1 + 2 + 4);
        assert_eq!(
            left(&pools, &counts, Channel::Web, late),
            1 + 4,
            "what was not sold is for all"
        );
        assert_eq!(left(&own, &counts, Channel::Reseller, late), 1 + 2 + 4);
        assert_eq!(own.sharing(), others.sharing(), "places are lent to shards for all alike");
    }

    #[test]
    fn without_quotas_only_the_capacity_counts() {
        let pools = Pools::shared(&[], 3, at(START));
        let counts = Counts { taken: 2, ..Counts::default() };
        assert_eq!(pools.draw(&counts, Channel::Totem, 1, at(START)), Some(Vec::new()));
        assert_eq!(pools.draw(&counts, Channel::Totem, 2, at(START)), None);
    }

    #[test]
    fn once_decided_only_a_visit_that_takes_place_has_places() {
        let decided_at = Some(at(START));
        let pools = Pools { decided_at, ..Pools::shared(&[], 3, at(START)) };
        let before = at(START) - 1.minute();
        let counts = Counts { taken: 2, ..Counts::default() };
        assert_eq!(pools.left(&counts, Channel::Web, before), 1);
        assert_eq!(pools.left(&counts, Channel::Web, at(START)), 0);
        let goes_ahead = Counts { goes_ahead: true, ..counts };
        assert_eq!(pools.left(&goes_ahead, Channel::Web, at(START)), 1);
    }

    #[test]
    fn a_channel_with_a_smaller_party_keeps_it() {
        let mut window = quota("window", Channel::Desk, 20, None);
        window.max_units = Some(1);
        assert_eq!(max_units(&[window.clone()], Channel::Desk, 10), 1);
        assert_eq!(max_units(&[window], Channel::Web, 10), 10);
    }
}
