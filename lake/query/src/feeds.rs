//! What other ticket offices told: sums for the venue's own staff, of the newest version of each row; and
//! what is known of a month, for judging the rows of a file that comes.

use deltalake::datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use deltalake::datafusion::arrow::compute::cast;
use deltalake::datafusion::arrow::datatypes::{DataType, Int32Type};
use deltalake::datafusion::common::ScalarValue;
use futures::TryStreamExt as _;
use jiff::civil::Date;

use crate::answer::{Cell, Columns};
use crate::{QueryError, Question, View};

/// The sum of what one source told of a venue's day, channel and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FedCell {
    /// The venue.
    pub venue_id: String,
    /// Whose files.
    pub source: String,
    /// The local day; of a month, its first.
    pub day: Date,
    /// `MONTH`, `DAY` or `HOUR`.
    pub grain: String,
    /// The channel.
    pub channel: String,
    /// `SALE`, `REFUND` or `ADMISSION`.
    pub kind: String,
    /// Rows.
    pub rows: i64,
    /// Tickets or people.
    pub quantity: i64,
    /// For how much, in cents.
    pub amount_cents: i64,
}

/// Which rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownOf<'a> {
    /// The venue.
    pub venue_id: &'a str,
    /// Whose files.
    pub source: &'a str,
    /// The month, such as `2026-11`.
    pub month: &'a str,
    /// The file that is being loaded.
    pub file_id: &'a str,
}

/// One version of a row that the lake has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRow<'a> {
    /// The row's pseudonym.
    pub row_key: &'a str,
    /// The pseudonym of what it says.
    pub content_hash: &'a str,
    /// Its version.
    pub version: i32,
    /// Whether the file that is being loaded brought it.
    pub of_this_file: bool,
}

impl Cell for FedCell {
    const QUERY: &'static str = "fed";
    const SQL: &'static str = include_str!("../sql/fed.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let (venues, sources) = (columns.texts("venue_id")?, columns.texts("source")?);
        let (days, grains) = (columns.days("day")?, columns.texts("grain")?);
        let (channels, kinds) = (columns.texts("channel")?, columns.texts("kind")?);
        let (rows, quantities) = (columns.longs("rows_told")?, columns.longs("quantity")?);
        let amounts = columns.longs("amount_cents")?;
        let cell = |row: usize| Self {
            venue_id: venues.value(row).to_owned(),
            source: sources.value(row).to_owned(),
            day: days[row],
            grain: grains.value(row).to_owned(),
            channel: channels.value(row).to_owned(),
            kind: kinds.value(row).to_owned(),
            rows: rows[row],
            quantity: quantities[row],
            amount_cents: amounts[row],
        };
        Ok((0..batch.num_rows()).map(cell).collect())
    }
}

const KNOWN: &str = "known";

impl View {
    /// What other ticket offices told, by venue, source, day, channel and kind.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn fed(&self, question: &Question) -> Result<Vec<FedCell>, QueryError> {
        self.ask(question.day_parameters()).await
    }

    /// Shows every version of the rows of one venue, source and month, a batch at a time; says how many
    /// there are.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn known(
        &self,
        of: KnownOf<'_>,
        mut show: impl FnMut(KnownRow<'_>),
    ) -> Result<usize, QueryError> {
        let failed = |source| QueryError::Failed { source };
        let parameters = vec![
            ("venue_id", ScalarValue::from(of.venue_id)),
            ("source", ScalarValue::from(of.source)),
            ("month", ScalarValue::from(of.month)),
            ("file_id", ScalarValue::from(of.file_id)),
        ];
        let stream = async {
            let frame = self.session.sql(include_str!("../sql/known.sql")).await?;
            frame.with_param_values(parameters)?.execute_stream().await
        };
        let mut stream = Box::pin(stream).await.map_err(failed)?;
        let mut rows = 0;
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            show_batch(&batch, &mut show)?;
            rows += batch.num_rows();
        }
        Ok(rows)
    }
}

fn show_batch(batch: &RecordBatch, show: &mut impl FnMut(KnownRow<'_>)) -> Result<(), QueryError> {
    let unexpected = |column| QueryError::UnexpectedAnswer { query: KNOWN, column };
    let array = |column: &'static str, to: &DataType| {
        let array = batch.column_by_name(column).ok_or_else(|| unexpected(column))?;
        let array = cast(array, to).map_err(|_| unexpected(column))?;
        if array.null_count() > 0 { Err(unexpected(column)) } else { Ok(array) }
    };
    let keys = array("row_key", &DataType::Utf8)?;
    let hashes = array("content_hash", &DataType::Utf8)?;
    let versions = array("version", &DataType::Int32)?;
    let own = array("of_this_file", &DataType::Boolean)?;
    let (keys, hashes) = (keys.as_string::<i32>(), hashes.as_string::<i32>());
    let (versions, own) = (versions.as_primitive::<Int32Type>(), own.as_boolean());
    for row in 0..batch.num_rows() {
        show(KnownRow {
            row_key: keys.value(row),
            content_hash: hashes.value(row),
            version: versions.value(row),
            of_this_file: own.value(row),
        });
    }
    Ok(())
}
