//! Items of feeds: `FEEDS#venue` / `MAPPING#id`, how a venue reads one kind of file; `FEEDS#venue` /
//! `FILE#id`, that a file was loaded, written when all of its rows are in the lake; `FEEDREJECTED#venue#file`
//! / part, the rows that were not taken, for weeks; `KEY#FEED` / `venue#source#month`, the key of the lake's
//! pseudonyms of such rows.

use atrio_domain::feed::{Load, Mapping, RejectedRow};
use atrio_domain::id::{FeedSource, MappingId, VenueId};
use atrio_domain::retention::Record;
use jiff::Timestamp;

use crate::attributes::{Attributes, bytes, instant, json, number, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

const KEYS: &str = "KEY#FEED";
const MAPPING: &str = "MAPPING#";
const FILE: &str = "FILE#";

/// Bytes of rejected rows in one item; DynamoDB takes 400 kB.
const PART_BYTES: usize = 250_000;

/// A mapping of a venue with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMapping {
    /// The mapping.
    pub mapping: Mapping,
    /// Counts its changes, from 1.
    pub version: u64,
    /// Who made the last one, as the identity provider numbers staff.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

fn feeds(venue: &VenueId) -> String {
    format!("FEEDS#{venue}")
}

fn rejected(venue: &VenueId, file_id: &str) -> String {
    format!("FEEDREJECTED#{venue}#{file_id}")
}

impl TryFrom<&Item> for StoredMapping {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        Ok(Self {
            mapping: read.json("mapping")?,
            version: read.number("version")?,
            changed_by: read.text("changed_by")?.to_owned(),
            changed_at: read.parsed("changed_at")?,
        })
    }
}

impl Store {
    /// A venue's own mapping.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_mapping(
        &self,
        venue: &VenueId,
        id: &MappingId,
    ) -> Result<Option<StoredMapping>, Error> {
        let item = self.get(key(feeds(venue), format!("{MAPPING}{id}"))).await?;
        item.as_ref().map(StoredMapping::try_from).transpose()
    }

    /// A venue's own mappings, by id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_mappings(&self, venue: &VenueId) -> Result<Vec<StoredMapping>, Error> {
        let (from, to) = (MAPPING.to_owned(), format!("{MAPPING}~"));
        let items = self.between(feeds(venue), from, to).await?;
        items.iter().map(StoredMapping::try_from).collect()
    }

    /// Writes the next version of a mapping, or the first; false when another wrote one meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_feed_mapping(
        &self,
        venue: &VenueId,
        to: &StoredMapping,
    ) -> Result<bool, Error> {
        let unchanged = match to.version {
            0 | 1 => Condition::absent(),
            version => Condition::when("version = :version").value(":version", number(version - 1)),
        };
        let mut item = key(feeds(venue), format!("{MAPPING}{}", to.mapping.id));
        item.insert("mapping".to_owned(), json("mapping", &to.mapping)?);
        item.insert("version".to_owned(), number(to.version));
        item.insert("changed_by".to_owned(), text(&to.changed_by));
        item.insert("changed_at".to_owned(), instant(to.changed_at));
        Ok(matches!(self.transact(vec![self.put(item, unchanged)?]).await?, Written::All))
    }

    /// A file that was loaded for a venue.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_load(&self, venue: &VenueId, file_id: &str) -> Result<Option<Load>, Error> {
        let item = self.get(key(feeds(venue), format!("{FILE}{file_id}"))).await?;
        item.as_ref().map(load_of).transpose()
    }

    /// The files that were loaded for a venue, the newest first.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_loads(&self, venue: &VenueId) -> Result<Vec<Load>, Error> {
        let items = self.between(feeds(venue), FILE.to_owned(), format!("{FILE}~")).await?;
        let mut loads = items.iter().map(load_of).collect::<Result<Vec<_>, _>>()?;
        loads.sort_by_key(|load| std::cmp::Reverse(load.loaded_at));
        Ok(loads)
    }

    /// Files that a file was loaded. Written twice, the first stands.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_feed_load(&self, venue: &VenueId, load: &Load) -> Result<(), Error> {
        let mut item = key(feeds(venue), format!("{FILE}{}", load.file_id));
        item.insert("load".to_owned(), json("load", load)?);
        let until = Record::Feed.until(load.loaded_at);
        item.insert(TTL.to_owned(), time_to_live(until));
        self.transact(vec![self.put(item, Condition::absent())?]).await?;
        Ok(())
    }

    /// Keeps the rows of a file that were not taken, in the place of what was kept of it before.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_feed_rejected(
        &self,
        venue: &VenueId,
        file_id: &str,
        rows: &[RejectedRow],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut first = 0;
        let mut part = 0_u32;
        while first < rows.len() {
            let mut size = 0;
            let fitting = rows[first..].iter().take_while(|row| {
                size += row.bytes();
                size <= PART_BYTES
            });
            let count = fitting.count().max(1);
            let rest = &rows[first..];
            let some = rest.get(..count).unwrap_or(rest);
            let mut item = key(rejected(venue, file_id), format!("PART#{part:04}"));
            item.insert("rows".to_owned(), json("rows", &some)?);
            item.insert(TTL.to_owned(), time_to_live(Record::FeedRejected.until(now)));
            self.transact(vec![self.put(item, Condition::none())?]).await?;
            first += count;
            part += 1;
        }
        Ok(())
    }

    /// The rows of a file that were not taken, as far as they are kept.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_rejected(
        &self,
        venue: &VenueId,
        file_id: &str,
    ) -> Result<Vec<RejectedRow>, Error> {
        let (from, to) = ("PART#".to_owned(), "PART#~".to_owned());
        let items = self.between(rejected(venue, file_id), from, to).await?;
        let mut rows = Vec::new();
        for item in &items {
            rows.extend(Attributes::of(item).json::<Vec<RejectedRow>>("rows")?);
        }
        Ok(rows)
    }

    /// The key of the rows of a venue, source and month; none when there is none, or its time is over.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn feed_key(
        &self,
        (venue, source): (&VenueId, &FeedSource),
        month: &str,
        now: Timestamp,
    ) -> Result<Option<[u8; 32]>, Error> {
        let Some(item) = self.get(key(KEYS, format!("{venue}#{source}#{month}"))).await? else {
            return Ok(None);
        };
        let read = Attributes::of(&item);
        // A key is over by the rule, whenever the table tidies it away.
        if Record::FeedKey.until(read.parsed("made_at")?) <= now {
            return Ok(None);
        }
        let secret = read.bytes("secret")?;
        secret.try_into().map(Some).map_err(|_| read.malformed("secret", "is not 32 bytes"))
    }

    /// Makes the key of a venue, source and month, unless another made it meanwhile; answers the one that
    /// stands.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn make_feed_key(
        &self,
        (venue, source): (&VenueId, &FeedSource),
        month: &str,
        fresh: [u8; 32],
        now: Timestamp,
    ) -> Result<[u8; 32], Error> {
        let sk = format!("{venue}#{source}#{month}");
        let mut item = key(KEYS, sk.clone());
        item.insert("secret".to_owned(), bytes(&fresh));
        item.insert("made_at".to_owned(), instant(now));
        let until = Record::FeedKey.until(now);
        item.insert(TTL.to_owned(), time_to_live(until));
        // One that is over and not tidied away yet makes room.
        let gone = Condition::when("attribute_not_exists(pk) OR made_at <= :ended")
            .value(":ended", instant(Record::FeedKey.ended_by(now)));
        self.transact(vec![self.put(item, gone)?]).await?;
        // Whoever was first made the key: read back what stands there now.
        let found = self.feed_key((venue, source), month, now).await?;
        found.ok_or_else(|| Error::Stale { key: format!("{KEYS}/{sk}") })
    }
}

fn load_of(item: &Item) -> Result<Load, Error> {
    let read = Attributes::of(item);
    let load: Load = read.json("load")?;
    let named = read.text(SK)?.strip_prefix(FILE);
    if named == Some(load.file_id.as_str()) {
        Ok(load)
    } else {
        Err(read.malformed("load", "is of another file"))
    }
}
