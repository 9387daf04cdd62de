//! What the platform keeps, for how long and why, as anybody may read it.

use atrio_domain::retention::{Record, Since, Subject, Term};
use atrio_domain::text::Text;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionView {
    /// Those about persons first.
    records: Vec<RecordView>,
}

/// One kind of record.
#[derive(Debug, Serialize, ToSchema)]
struct RecordView {
    #[schema(value_type = String)]
    name: Record,
    #[schema(value_type = Object)]
    what: Text,
    /// `VISITOR` by name or address, `PSEUDONYM` for a visitor whom a hash or a random number stands for,
    /// `STAFF` by number, or `NOBODY`.
    #[schema(value_type = String)]
    about: Subject,
    /// ISO 8601; none for what no rule removes.
    kept_for: Option<String>,
    /// From when that time runs: `VISIT` is the end of its slot, `WRITING`, or the end of the `MONTH` that it
    /// is for.
    #[schema(value_type = Option<String>)]
    after: Option<Since>,
    #[schema(value_type = Object)]
    why: Text,
}

impl From<Record> for RecordView {
    fn from(record: Record) -> Self {
        let (kept_for, after) = match record.term() {
            Term::For(length, since) => {
                let hours = length.as_hours();
                let text = match hours % 24 {
                    0 => format!("P{}D", hours / 24),
                    _ => format!("PT{hours}H"),
                };
                (Some(text), Some(since))
            }
            Term::Unlimited => (None, None),
        };
        let (what, why) = (record.what(), record.why());
        Self { name: record, what, about: record.subject(), kept_for, after, why }
    }
}

/// How long what is kept, whom it is about and why: public, for whoever asks after their data.
#[utoipa::path(get, path = "/v1/retention", tag = "shop",
    responses((status = 200, body = RetentionView)))]
pub(crate) async fn show_retention() -> Json<RetentionView> {
    Json(RetentionView { records: Record::ALL.into_iter().map(RecordView::from).collect() })
}
