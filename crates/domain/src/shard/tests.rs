use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use super::*;
use crate::quota::{Quota, Size};
use crate::tariff::Cents;
use crate::venue::{VenueKind, shipped_product};

const START: &str = "2026-11-25T09:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn pools(capacity: u32, shards: u8, quotas: &[(&str, Channel, u32)]) -> Pools {
    let mut product = shipped_product(VenueKind::Museum, Cents(500), None).unwrap();
    let quota = |(name, channel, places): &(&str, Channel, u32)| Quota {
        resellers: std::collections::BTreeSet::new(),
        name: PoolName::new(*name).unwrap(),
        channels: vec![*channel],
        size: Size::Places(*places),
        released_minutes_before: Some(120),
        max_units: None,
    };
    product.quotas = quotas.iter().map(quota).collect();
    product.shards = (shards > 0).then_some(shards);
    product.capacity = capacity;
    Pools::of(&product, at(START))
}

fn booking(number: u64) -> CallerUuid {
    uuid::Uuid::from_u64_pair(number, number.wrapping_mul(0x9e37_79b9)).into()
}

/// A booking whose places come from that shard.
fn of_shard(pools: &Pools, shard: u8) -> CallerUuid {
    (0..).map(booking).find(|uuid| pools.shard_of(*uuid) == Some(shard)).unwrap()
}

fn web(booking: CallerUuid, places: u32) -> Party {
    Party { booking, channel: Channel::Web, places }
}

fn plain(places: u32) -> Lot {
    Lot { places, ..Lot::default() }
}

/// A slot without quotas that counts so many places, of which its shards have some.
fn slot(pools: &Pools, taken: u32, stocks: &[u32]) -> Stocked {
    let stocks = stocks.iter().zip(1..).map(|(places, number)| (number, plain(*places)));
    Stocked {
        counted: Counts { taken, ..Counts::default() },
        shards: pools.shards,
        stocks: stocks.collect(),
        lent_under: Some(pools.sharing()),
    }
}

fn taking(step: Step) -> Taking {
    match step {
        Step::Take(taking) => taking,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bookings_spread_over_all_shards_alike() {
    let pools = pools(100, 8, &[]);
    let mut used = BTreeMap::new();
    for number in 0..8_000 {
        *used.entry(pools.shard_of(booking(number)).unwrap()).or_insert(0) += 1;
    }
    assert_eq!(used.keys().copied().collect::<Vec<u8>>(), (1..=8).collect::<Vec<u8>>());
    assert!(used.values().all(|number| (800..1_200).contains(number)), "{used:?}");
}

#[test]
fn a_slot_without_shards_is_its_own_item() {
    let pools = pools(10, 0, &[]);
    assert_eq!(pools.shard_of(booking(1)), None);
    let step = Stocked::default().step(&pools, &web(booking(1), 2), 16, at(START));
    assert_eq!(taking(step), Taking::default());
}

#[test]
fn a_shard_that_lacks_places_is_lent_a_part_of_what_is_left() {
    let pools = pools(1_000, 8, &[]);
    let uuid = of_shard(&pools, 3);
    let step = Stocked::default().step(&pools, &web(uuid, 2), 16, at(START));
    assert_eq!(taking(step).lent, plain(62), "a sixteenth of a thousand");
    let step = slot(&pools, 990, &[0, 0, 1]).step(&pools, &web(uuid, 4), 16, at(START));
    assert_eq!(taking(step).lent, plain(3), "no more than it lacks of the last ten");
    let enough = slot(&pools, 990, &[0, 0, 4]).step(&pools, &web(uuid, 4), 16, at(START));
    assert!(taking(enough).lent.is_empty());
}

#[test]
fn the_last_places_are_taken_wherever_they_are() {
    let pools = pools(10, 4, &[]);
    let party = |places| web(of_shard(&pools, 1), places);
    let scattered = slot(&pools, 9, &[0, 1, 2, 1]);
    let found = taking(scattered.step(&pools, &party(4), 16, at(START)));
    assert_eq!(found.lent, plain(1));
    assert_eq!(found.passed_on, BTreeMap::from([(3, plain(2)), (4, plain(1))]));
    let all = taking(scattered.step(&pools, &party(5), 16, at(START)));
    assert_eq!(all.passed_on.len(), 3);
    assert_eq!(scattered.step(&pools, &party(5), 2, at(START)), Step::BringHome);
    let refused = Step::Refused { vacancies: 5, more_at: None };
    assert_eq!(scattered.step(&pools, &party(6), 16, at(START)), refused);
}

#[test]
fn what_was_lent_under_another_capacity_goes_home_first() {
    let before = pools(10, 4, &[]);
    let lent = slot(&before, 8, &[3, 0, 0, 0]);
    let uuid = of_shard(&before, 1);
    let lower = pools(7, 4, &[]);
    assert_eq!(lent.step(&lower, &web(uuid, 1), 16, at(START)), Step::BringHome);
    let full = pools(5, 4, &[]);
    let refused = Step::Refused { vacancies: 0, more_at: None };
    assert_eq!(lent.step(&full, &web(uuid, 1), 16, at(START)), refused);
    let unsharded = pools(10, 0, &[]);
    assert_eq!(lent.step(&unsharded, &web(uuid, 1), 16, at(START)), Step::BringHome);
    // Fewer shards, the same sharing: nothing has to go anywhere.
    let fewer = pools(10, 2, &[]);
    let found = taking(lent.step(&fewer, &web(of_shard(&fewer, 2), 5), 16, at(START)));
    assert_eq!((found.lent, found.passed_on), (plain(2), BTreeMap::from([(1, plain(3))])));
}

#[test]
fn a_channel_draws_on_its_own_pool_first_wherever_that_is() {
    let pools = pools(10, 2, &[("window", Channel::Desk, 4)]);
    let name = |name: &str| PoolName::new(name).unwrap();
    let of_window = |places| Lot { places, pools: BTreeMap::from([(name("window"), places)]) };
    let counted = Counts {
        taken: 6,
        pools: BTreeMap::from([(name("window"), 4), (name("open"), 2)]),
        goes_ahead: false,
    };
    let stocks = BTreeMap::from([(2, of_window(2))]);
    let lent_under = Some(pools.sharing());
    let stocked = Stocked { counted, shards: 2, stocks, lent_under };
    let desk = Party { channel: Channel::Desk, ..web(of_shard(&pools, 1), 3) };
    let found = taking(stocked.step(&pools, &desk, 16, at(START) - 300.minutes()));
    let draws = found.draws.iter().map(|draw| (draw.pool.as_str(), draw.places));
    assert_eq!(draws.collect::<Vec<_>>(), [("window", 2), ("open", 1)]);
    assert_eq!(found.passed_on, BTreeMap::from([(2, of_window(2))]));
    assert_eq!(found.lent.places, 1);
}

#[test]
fn few_and_many_shards_and_those_of_a_minimum_are_refused() {
    let mut product = shipped_product(VenueKind::Museum, Cents(500), None).unwrap();
    for shards in [0, 1, 17] {
        product.shards = Some(shards);
        assert_eq!(product.check().unwrap_err().field(), "shards", "{shards}");
    }
    product.shards = Some(16);
    assert_eq!(product.check(), Ok(()));
    product.minimum = Some(crate::minimum::Minimum { places: 2, decided_minutes_before: 60 });
    assert_eq!(product.check().unwrap_err().field(), "shards");
}

/// The items of a slot, which refuse what DynamoDB would refuse.
#[derive(Debug, Clone, Default)]
struct Items {
    slot: Stocked,
    under: BTreeMap<u8, String>,
}

impl Items {
    fn take(&mut self, pools: &Pools, party: &Lot, taking: &Taking, before: u8) -> bool {
        let sharing = pools.sharing();
        let mut then = self.clone();
        let is_lent = |under: Option<&String>| under.is_none_or(|under| *under == sharing);
        let Some(number) = taking.shard else {
            let fits = self.slot.lent_under.is_none() && then.give(pools, party);
            *self = if fits { then } else { return false };
            return true;
        };
        for (other, lot) in &taking.passed_on {
            let stock = then.slot.stocks.entry(*other).or_default();
            if !is_lent(then.under.get(other)) || !less_or_refuse(stock, lot) {
                return false;
            }
        }
        if !taking.lent.is_empty() || number > before {
            let shards = before.max(pools.shards).max(number);
            let fits = is_lent(then.slot.lent_under.as_ref()) && then.slot.shards <= shards;
            if !fits || !then.give(pools, &taking.lent) {
                return false;
            }
            then.slot.shards = shards;
            then.slot.lent_under = Some(sharing.clone());
        }
        let stock = then.slot.stocks.entry(number).or_default();
        stock.join(&taking.lent);
        taking.passed_on.values().for_each(|lot| stock.join(lot));
        if !is_lent(then.under.get(&number)) || !less_or_refuse(stock, party) {
            return false;
        }
        then.under.insert(number, sharing);
        *self = then;
        true
    }

    fn give(&mut self, pools: &Pools, lot: &Lot) -> bool {
        let counted = &mut self.slot.counted;
        counted.taken += lot.places;
        let mut fits = lot.places == 0 || counted.taken <= pools.capacity;
        for (pool, places) in &lot.pools {
            let count = counted.pools.entry(pool.clone()).or_default();
            *count += places;
            fits &= *count <= pools.size_of(Some(pool.as_str()));
        }
        fits
    }

    fn bring_home(&mut self, read: &Stocked) {
        let is_same = (self.slot.shards, &self.slot.lent_under, &self.slot.stocks)
            == (read.shards, &read.lent_under, &read.stocks);
        if is_same && read.shards > 0 {
            for stock in std::mem::take(&mut self.slot.stocks).into_values() {
                self.come_back(&stock);
            }
            (self.slot.lent_under, self.under) = (None, BTreeMap::new());
        }
    }

    fn come_back(&mut self, lot: &Lot) {
        let counted = &mut self.slot.counted;
        assert!(counted.taken >= lot.places, "what comes back was counted");
        assert!(lot.pools.iter().all(|(pool, places)| counted.pools[pool] >= *places));
        counted.take_off(lot);
    }
}

fn less_or_refuse(stock: &mut Lot, lot: &Lot) -> bool {
    let has = |(pool, places): (&PoolName, &u32)| stock.of_pool(Some(pool)) >= *places;
    if stock.places < lot.places || !lot.pools.iter().all(has) {
        return false;
    }
    stock.places -= lot.places;
    for (pool, places) in &lot.pools {
        *stock.pools.get_mut(pool).unwrap() -= places;
    }
    true
}

/// A small generator of its own: the same numbers each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from((self.0 >> 33) % u64::from(bound)).unwrap()
    }

    /// An offer of few places, which the next one may lower, share otherwise or spread otherwise.
    fn offer(&mut self) -> Pools {
        let capacity = 1 + self.below(30);
        let shards = [0, 2, 3, 5, 16][self.below(5) as usize];
        let own = self.below(capacity + 1);
        let quotas =
            [("online", Channel::Web, own), ("window", Channel::Desk, (capacity - own) / 2)];
        pools(capacity, shards, &quotas[..self.below(3) as usize])
    }
}

/// What was held, and the items as they once were.
#[derive(Default)]
struct World {
    items: Items,
    before: Vec<Stocked>,
    held: Vec<Lot>,
}

impl World {
    /// A look at the items, one after the other while others write, or a while ago.
    fn look(&self, chance: &mut Chance) -> Stocked {
        let back = |chance: &mut Chance| {
            let age = chance.below(4) as usize;
            self.before.iter().rev().nth(age).unwrap_or(&self.items.slot).clone()
        };
        Stocked { stocks: back(chance).stocks, ..back(chance) }
    }

    /// Does a step as it was seen; whether the party has its places then.
    fn does(&mut self, pools: &Pools, seen: &Stocked, step: &Step, places: u32) -> bool {
        self.before.push(self.items.slot.clone());
        match step {
            Step::Take(taking) => {
                let lot = Lot::of(places, &taking.draws);
                let has = self.items.take(pools, &lot, taking, seen.shards);
                self.held.extend(has.then_some(lot));
                has
            }
            Step::BringHome => {
                self.items.bring_home(seen);
                false
            }
            Step::Refused { .. } => false,
        }
    }

    fn check(&self, seed: u64) {
        let given = self.items.slot.given();
        let mut held = Lot::default();
        self.held.iter().for_each(|lot| held.join(lot));
        assert_eq!(given.taken, held.places, "seed {seed}");
        for (pool, taken) in &given.pools {
            assert_eq!(*taken, held.of_pool(Some(pool)), "seed {seed}, {pool}");
        }
        for (number, stock) in &self.items.slot.stocks {
            let is_known = stock.is_empty() || *number <= self.items.slot.shards;
            assert!(is_known, "seed {seed}: readers do not know of shard {number}");
            let sum: u32 = stock.pools.values().sum();
            assert!(stock.pools.is_empty() || sum == stock.places, "seed {seed}: {stock:?}");
        }
    }
}

#[test]
fn no_order_of_parties_offers_and_stale_looks_gives_more_than_there_is_or_refuses_what_is_there() {
    for seed in 0..100_u64 {
        let (mut chance, mut world) = (Chance(seed), World::default());
        let mut pools = chance.offer();
        for round in 0..150_u64 {
            if chance.below(12) == 0 {
                pools = chance.offer();
            }
            if chance.below(3) == 0 && !world.held.is_empty() {
                let which = chance.below(u32::try_from(world.held.len()).unwrap());
                let back = world.held.swap_remove(which as usize);
                world.items.come_back(&back);
                world.check(seed);
                continue;
            }
            let channel = [Channel::Web, Channel::Totem, Channel::Desk][chance.below(3) as usize];
            let places = 1 + chance.below(4);
            let party = Party { channel, ..web(booking(seed * 1_000 + round), places) };
            let now = at(START) - i64::from(chance.below(300)).minutes();
            let given = world.items.slot.given();
            let fits = pools.draw(&given, channel, places, now).is_some();
            let others_max = [3, 16][chance.below(2) as usize];
            let mut has = false;
            for look in 0..6 {
                // Whoever found nothing looks properly in the end.
                let seen =
                    if look < 2 { world.look(&mut chance) } else { world.items.slot.clone() };
                let step = seen.step(&pools, &party, others_max, now);
                has = world.does(&pools, &seen, &step, places);
                world.check(seed);
                let is_told = look >= 2 && matches!(step, Step::Refused { .. });
                if has || is_told {
                    break;
                }
            }
            assert_eq!(has, fits, "seed {seed}, round {round}: {places} of {given:?} in {pools:?}");
            if has {
                let given = world.items.slot.given();
                assert!(given.taken <= pools.capacity, "seed {seed}");
                let drawn = world.held.last().unwrap().pools.keys();
                for pool in drawn {
                    let size = pools.size_of(Some(pool.as_str()));
                    assert!(given.pools[pool] <= size, "seed {seed}, round {round}: {pool}");
                }
            }
        }
    }
}
