//! How counters are watched for faults: `WATCH#{device}` / `WATCH`, and how far the round of this hour has come:
//! `WATCH` / `ROUND`. They stand apart from what devices say, so that who judges a counter cannot change its counts.

use std::collections::HashMap;

use atrio_domain::device::DeviceName;
use atrio_domain::device::fault::Watch;
use atrio_domain::id::VenueId;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::transaction::Condition;
use crate::{Error, Item, PK, Store, key};

const PREFIX: &str = "WATCH#";

/// A watch as it is kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredWatch {
    /// What was learned and found.
    pub watch: Watch,
    /// When the counts were last read for it.
    pub looked_at: Timestamp,
    /// The revision of the device's state then: more changes of it than new counts are counts that came late.
    pub revision: u64,
}

/// How far the counters were judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchRound {
    /// Up to which hour since 1970; 0 before the first round.
    pub hour: i64,
    /// The last venue whose counters were, where others are left.
    pub after: Option<VenueId>,
}

fn watch_key(device: &DeviceName) -> Item {
    key(format!("{PREFIX}{device}"), "WATCH")
}

fn round_key() -> Item {
    key("WATCH", "ROUND")
}

fn stored_watch(item: &Item) -> Result<(DeviceName, StoredWatch), Error> {
    let read = Attributes::of(item);
    let name = read.text(PK)?.strip_prefix(PREFIX).unwrap_or_default();
    let device = name.parse().map_err(|error| read.malformed(PK, error))?;
    let stored = StoredWatch {
        watch: read.json("watch")?,
        looked_at: read.parsed("looked_at")?,
        revision: read.number("revision")?,
    };
    Ok((device, stored))
}

impl Store {
    /// How some devices are watched; those that are not watched yet are left out.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn watches<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a DeviceName>,
    ) -> Result<HashMap<DeviceName, StoredWatch>, Error> {
        let keys: Vec<Item> = devices.into_iter().map(watch_key).collect();
        self.get_all(&keys).await?.iter().map(stored_watch).collect()
    }

    /// Keeps how a device is watched. Of two who judge the same hours, either's word is the same.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_watch(&self, device: &DeviceName, stored: &StoredWatch) -> Result<(), Error> {
        let mut item = watch_key(device);
        item.insert("watch".to_owned(), json("watch", &stored.watch)?);
        item.insert("looked_at".to_owned(), instant(stored.looked_at));
        item.insert("revision".to_owned(), number(stored.revision));
        self.transact(vec![self.put(item, Condition::none())?]).await.map(|_| ())
    }

    /// How far the round of judging has come.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn watch_round(&self) -> Result<WatchRound, Error> {
        let Some(item) = self.get(round_key()).await? else { return Ok(WatchRound::default()) };
        let read = Attributes::of(&item);
        Ok(WatchRound { hour: read.number("hour")?, after: read.optional_parsed("after")? })
    }

    /// Keeps how far the round has come.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_watch_round(&self, round: &WatchRound) -> Result<(), Error> {
        let mut item = round_key();
        item.insert("hour".to_owned(), number(round.hour));
        if let Some(after) = &round.after {
            item.insert("after".to_owned(), text(after.as_str()));
        }
        self.transact(vec![self.put(item, Condition::none())?]).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_reads_back_and_one_that_is_not_whole_is_an_error() {
        let device: DeviceName = "counter-door".parse().unwrap();
        let mut item = watch_key(&device);
        item.insert("watch".to_owned(), json("watch", &Watch::default()).unwrap());
        item.insert("looked_at".to_owned(), instant(Timestamp::UNIX_EPOCH));
        item.insert("revision".to_owned(), number(7));
        let stored = StoredWatch { revision: 7, ..StoredWatch::default() };
        assert_eq!(stored_watch(&item).unwrap(), (device, stored));
        item.insert("watch".to_owned(), text("{}"));
        assert!(stored_watch(&item).unwrap_err().to_string().contains("WATCH#counter-door/WATCH"));
    }
}
