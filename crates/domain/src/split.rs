//! Who took how many places of a slot: each channel, and of resellers each by itself. A reseller is a firm, so the
//! counts are published as they are; they are of places, and of nobody's purchase.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::booking::{Booking, Channel};
use crate::id::ResellerId;

/// Who takes places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buyer<'a> {
    /// Through which channel.
    pub channel: Channel,
    /// Which reseller, where one does.
    pub reseller: Option<&'a ResellerId>,
}

impl<'a> Buyer<'a> {
    /// Who took a booking's places.
    #[must_use]
    pub fn of(booking: &'a Booking) -> Self {
        let reseller = booking.resale.as_ref().map(|resale| &resale.reseller);
        Self { channel: booking.channel, reseller }
    }

    /// Who takes places through a channel that is no reseller's.
    #[must_use]
    pub fn through(channel: Channel) -> Self {
        Self { channel, reseller: None }
    }

    /// The name under which its places are counted.
    #[must_use]
    pub fn name(self) -> String {
        match self.reseller {
            Some(reseller) => format!("{}_{reseller}", self.channel.name()),
            None => self.channel.name().to_owned(),
        }
    }
}

/// What one buyer took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Through which channel.
    pub channel: Channel,
    /// Which reseller, where one did.
    pub reseller_id: Option<ResellerId>,
    /// How many places.
    pub places: u32,
}

/// How the places that a slot gave are split.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Split {
    /// By buyer, the channels first, then each reseller.
    pub shares: Vec<Share>,
    /// Places that were taken before buyers were counted.
    pub uncounted: u32,
}

impl Split {
    /// The split of so many places by what was counted under each name.
    #[must_use]
    pub fn of(taken: u32, counted: &BTreeMap<String, i64>) -> Self {
        let mut shares: Vec<Share> =
            counted.iter().filter_map(|(name, places)| share(name, *places)).collect();
        shares.sort_by(|one, other| {
            let key = |share: &Share| (share.reseller_id.clone(), share.channel.name());
            key(one).cmp(&key(other))
        });
        let sum: u32 = shares.iter().map(|share| share.places).sum();
        Self { shares, uncounted: taken.saturating_sub(sum) }
    }
}

fn share(name: &str, places: i64) -> Option<Share> {
    let (channel, reseller) = match name.split_once('_') {
        Some((channel, reseller)) => (channel, Some(ResellerId::new(reseller).ok()?)),
        None => (name, None),
    };
    let all = [Channel::Web, Channel::Totem, Channel::Desk, Channel::Reseller];
    let channel = all.into_iter().find(|known| known.name() == channel)?;
    let places = u32::try_from(places).ok().filter(|places| *places > 0)?;
    Some(Share { channel, reseller_id: reseller, places })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_sum_up_to_what_was_taken() {
        let id = ResellerId::new("big_tours-2").unwrap();
        let named = Buyer { channel: Channel::Reseller, reseller: Some(&id) }.name();
        let counted = BTreeMap::from([
            (named, 4),
            (Buyer::through(Channel::Web).name(), 3),
            (Buyer::through(Channel::Desk).name(), 0),
        ]);
        let split = Split::of(9, &counted);
        let told: Vec<_> =
            split.shares.iter().map(|one| (one.channel.name(), one.places)).collect();
        assert_eq!(told, [("WEB", 3), ("RESELLER", 4)]);
        assert_eq!(split.shares[1].reseller_id.as_ref(), Some(&id));
        assert_eq!(split.uncounted, 2, "taken before buyers were counted");
        assert_eq!(Split::of(0, &BTreeMap::new()), Split::default());
    }
}
