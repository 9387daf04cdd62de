//! Conflict items: `CONFLICTS#venue` / instant and nonce of the entry that does not stand. What
//! gates that were offline let in a second time, for staff to look into.

use atrio_domain::gate::Conflict;
use atrio_domain::id::VenueId;
use jiff::ToSpan;

use crate::attributes::{Attributes, instant, instant_text, text, time_to_live};
use crate::table::TTL;
use crate::transaction::Condition;
use crate::{Error, Item, PK, SK, Store, key};

/// Days that a conflict is kept, as long as its ticket.
const KEPT_DAYS: i64 = 30;

fn item(conflict: &Conflict) -> Item {
    let mut item = key(
        format!("CONFLICTS#{}", conflict.venue),
        format!("{}#{}", instant_text(conflict.redeemed_at), conflict.uuid),
    );
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);
    set("ticket", text(conflict.ticket.to_string()));
    set("gate", text(conflict.gate.as_str()));
    set("redeemed_at", instant(conflict.redeemed_at));
    set("standing_gate", text(conflict.standing_gate.as_str()));
    set("standing_redeemed_at", instant(conflict.standing_redeemed_at));
    set(TTL, time_to_live(conflict.redeemed_at + (KEPT_DAYS * 24).hours()));
    item
}

fn conflict(item: &Item) -> Result<Conflict, Error> {
    let read = Attributes::of(item);
    Ok(Conflict {
        uuid: read
            .text(SK)?
            .rsplit_once('#')
            .and_then(|(_, uuid)| uuid.parse().ok())
            .ok_or_else(|| read.malformed(SK, "names no entry"))?,
        venue: read
            .text(PK)?
            .strip_prefix("CONFLICTS#")
            .and_then(|venue| venue.parse().ok())
            .ok_or_else(|| read.malformed(PK, "names no venue"))?,
        ticket: read.parsed("ticket")?,
        gate: read.parsed("gate")?,
        redeemed_at: read.parsed("redeemed_at")?,
        standing_gate: read.parsed("standing_gate")?,
        standing_redeemed_at: read.parsed("standing_redeemed_at")?,
    })
}

impl Store {
    /// Records a conflict; recorded again, it changes nothing.
    ///
    /// # Errors
    /// The service's own.
    pub async fn record_conflict(&self, conflict: &Conflict) -> Result<(), Error> {
        self.transact(vec![self.put(item(conflict), Condition::absent())?]).await?;
        Ok(())
    }

    /// A venue's conflicts, newest first, at most `limit`.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn conflicts(&self, venue: &VenueId, limit: i32) -> Result<Vec<Conflict>, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(format!("CONFLICTS#{venue}")))
            .scan_index_forward(false)
            .limit(limit)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        page.items().iter().map(conflict).collect()
    }
}
