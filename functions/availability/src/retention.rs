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
    name: &'static str,
    #[schema(value_type = Object)]
    what: Text,
    #[schema(value_type = String)]
    about: AboutView,
    /// ISO 8601; none for what no rule removes.
    kept_for: Option<String>,
    /// From when that time runs.
    #[schema(value_type = Option<String>)]
    after: Option<AfterView>,
    #[schema(value_type = Object)]
    why: Text,
}

/// Whom a record is about.
#[derive(Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AboutView {
    /// A visitor by name or address.
    Visitor,
    /// A visitor whom a hash or a random number stands for.
    Pseudonym,
    /// A member of staff by number.
    Staff,
    Nobody,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AfterView {
    /// The end of the slot.
    Visit,
    /// When it was written.
    Writing,
    /// The end of the month that it is for.
    Month,
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
                (Some(text), Some(AfterView::from(since)))
            }
            Term::Unlimited => (None, None),
        };
        let about = match record.subject() {
            Subject::Visitor => AboutView::Visitor,
            Subject::Pseudonym => AboutView::Pseudonym,
            Subject::Staff => AboutView::Staff,
            Subject::Nobody => AboutView::Nobody,
        };
        let (what, why) = (record.what(), record.why());
        Self { name: record.name(), what, about, kept_for, after, why }
    }
}

impl From<Since> for AfterView {
    fn from(since: Since) -> Self {
        match since {
            Since::Visit => Self::Visit,
            Since::Written => Self::Writing,
            Since::Month => Self::Month,
        }
    }
}

/// How long what is kept, whom it is about and why: public, for whoever asks after their data.
#[utoipa::path(get, path = "/v1/retention", tag = "shop",
    responses((status = 200, body = RetentionView)))]
pub(crate) async fn show_retention() -> Json<RetentionView> {
    Json(RetentionView { records: Record::ALL.into_iter().map(RecordView::from).collect() })
}
