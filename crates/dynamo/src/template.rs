//! Template items: `TEMPLATE` / template id, with a version. One that was changed is due in the index until
//! every venue that follows it has it.

use atrio_domain::id::TemplateId;
use atrio_domain::template::Template;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::audit::AuditRecord;
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::{Condition, Written};
use crate::venue::VenueChanged;
use crate::{Error, Item, Store, key};

const TEMPLATES: &str = "TEMPLATE";

/// A template with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTemplate {
    /// The template.
    pub template: Template,
    /// Counts its changes, from 1.
    pub version: u64,
    /// Who made the last one, as the identity provider numbers staff.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
    /// Whether some venues do not have it yet.
    pub is_due: bool,
}

fn item(stored: &StoredTemplate) -> Result<Item, Error> {
    let mut item = key(TEMPLATES, stored.template.id.as_str());
    item.insert("version".to_owned(), number(stored.version));
    item.insert("template".to_owned(), json("template", &stored.template)?);
    item.insert("changed_by".to_owned(), text(&stored.changed_by));
    item.insert("changed_at".to_owned(), instant(stored.changed_at));
    if stored.is_due {
        item.insert(DUE_PK.to_owned(), text(TEMPLATES));
        item.insert(DUE_SK.to_owned(), instant(stored.changed_at));
    }
    Ok(item)
}

impl TryFrom<&Item> for StoredTemplate {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        Ok(Self {
            template: read.json("template")?,
            version: read.number("version")?,
            changed_by: read.text("changed_by")?.to_owned(),
            changed_at: read.parsed("changed_at")?,
            is_due: read.optional_text(DUE_PK)?.is_some(),
        })
    }
}

impl Store {
    /// One template.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn template(&self, id: &TemplateId) -> Result<Option<StoredTemplate>, Error> {
        let item = self.get(key(TEMPLATES, id.as_str())).await?;
        item.as_ref().map(StoredTemplate::try_from).transpose()
    }

    /// All templates, by id; an operator keeps few.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn templates(&self) -> Result<Vec<StoredTemplate>, Error> {
        // Ids are words, so all of them lie between the two.
        let items = self.between(TEMPLATES.to_owned(), "-".to_owned(), "~".to_owned()).await?;
        items.iter().map(StoredTemplate::try_from).collect()
    }

    /// Writes the next version of a template, or the first, and the record of the change; or neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_template(
        &self,
        to: &StoredTemplate,
        record: &AuditRecord,
    ) -> Result<VenueChanged, Error> {
        let unchanged = match to.version {
            0 | 1 => Condition::absent(),
            version => Condition::when("version = :version").value(":version", number(version - 1)),
        };
        let writes = vec![
            self.put(item(to)?, unchanged)?,
            self.put(crate::audit::item(record)?, Condition::absent())?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => VenueChanged::Done,
            Written::Refused(_) => VenueChanged::Stale,
        })
    }

    /// Templates that some venues do not have yet, the one changed longest ago first, at most `limit`. A
    /// malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn templates_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<StoredTemplate, Error>>, Error> {
        Ok(self.due(TEMPLATES, now, limit).await?.iter().map(StoredTemplate::try_from).collect())
    }

    /// Notes that every venue has this version of a template. Nothing happens where it has a newer one.
    ///
    /// # Errors
    /// The service's own.
    pub async fn template_is_everywhere(&self, stored: &StoredTemplate) -> Result<(), Error> {
        let unchanged =
            Condition::when("version = :version").value(":version", number(stored.version));
        let to = StoredTemplate { is_due: false, ..stored.clone() };
        self.transact(vec![self.put(item(&to)?, unchanged)?]).await?;
        Ok(())
    }
}
