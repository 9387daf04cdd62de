//! Answers as staff and their programs read them.

use atrio_domain::feed::{Entry, Load, Mapping, RejectedRow, Report, Sum};
use atrio_dynamo::feed::StoredMapping;
use atrio_lake_query::FedCell;
use serde::{Deserialize, Serialize};
use utoipa::{PartialSchema, ToSchema};

use crate::check::{Checked, TOLD_FAULTS};
use crate::mappings::shipped;

/// What became of a file that was sent, or would.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SentView {
    Loaded(LoadView),
    Checked(CheckView),
}

/// What a file would do; nothing was loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// `CHECKED`.
    status: &'static str,
    #[serde(flatten)]
    report: ReportView,
    /// The first rows as they would land, without what tells them apart.
    preview: Vec<EntryView>,
    /// The first rows at fault.
    errors: Vec<RowErrorView>,
}

/// A file that was loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoadView {
    /// `LOADED`; `LOADED_BEFORE` where the same file was loaded before, and nothing changed now.
    status: &'static str,
    /// Names the load.
    file_id: String,
    mapping_id: String,
    /// Whose file it is.
    source: String,
    /// Who loaded it.
    loaded_by: String,
    #[schema(value_type = String, format = DateTime)]
    loaded_at: jiff::Timestamp,
    #[serde(flatten)]
    report: ReportView,
    /// How many of the rejected rows can be fetched back for 30 days.
    kept: u64,
    /// The first rows at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<RowErrorView>>,
}

/// What became of the rows: each is in one of the counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportView {
    /// Rows that say something.
    rows: u64,
    /// Rows that are new.
    accepted: u64,
    /// Rows that correct an earlier one.
    corrected: u64,
    /// Rows that were there with the same content.
    unchanged: u64,
    /// Rows of other venues, left alone.
    elsewhere: u64,
    /// Rows at fault.
    rejected: u64,
    /// The sums of what is accepted, corrected and unchanged.
    totals: TotalsView,
    #[schema(value_type = Option<String>, format = Date)]
    first_day: Option<jiff::civil::Date>,
    #[schema(value_type = Option<String>, format = Date)]
    last_day: Option<jiff::civil::Date>,
}

/// Sums by kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    sales: SumView,
    refunds: SumView,
    admissions: SumView,
}

/// A sum; what was taken back is below 0.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SumView {
    entries: u64,
    quantity: i64,
    amount_cents: i64,
}

/// A row at fault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowErrorView {
    /// Its line in the file; of a sheet, its row.
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// What is wrong, with the value.
    message: String,
    /// What to do.
    fix: String,
}

/// A row as it would land.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue_id: Option<String>,
    /// The day; of a month, its first.
    #[schema(value_type = String, format = Date)]
    day: jiff::civil::Date,
    /// The hour in UTC, where the file is as exact as that.
    #[schema(value_type = Option<String>, format = DateTime)]
    hour: Option<jiff::Timestamp>,
    grain: &'static str,
    product_id: String,
    unit_id: String,
    channel: &'static str,
    kind: &'static str,
    quantity: i64,
    amount_cents: i64,
}

/// The mappings of a venue and the files that were loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedsView {
    mappings: Vec<MappingSummaryView>,
    files: Vec<LoadView>,
}

/// A mapping in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingSummaryView {
    id: String,
    /// What it is called.
    #[schema(value_type = Object)]
    title: atrio_domain::text::Text,
    /// `CSV`, `JSON_LINES` or `XLSX`.
    kind: &'static str,
    /// Counts the venue's changes; 0 where it is as it comes with the program.
    version: u64,
}

/// How a kind of file is read, see docs/feeds.md.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MappingView(pub(crate) Mapping);

impl PartialSchema for MappingView {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .description(Some("How a kind of file is read, see docs/feeds.md"))
            .into()
    }
}

impl ToSchema for MappingView {}

/// What the files of other offices say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FiguresView {
    cells: Vec<FigureView>,
}

/// Of one source, day, channel and kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FigureView {
    source: String,
    /// The day; of a month, its first.
    #[schema(value_type = String, format = Date)]
    day: jiff::civil::Date,
    /// `MONTH`, `DAY` or `HOUR`: how exact the file is.
    grain: String,
    channel: String,
    /// `SALE`, `REFUND` or `ADMISSION`.
    kind: String,
    rows: i64,
    quantity: i64,
    amount_cents: i64,
}

impl CheckView {
    pub(crate) fn of(checked: &Checked) -> Self {
        Self {
            status: "CHECKED",
            report: ReportView::of(&checked.report),
            preview: checked
                .preview
                .iter()
                .map(|(line, entry)| EntryView::of(*line, entry))
                .collect(),
            errors: errors(&checked.faults),
        }
    }
}

impl LoadView {
    /// A load that is on record, and for one that just came whether it did before, and its rejected rows.
    pub(crate) fn of(load: &Load, now: Option<(bool, &[RejectedRow])>) -> Self {
        let before = now.is_some_and(|(before, _)| before);
        Self {
            status: if before { "LOADED_BEFORE" } else { "LOADED" },
            file_id: load.file_id.clone(),
            mapping_id: load.mapping_id.to_string(),
            source: load.source.to_string(),
            loaded_by: load.loaded_by.clone(),
            loaded_at: load.loaded_at,
            report: ReportView::of(&load.report),
            kept: load.kept,
            errors: now.map(|(_, rejected)| errors(rejected)),
        }
    }
}

fn errors(rejected: &[RejectedRow]) -> Vec<RowErrorView> {
    let view = |row: &RejectedRow| RowErrorView {
        line: row.line,
        column: row.column.clone(),
        message: row.message.clone(),
        fix: row.fix.clone(),
    };
    rejected.iter().take(TOLD_FAULTS).map(view).collect()
}

impl ReportView {
    fn of(report: &Report) -> Self {
        let Report { rows, accepted, corrected, unchanged, elsewhere, rejected, .. } = *report;
        let sum = |sum: Sum| SumView {
            entries: sum.entries,
            quantity: sum.quantity,
            amount_cents: sum.amount_cents,
        };
        let totals = TotalsView {
            sales: sum(report.totals.sales),
            refunds: sum(report.totals.refunds),
            admissions: sum(report.totals.admissions),
        };
        let (first_day, last_day) = (report.first_day, report.last_day);
        Self {
            rows,
            accepted,
            corrected,
            unchanged,
            elsewhere,
            rejected,
            totals,
            first_day,
            last_day,
        }
    }
}

impl EntryView {
    fn of(line: u64, entry: &Entry) -> Self {
        Self {
            line,
            venue_id: entry.venue.as_ref().map(ToString::to_string),
            day: entry.day,
            hour: entry.hour,
            grain: entry.grain.name(),
            product_id: entry.item.product_id.to_string(),
            unit_id: entry.item.unit_id.to_string(),
            channel: entry.through.name(),
            kind: entry.kind.name(),
            quantity: entry.quantity,
            amount_cents: entry.amount_cents,
        }
    }
}

impl FeedsView {
    pub(crate) fn of(own: &[StoredMapping], loads: &[Load]) -> Self {
        let summary = |mapping: &Mapping, version| MappingSummaryView {
            id: mapping.id.to_string(),
            title: mapping.title.clone(),
            kind: mapping.format.kind.name(),
            version,
        };
        let is_own = |mapping: &Mapping| own.iter().any(|own| own.mapping.id == mapping.id);
        let mut mappings: Vec<_> =
            own.iter().map(|own| summary(&own.mapping, own.version)).collect();
        mappings.extend(
            shipped().iter().filter(|mapping| !is_own(mapping)).map(|mapping| summary(mapping, 0)),
        );
        Self { mappings, files: loads.iter().map(|load| LoadView::of(load, None)).collect() }
    }
}

impl FiguresView {
    pub(crate) fn of(cells: Vec<FedCell>) -> Self {
        let figure = |cell: FedCell| FigureView {
            source: cell.source,
            day: cell.day,
            grain: cell.grain,
            channel: cell.channel,
            kind: cell.kind,
            rows: cell.rows,
            quantity: cell.quantity,
            amount_cents: cell.amount_cents,
        };
        Self { cells: cells.into_iter().map(figure).collect() }
    }
}

/// Rows that were not taken, as a file that can be corrected and sent in again: the mapping's columns first,
/// separated as it says, then line, reason and fix.
///
/// # Errors
/// When the memory for it cannot be had.
pub fn rejected_csv(mapping: &Mapping, rows: &[RejectedRow]) -> Result<String, csv::Error> {
    let separator = mapping.format.separator.unwrap_or(';');
    let delimiter = u8::try_from(separator).unwrap_or(b';');
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let columns = mapping.columns();
    let names = columns.iter().map(|name| name.as_str());
    writer.write_record(names.chain(["line", "reason", "fix"]))?;
    for row in rows {
        let field = |at: usize| row.fields.get(at).map(String::as_str).unwrap_or_default();
        let fields = (0..columns.len()).map(|at| harmless(field(at)));
        let line = row.line.to_string();
        let behind = [line, row.message.clone(), row.fix.clone()];
        writer.write_record(fields.chain(behind))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A field that no sheet takes for a formula. Numbers with a sign stay as they are.
fn harmless(field: &str) -> String {
    let is_formula = field.starts_with(['=', '@', '\t', '\r'])
        || (field.starts_with(['+', '-']) && field.contains(|letter: char| letter.is_alphabetic()));
    if is_formula { format!("'{field}") } else { field.to_owned() }
}
