//! Reseller items: `RESELLER` / id, with the hashes of its keys; `RESELLERKEY#hash` / `KEY` finds the reseller
//! that a key is of. No item holds a key. What may end a key is in the reseller's own item, which is read on
//! each request: so a key that was taken back opens nothing from the next request on.

use atrio_domain::id::ResellerId;
use atrio_domain::reseller::{FirmContact, KeyHash, Reseller};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::attributes::{Attributes, instant, json, number, text};
use crate::audit::AuditRecord;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

const RESELLERS: &str = "RESELLER";

/// A reseller with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReseller {
    /// The reseller.
    pub reseller: Reseller,
    /// Counts its changes.
    pub version: u64,
}

/// What became of a reseller that was to be added or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResellerWritten {
    /// It is stored.
    Done,
    /// One bears its id already, or somebody else changed it meanwhile.
    Stale,
}

fn key_item(hash: &KeyHash) -> Item {
    key(format!("RESELLERKEY#{}", hash.as_str()), "KEY")
}

fn item(reseller: &Reseller, version: u64) -> Result<Item, Error> {
    let mut item = key(RESELLERS, reseller.id.as_str());
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("version", number(version));
    set("name", text(&reseller.name));
    set("scope", json("scope", &reseller.scope)?);
    set("added_at", instant(reseller.added_at));
    set("keys", json("keys", &reseller.keys)?);
    if reseller.contact != FirmContact::default() {
        set("contact", json("contact", &reseller.contact)?);
    }
    if let Some(at) = reseller.suspended_at {
        set("suspended_at", instant(at));
    }
    if let Some(at) = reseller.revoked_at {
        set("revoked_at", instant(at));
    }
    Ok(item)
}

impl TryFrom<&Item> for StoredReseller {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let reseller = Reseller {
            id: read.parsed(SK)?,
            name: read.text("name")?.to_owned(),
            scope: read.json("scope")?,
            contact: read.json_or_usual("contact")?,
            added_at: read.parsed("added_at")?,
            keys: read.json("keys")?,
            suspended_at: read.optional_instant("suspended_at")?,
            revoked_at: read.optional_instant("revoked_at")?,
        };
        Ok(Self { reseller, version: read.number("version")? })
    }
}

impl Store {
    /// One reseller.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn reseller(&self, id: &ResellerId) -> Result<Option<StoredReseller>, Error> {
        let item = self.get(key(RESELLERS, id.as_str())).await?;
        item.as_ref().map(StoredReseller::try_from).transpose()
    }

    /// The reseller that a key is of, whether or not the key is still good.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn reseller_of(&self, hash: &KeyHash) -> Result<Option<StoredReseller>, Error> {
        let Some(found) = self.get(key_item(hash)).await? else { return Ok(None) };
        self.reseller(&Attributes::of(&found).parsed("reseller")?).await
    }

    /// All resellers, by id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn resellers(&self) -> Result<Vec<StoredReseller>, Error> {
        // Ids are letters, digits and dashes, which sort between these.
        let items = self.between(RESELLERS.to_owned(), "-".to_owned(), "~".to_owned()).await?;
        items.iter().map(StoredReseller::try_from).collect()
    }

    /// Adds a reseller, or writes what became of one over the version it was read at, with the way to it
    /// from each of its keys, and the record of who did so.
    ///
    /// # Errors
    /// The service's own.
    pub async fn write_reseller(
        &self,
        reseller: &Reseller,
        from_version: Option<u64>,
        record: &AuditRecord,
    ) -> Result<ResellerWritten, Error> {
        let unchanged = from_version.map_or_else(Condition::absent, |version| {
            Condition::when("version = :version").value(":version", number(version))
        });
        let version = from_version.unwrap_or(0) + 1;
        let mut writes: Vec<TransactWriteItem> =
            vec![self.put(item(reseller, version)?, unchanged)?];
        for term in &reseller.keys {
            let mut found = key_item(&term.hash);
            found.insert("reseller".to_owned(), text(reseller.id.as_str()));
            writes.push(self.put(found, Condition::none())?);
        }
        // Absent, or another reseller's change of the same instant would be written over.
        writes.push(self.put(crate::audit::item(record)?, Condition::absent())?);
        Ok(match self.transact(writes).await? {
            Written::All => ResellerWritten::Done,
            Written::Refused(_) => ResellerWritten::Stale,
        })
    }
}
