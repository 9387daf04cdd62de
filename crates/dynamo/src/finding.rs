//! Finding the places of a party: in the slot's own item, or in shards of a hot one. A party guesses first that
//! its places are where it looks, so that they cost one write; who is refused reads what is there, and takes
//! them from where they are. That there are none is said only of what was read at one moment. It writes nothing
//! but what brings places home; the places themselves are taken with the booking.

use atrio_domain::booking::Booking;
use atrio_domain::quota::{Counts, Pools};
use atrio_domain::shard::{Lot, Party, Step, Stocked, Taking};
use atrio_domain::split::Buyer;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::slot::{SlotAt, StoredSlot};
use crate::{Error, Item, PK, Store};

/// Shards that one booking may take places of beside its own: all of them.
pub(crate) const ANY_OTHERS: usize = 16;

/// The same where its transaction has to write much else: DynamoDB takes a hundred writes.
pub(crate) const FEW_OTHERS: usize = 3;

/// How often places are looked for anew: each time, others moved some meanwhile.
const ATTEMPTS: u32 = 12;

/// What a hold knows of its slot.
#[derive(Debug, Clone, Default)]
pub(crate) enum Seen {
    /// Nothing yet.
    #[default]
    Nothing,
    /// What was read of it, one item after the other.
    Read(Stocked),
    /// How it was at one moment.
    AtOnce(Stocked),
}

/// What became of looking for places.
#[derive(Debug)]
pub(crate) enum Found {
    /// The writes that take them.
    Places(Vec<TransactWriteItem>),
    /// There are too few.
    SoldOut {
        /// Places that are, for its channel.
        vacancies: u32,
        /// When more are open to it.
        more_at: Option<Timestamp>,
    },
    /// Too few people came together in time: the visit does not take place.
    TooFew,
}

fn party(booking: &Booking) -> Party {
    Party { booking: booking.uuid, channel: booking.channel, places: booking.places() }
}

fn lot(booking: &Booking) -> Lot {
    Lot::of(booking.places(), &booking.draws)
}

impl Store {
    /// Where the places of a booking are, given what was seen of its slot; notes its draws, and what was seen
    /// more. Those of `back`, a booking of the same slot, come back in the same transaction.
    pub(crate) async fn find_places(
        &self,
        booking: &mut Booking,
        back: Option<&Booking>,
        pools: &Pools,
        seen: &mut Seen,
        others_max: usize,
        now: Timestamp,
    ) -> Result<Found, Error> {
        let at = SlotAt::of(booking);
        let back = back.map(lot).unwrap_or_default();
        for _ in 0..ATTEMPTS {
            let (stocked, is_sure) = match &*seen {
                // Who is refused learns what was given meanwhile; but whether a visit goes ahead is read.
                Seen::Nothing if back.is_empty() && !pools.is_decided(now) => {
                    return self.guess(booking, pools, now);
                }
                Seen::Nothing => {
                    *seen = Seen::Read(self.stocked(&at).await?);
                    continue;
                }
                Seen::Read(stocked) => (stocked.clone(), stocked.shards == 0),
                Seen::AtOnce(stocked) => (stocked.clone(), true),
            };
            if pools.is_decided(now) && !stocked.counted.goes_ahead {
                return Ok(Found::TooFew);
            }
            let then = stocked.clone().with_back(&back);
            match then.step(pools, &party(booking), others_max, now) {
                Step::Refused { vacancies, more_at } if is_sure => {
                    return Ok(Found::SoldOut { vacancies, more_at });
                }
                Step::Refused { .. } => {
                    *seen = Seen::AtOnce(self.stocked_at_once(&at, stocked.shards).await?);
                }
                Step::BringHome => {
                    self.bring_home(&at, &stocked).await?;
                    *seen = Seen::Read(self.stocked(&at).await?);
                }
                Step::Take(taking) => {
                    booking.draws.clone_from(&taking.draws);
                    let own = (&lot(booking), &back);
                    let writes = if taking.shard.is_none() && back.is_empty() {
                        vec![self.take_places(booking, pools)?]
                    } else {
                        let taking = (&taking, Buyer::of(booking));
                        self.take_stock(&at, pools, own, taking, stocked.shards)?
                    };
                    return Ok(Found::Places(writes));
                }
            }
        }
        Err(Error::Stale { key: at.partition() })
    }

    /// The writes of a party that takes its slot for untouched.
    fn guess(&self, booking: &mut Booking, pools: &Pools, now: Timestamp) -> Result<Found, Error> {
        let (untouched, channel, places) = (Counts::default(), booking.channel, booking.places());
        let Some(draws) = pools.draw(&untouched, channel, places, now) else {
            let vacancies = pools.left(&untouched, channel, now);
            let more_at = pools.more_at(&untouched, channel, now);
            return Ok(Found::SoldOut { vacancies, more_at });
        };
        booking.draws = draws;
        let Some(shard) = pools.shard_of(booking.uuid) else {
            return Ok(Found::Places(vec![self.take_places(booking, pools)?]));
        };
        let taking = Taking { shard: Some(shard), ..Taking::default() };
        let own = (&lot(booking), &Lot::default());
        let taking = (&taking, Buyer::of(booking));
        let writes = self.take_stock(&SlotAt::of(booking), pools, own, taking, shard)?;
        Ok(Found::Places(writes))
    }

    /// What is seen of a booking's slot once its writes were refused so.
    pub(crate) async fn see_again(
        &self,
        booking: &Booking,
        refused: &[Option<Item>],
    ) -> Result<Seen, Error> {
        let at = SlotAt::of(booking);
        let is_own = |item: &&Item| item.get(PK) == at.key().get(PK);
        if let Some(item) = refused.iter().flatten().find(is_own) {
            let stored = StoredSlot::try_from(item)?;
            if stored.shards == 0 {
                let (counted, lent_under) = (stored.counts, stored.lent_under);
                return Ok(Seen::AtOnce(Stocked { counted, lent_under, ..Stocked::default() }));
            }
        }
        Ok(Seen::Read(self.stocked(&at).await?))
    }
}
