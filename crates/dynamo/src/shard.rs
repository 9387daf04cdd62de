//! Shard items: `SLOTS#venue#product#month#number` / local start, with the places that a slot's own item lent it
//! and it did not give yet (`free`, `free_NAME` of a pool), and under which sharing (`lent_under`). The slot's
//! own item counts them as taken, knows how many shards it has had (`shards`) and under which sharing it lends.
//! Only a transaction that writes both moves places between them, and places that come back go to the slot's
//! own item: so its inequality alone keeps a slot from being oversold. Shards have a partition of their own
//! each, for DynamoDB takes a thousand write units a second of one, and splits one that is too hot only after
//! minutes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use atrio_domain::id::{PoolName, SlotId};
use atrio_domain::quota::Pools;
use atrio_domain::shard::{Lot, Stocked, Taking};
use atrio_domain::split::Buyer;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{Get, TransactGetItem, TransactWriteItem};

use crate::attributes::{Attributes, number, text};
use crate::slot::{POOL, SlotAt, StoredSlot, buyers, counts_buyer};
use crate::transaction::{Condition, pause};
use crate::{Error, Item, PK, SK, Store, key};

/// Attributes that count the places of a pool that a shard has begin with it.
const FREE_OF: &str = "free_";

/// Under which sharing a slot lends places, and a shard was lent them.
pub(crate) const LENT_UNDER: &str = "lent_under";

/// How many shards a slot has had.
pub(crate) const SHARDS: &str = "shards";

/// How often all items of a slot are read at one moment before others let that happen.
const ATTEMPTS: u32 = 10;

/// A shard as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredShard {
    /// Of which slot.
    pub slot: SlotId,
    /// Its number, from 1.
    pub number: u8,
    /// The places it has.
    pub stock: Lot,
    /// Places it gave, by the name of who took them.
    pub buyers: BTreeMap<String, i64>,
}

impl StoredShard {
    /// Whether an item under this partition key, one of a slot's, is a shard's.
    #[must_use]
    pub fn has_key(pk: &str) -> bool {
        pk.split('#').count() == 5
    }
}

impl TryFrom<&Item> for StoredShard {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let shard = read.text(PK)?.split('#').nth(4).and_then(|number| number.parse().ok());
        let number = shard.ok_or_else(|| read.malformed(PK, "is no shard's"))?;
        let stock = Lot { places: read.number("free")?, pools: pools(item, FREE_OF)? };
        Ok(Self { slot: read.parsed(SK)?, number, stock, buyers: buyers(item)? })
    }
}

/// What an item counts by pool, in attributes that begin so.
pub(crate) fn pools(item: &Item, prefix: &str) -> Result<BTreeMap<PoolName, u32>, Error> {
    let read = Attributes::of(item);
    let mut pools = BTreeMap::new();
    for attribute in item.keys() {
        if let Some(name) = attribute.strip_prefix(prefix) {
            let name = PoolName::new(name).map_err(|error| read.malformed(attribute, error))?;
            pools.insert(name, read.number(attribute)?);
        }
    }
    Ok(pools)
}

impl SlotAt {
    fn shard(&self, number: u8) -> Item {
        key(format!("{}#{number}", self.partition()), self.slot.to_string())
    }

    /// What was read of a slot: its own item and its shards.
    fn stocked(&self, item: &Item, shards: &[Item]) -> Result<Stocked, Error> {
        let stored = StoredSlot::try_from(item)?;
        let mut stocks = BTreeMap::new();
        for shard in shards {
            let shard = StoredShard::try_from(shard)?;
            stocks.insert(shard.number, shard.stock);
        }
        let StoredSlot { counts: counted, shards, lent_under, .. } = stored;
        Ok(Stocked { counted, shards, stocks, lent_under })
    }
}

impl Store {
    /// A slot with its shards, one item after the other: good for looking where places are. A slot that
    /// never had shards is one item.
    pub(crate) async fn stocked(&self, at: &SlotAt) -> Result<Stocked, Error> {
        let Some(item) = self.get(at.key()).await? else { return Ok(Stocked::default()) };
        let shards = StoredSlot::try_from(&item)?.shards;
        let keys: Vec<Item> = (1..=shards).map(|number| at.shard(number)).collect();
        at.stocked(&item, &self.get_all(&keys).await?)
    }

    /// A slot with its shards, which are `shards` at least, as they are at one moment: good for saying that
    /// there are no places.
    pub(crate) async fn stocked_at_once(
        &self,
        at: &SlotAt,
        mut shards: u8,
    ) -> Result<Stocked, Error> {
        for attempt in 1..=ATTEMPTS {
            let keys = std::iter::once(at.key()).chain((1..=shards).map(|n| at.shard(n)));
            let Some(mut items) = self.get_at_once(keys).await? else {
                pause(attempt).await;
                continue;
            };
            if items.is_empty() || items[0].is_empty() {
                return Ok(Stocked::default());
            }
            let item = items.remove(0);
            items.retain(|item| !item.is_empty());
            let stocked = at.stocked(&item, &items)?;
            if stocked.shards <= shards {
                return Ok(stocked);
            }
            shards = stocked.shards;
        }
        Err(Error::Stale { key: at.partition() })
    }

    /// Items as they are at one moment, empty where there is none; none at all where another transaction
    /// was at them.
    async fn get_at_once(
        &self,
        keys: impl Iterator<Item = Item>,
    ) -> Result<Option<Vec<Item>>, Error> {
        let mut request = self.client.transact_get_items();
        for key in keys {
            let get = Get::builder().table_name(&self.table).set_key(Some(key)).build();
            let get = get.map_err(Error::service("TransactGetItems"))?;
            request = request.transact_items(TransactGetItem::builder().get(get).build());
        }
        match request.send().await {
            Ok(answer) => {
                let found = answer.responses.unwrap_or_default();
                Ok(Some(found.into_iter().map(|one| one.item.unwrap_or_default()).collect()))
            }
            Err(error) if is_in_the_way(&error) => Ok(None),
            Err(error) => Err(Error::service("TransactGetItems")(error)),
        }
    }

    /// The writes that take a party's places as decided: of the shard, of what lends to it, and of the slot's
    /// own item also where places of `back` go back to it in the same transaction.
    pub(crate) fn take_stock(
        &self,
        at: &SlotAt,
        pools: &Pools,
        (party, back): (&Lot, &Lot),
        (taking, buyer): (&Taking, Buyer<'_>),
        shards_before: u8,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        // The item that gives the places counts who takes them; what comes back is the same buyer's.
        let counted = (counts_buyer(buyer), i64::from(party.places) - i64::from(back.places));
        let counted = Some((counted.0.as_str(), counted.1));
        let Some(number) = taking.shard else {
            return Ok(vec![self.change_slot(at, pools, (party, back), Lending::None, counted)?]);
        };
        let sharing = pools.sharing();
        let mut gets = vec![&taking.lent];
        gets.extend(taking.passed_on.values());
        let own = at.shard(number);
        let mut writes = vec![self.change_shard(own, &gets, &[party], &sharing, counted)?];
        // What is passed on to a shard of which the slot's item does not know would be lost to readers.
        if !taking.lent.is_empty() || number > shards_before {
            let shards = shards_before.max(pools.shards).max(number);
            let lending = Lending::To { shards, sharing: &sharing };
            writes.push(self.change_slot(at, pools, (&taking.lent, back), lending, None)?);
        } else if !back.is_empty() {
            let nothing = Lot::default();
            writes.push(self.change_slot(at, pools, (&nothing, back), Lending::None, None)?);
        }
        for (other, lot) in &taking.passed_on {
            writes.push(self.change_shard(at.shard(*other), &[], &[lot], &sharing, None)?);
        }
        Ok(writes)
    }

    /// The write that gives a shard places and takes others of it, refused unless it has them under that
    /// sharing.
    fn change_shard(
        &self,
        key: Item,
        gets: &[&Lot],
        gives: &[&Lot],
        sharing: &str,
        counted: Option<(&str, i64)>,
    ) -> Result<TransactWriteItem, Error> {
        let mut change = Changes::of(FREE_OF, gets, gives);
        let mut condition =
            Condition::none().value(":under", text(sharing)).value(":none", number(0));
        let mut update = format!("SET {LENT_UNDER} = :under");
        let mut there = format!("(attribute_not_exists({LENT_UNDER}) OR {LENT_UNDER} = :under)");
        for (at, (attribute, by)) in change.each("free").enumerate() {
            let _ = write!(update, ", #f{at} = if_not_exists(#f{at}, :none) + :f{at}");
            condition = condition.name(&format!("#f{at}"), &attribute);
            condition = condition.value(&format!(":f{at}"), number(by));
            if by < 0 {
                let _ = write!(there, " AND #f{at} >= :n{at}");
                condition = condition.value(&format!(":n{at}"), number(-by));
            }
        }
        let condition = count_buyer(&mut update, condition, counted);
        self.update(key, &update, condition.holding(there))
    }

    /// The write by which a slot's own item gives or lends places and gets others back, refused when there
    /// is no room for the difference.
    pub(crate) fn change_slot(
        &self,
        at: &SlotAt,
        pools: &Pools,
        (gives, back): (&Lot, &Lot),
        lending: Lending<'_>,
        counted: Option<(&str, i64)>,
    ) -> Result<TransactWriteItem, Error> {
        let mut change = Changes::of(POOL, &[gives], &[back]);
        let mut condition = Condition::none()
            .name("#capacity", "capacity")
            .value(":capacity", number(pools.capacity))
            .value(":none", number(0));
        let mut update = "SET #capacity = :capacity".to_owned();
        let mut room = match lending {
            // What is lent counts as taken: nobody is to give past it under another sharing.
            Lending::None if gives.is_empty() => "attribute_exists(#capacity)".to_owned(),
            Lending::None => format!("attribute_not_exists({LENT_UNDER})"),
            Lending::To { shards, sharing } => {
                let _ = write!(update, ", {LENT_UNDER} = :under, #shards = :shards");
                condition = condition
                    .name("#shards", SHARDS)
                    .value(":under", text(sharing))
                    .value(":shards", number(shards));
                format!(
                    "(attribute_not_exists({LENT_UNDER}) OR {LENT_UNDER} = :under) \
                     AND (attribute_not_exists(#shards) OR #shards <= :shards)"
                )
            }
        };
        for (at, (attribute, by)) in change.each("taken").enumerate() {
            let size = pools.size_of(attribute.strip_prefix(POOL));
            let _ = write!(update, ", #t{at} = if_not_exists(#t{at}, :none) + :t{at}");
            condition = condition.name(&format!("#t{at}"), &attribute);
            condition = condition.value(&format!(":t{at}"), number(by));
            if by > 0 {
                let left = number(i64::from(size) - by);
                let _ = write!(room, " AND (attribute_not_exists(#t{at}) OR #t{at} <= :r{at})");
                condition = condition.value(&format!(":r{at}"), left);
            } else if by < 0 {
                let _ = write!(room, " AND #t{at} >= :r{at}");
                condition = condition.value(&format!(":r{at}"), number(-by));
            }
        }
        let condition = count_buyer(&mut update, condition, counted);
        self.update(at.key(), &update, condition.holding(room))
    }

    /// Brings all that a slot lent back to its own item, if it is still where it was read; whoever comes
    /// after lends anew, under the sharing of then. No shard is left out: so nothing is lent under one
    /// sharing while the slot lends under another.
    pub(crate) async fn bring_home(&self, at: &SlotAt, read: &Stocked) -> Result<(), Error> {
        if read.shards == 0 {
            return Ok(());
        }
        let mut writes = Vec::with_capacity(usize::from(read.shards) + 1);
        let mut all = Lot::default();
        for number in 1..=read.shards {
            let stock = read.stocks.get(&number);
            writes.push(self.empty_shard(at.shard(number), stock)?);
            stock.into_iter().for_each(|stock| all.join(stock));
        }
        writes.push(self.get_home(at.key(), read, &all)?);
        // Refused where others were faster: whoever looks again sees what they left.
        self.transact(writes).await?;
        Ok(())
    }

    fn empty_shard(&self, key: Item, stock: Option<&Lot>) -> Result<TransactWriteItem, Error> {
        let named =
            |condition: Condition| condition.name("#free", "free").value(":none", number(0));
        let Some(stock) = stock else {
            return self.update(key, "SET #free = :none", named(Condition::absent()));
        };
        let mut condition = named(Condition::none()).value(":free", number(stock.places));
        let (mut update, mut same) = ("SET #free = :none".to_owned(), "#free = :free".to_owned());
        for (at, (pool, places)) in stock.pools.iter().enumerate() {
            let _ = write!(update, ", #p{at} = :none");
            let _ = write!(same, " AND #p{at} = :p{at}");
            condition = condition
                .name(&format!("#p{at}"), &format!("{FREE_OF}{pool}"))
                .value(&format!(":p{at}"), number(*places));
        }
        let _ = write!(update, " REMOVE {LENT_UNDER}");
        self.update(key, &update, condition.holding(same))
    }

    fn get_home(&self, key: Item, read: &Stocked, all: &Lot) -> Result<TransactWriteItem, Error> {
        let mut condition = Condition::none()
            .name("#shards", SHARDS)
            .value(":shards", number(read.shards))
            .value(":all", number(all.places));
        let mut update = "SET taken = taken - :all".to_owned();
        let mut same = "#shards = :shards AND taken >= :all".to_owned();
        match &read.lent_under {
            Some(under) => {
                let _ = write!(same, " AND {LENT_UNDER} = :under");
                condition = condition.value(":under", text(under));
            }
            None => {
                let _ = write!(same, " AND attribute_not_exists({LENT_UNDER})");
            }
        }
        let lent = all.pools.iter().filter(|(_, places)| **places > 0);
        for (at, (pool, places)) in lent.enumerate() {
            let _ = write!(update, ", #p{at} = #p{at} - :p{at}");
            let _ = write!(same, " AND #p{at} >= :p{at}");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{pool}"))
                .value(&format!(":p{at}"), number(*places));
        }
        let _ = write!(update, " REMOVE {LENT_UNDER}");
        self.update(key, &update, condition.holding(same))
    }
}

/// Counts in a write that sets `:none` to nothing how many places more a buyer has, by the attribute that counts
/// them.
fn count_buyer(
    update: &mut String,
    condition: Condition,
    counted: Option<(&str, i64)>,
) -> Condition {
    let Some((attribute, more)) = counted else { return condition };
    update.push_str(", #by = if_not_exists(#by, :none) + :by");
    condition.name("#by", attribute).value(":by", number(more))
}

/// Whether a slot's own item lends what it gives.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lending<'a> {
    /// It gives it to a party, or only gets places back.
    None,
    /// It lends it to a shard.
    To {
        /// How many shards it has then.
        shards: u8,
        /// Under which sharing.
        sharing: &'a str,
    },
}

/// By how much each count of an item changes.
#[derive(Debug)]
struct Changes {
    in_all: i64,
    pools: BTreeMap<String, i64>,
}

impl Changes {
    fn of(prefix: &str, more: &[&Lot], less: &[&Lot]) -> Self {
        let mut changes = Self { in_all: 0, pools: BTreeMap::new() };
        let signed = more.iter().map(|lot| (1, lot)).chain(less.iter().map(|lot| (-1, lot)));
        for (sign, lot) in signed {
            changes.in_all += sign * i64::from(lot.places);
            for (pool, places) in &lot.pools {
                let count = changes.pools.entry(format!("{prefix}{pool}")).or_default();
                *count += sign * i64::from(*places);
            }
        }
        changes
    }

    /// The attributes with what is added to them, that of all places first.
    fn each(&mut self, in_all: &str) -> impl Iterator<Item = (String, i64)> {
        let pools = std::mem::take(&mut self.pools);
        std::iter::once((in_all.to_owned(), self.in_all)).chain(pools)
    }
}

fn is_in_the_way(error: &SdkError<TransactGetItemsError>) -> bool {
    error.as_service_error().is_some_and(TransactGetItemsError::is_transaction_canceled_exception)
}
