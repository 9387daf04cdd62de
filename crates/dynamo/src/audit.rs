//! Audit items: `AUDIT#venue` / instant and version, one per change of what a venue offers or of who
//! works there: who, when, what it was and what it became. Written with the change or not at all, and never tidied away.

use atrio_domain::id::VenueId;
use atrio_domain::staff::Reach;
use jiff::Timestamp;
use serde_json::Value;

use crate::attributes::{Attributes, instant_text, json, number, text};
use crate::transaction::Condition;
use crate::{Error, Item, PK, SK, Store, key};

/// A change with who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Of which venue, or of the whole platform.
    pub reach: Reach,
    /// Who, as the identity provider numbers staff.
    pub actor: String,
    /// The role they acted in.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// The version that the change made, of the venue or of its staff.
    pub version: u64,
    /// The part that changed, such as `opening`, `products/admission` or `staff/` and a member's id.
    pub part: String,
    /// What stood there before; none for a part that is new.
    pub before: Option<Value>,
    /// What stands there now.
    pub after: Value,
}

const PARTITION: &str = "AUDIT#";

fn partition(reach: &Reach) -> String {
    format!("{PARTITION}{reach}")
}

pub(crate) fn item(record: &AuditRecord) -> Result<Item, Error> {
    // The version makes two changes at one instant two records.
    let sort = format!("{}#{}", instant_text(record.at), record.version);
    let mut item = key(partition(&record.reach), sort);
    item.insert("actor".to_owned(), text(&record.actor));
    item.insert("role".to_owned(), text(&record.role));
    item.insert("version".to_owned(), number(record.version));
    item.insert("part".to_owned(), text(&record.part));
    if let Some(before) = &record.before {
        item.insert("before".to_owned(), json("before", before)?);
    }
    item.insert("after".to_owned(), json("after", &record.after)?);
    Ok(item)
}

impl TryFrom<&Item> for AuditRecord {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let reach = read
            .text(PK)?
            .strip_prefix(PARTITION)
            .and_then(|reach| reach.parse().ok())
            .ok_or_else(|| read.malformed(PK, "names no venue"))?;
        let at = read
            .text(SK)?
            .split_once('#')
            .and_then(|(at, _)| at.parse().ok())
            .ok_or_else(|| read.malformed(SK, "names no instant"))?;
        let before = read.optional_text("before")?.map(|_| read.json("before")).transpose()?;
        Ok(Self {
            reach,
            actor: read.text("actor")?.to_owned(),
            role: read.text("role")?.to_owned(),
            at,
            version: read.number("version")?,
            part: read.text("part")?.to_owned(),
            before,
            after: read.json("after")?,
        })
    }
}

impl Store {
    /// Records a change that is stored elsewhere.
    ///
    /// # Errors
    /// The service's own.
    pub async fn record_change(&self, record: &AuditRecord) -> Result<(), Error> {
        self.transact(vec![self.put(item(record)?, Condition::none())?]).await?;
        Ok(())
    }

    /// The changes of the whole platform, newest first, older than the cursor where one is given, at most
    /// `limit`; and the cursor of the next page.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn platform_audit(
        &self,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<AuditRecord>, Option<String>), Error> {
        self.newest_first(partition(&Reach::Platform), cursor, limit).await
    }

    /// A venue's changes, newest first, older than the cursor where one is given, at most `limit`;
    /// and the cursor of the next page.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn audit(
        &self,
        venue: &VenueId,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<AuditRecord>, Option<String>), Error> {
        self.newest_first(partition(&Reach::Venue(venue.clone())), cursor, limit).await
    }
}
