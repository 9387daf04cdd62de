//! The answers of this function, as written on the wire.

use atrio_domain::calendar::{Closure, OpeningSpan};
use atrio_domain::id::{ProductId, SlotId};
use atrio_domain::offer::Stranded;
use atrio_domain::venue::Venue;
use atrio_dynamo::audit::AuditRecord;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Hours and closures. What is read here is what is written back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpeningRulesView {
    /// The open spans of a usual week: `weekday`, `from`, `to`, `last_entry`.
    #[schema(value_type = Vec<Object>)]
    week: Vec<OpeningSpan>,
    /// Days on which it is closed all the same: `from`, `to`, `reason`.
    #[schema(value_type = Vec<Object>)]
    closures: Vec<Closure>,
}

impl OpeningRulesView {
    pub(crate) fn of(venue: Venue) -> Self {
        Self { week: venue.opening.week, closures: venue.opening.closures }
    }
}

/// What a change did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangedView {
    /// The venue's version now.
    version: u64,
    /// Whether this request changed it: a dry run and a repeat do not.
    changed: bool,
    /// Booked places whose slot is no longer offered: their visitors must be told.
    stranded: Vec<StrandedView>,
}

impl ChangedView {
    pub(crate) fn of(version: u64, changed: bool, stranded: Vec<Stranded>) -> Self {
        let stranded = stranded.into_iter().map(StrandedView::from).collect();
        Self { version, changed, stranded }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct StrandedView {
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// Places held or confirmed.
    taken: u32,
}

impl From<Stranded> for StrandedView {
    fn from(Stranded { product, slot, taken }: Stranded) -> Self {
        Self { product_id: product, slot_id: slot, taken }
    }
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditListView {
    changes: Vec<AuditView>,
    /// Ask with it for the next page; none on the last one.
    next_cursor: Option<String>,
}

impl AuditListView {
    pub(crate) fn of(records: Vec<AuditRecord>, next_cursor: Option<String>) -> Self {
        Self { changes: records.into_iter().map(AuditView::from).collect(), next_cursor }
    }
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
struct AuditView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who, as the identity provider numbers staff.
    actor: String,
    role: String,
    /// The version it made, of the venue or of its staff.
    version: u64,
    /// `opening`, `resources`, `supplier`, `products/` and the product, or `staff/` and the member's id.
    part: String,
    /// What stood there before; none for what is new.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[schema(value_type = Object)]
    after: Value,
}

impl From<AuditRecord> for AuditView {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord { actor, role, at, version, part, before, after, .. } = record;
        Self { at, actor, role, version, part, before, after }
    }
}
