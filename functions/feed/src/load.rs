//! Loads a file into the lake, each row once.
//!
//! **Once.** The rows of one venue and source are one stream, whose position the lake keeps in the commit of
//! the rows (`feed/VENUE/SOURCE`), and what a row does is judged by what the lake holds at that position. Of
//! two loads at once one commits and the other, whose number is taken, looks again. A load that was killed
//! leaves some batches in the lake and no note of the file: the same file sent again finds its own rows
//! there, counts them as its own, and writes those that are missing. Only when all are in, the file is noted;
//! from then on it changes nothing, also when it comes late, behind a file that corrected it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use atrio_domain::feed::{
    Content, Entry, Fault, Judge, Load, Reader, RejectedRow, Report, RowKey, RowProblem, Verdict,
};
use atrio_domain::id::VenueId;
use atrio_domain::pseudonym::month_of;
use atrio_domain::tariff::CURRENCY;
use atrio_lake_query::{KnownOf, QueryError};
use atrio_lake_schema::{SchemaError, feeds};
use atrio_lake_write::{Appended, InvalidSequenceNumber, NumberedRows, SequenceNumber, WriteError};
use atrio_runtime::random;
use jiff::Timestamp;

use crate::Context;
use crate::check::{fault_of, is_elsewhere};
use crate::file::Spooled;
use crate::read::{self, ReadRow};
use crate::refusal::FileRefusal;

/// Rows that are judged and committed at a time.
const BATCH_ROWS: usize = 20_000;
/// Rows that are handed over at a time.
const PIECE_ROWS: usize = 1_000;
/// Rejected rows that are kept to be fetched.
pub const KEPT_ROWS: usize = 10_000;
/// Bytes of them.
const KEPT_BYTES: usize = 4_000_000;
/// How often a batch is judged anew when other loads of the same source commit first.
const ATTEMPTS: u32 = 20;

/// Why a file is not loaded, or not to its end. It may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file as a whole is not read.
    #[error(transparent)]
    File(#[from] FileRefusal),
    /// The mapping cannot be written as JSON.
    #[error("the mapping cannot be written")]
    Mapping(#[from] serde_json::Error),
    /// The table did not answer.
    #[error("the table cannot be asked")]
    Table(#[from] atrio_dynamo::Error),
    /// The lake could not be read.
    #[error("the lake cannot be read")]
    Read(#[from] QueryError),
    /// The lake could not be written.
    #[error("the lake cannot be written")]
    Write(#[from] WriteError),
    /// Rows and tables disagree.
    #[error("rows do not fit their table")]
    Schema(#[from] SchemaError),
    /// A position of the lake has no usable number.
    #[error("a position of the lake has no usable number")]
    Number(#[from] InvalidSequenceNumber),
    /// Other loads of the same source committed first, again and again.
    #[error("other files of the source were loaded {attempts} times in a row")]
    Contended {
        /// Times.
        attempts: u32,
    },
    /// The reading of the file ended without a word.
    #[error("the file was not read to its end")]
    Reading(#[source] tokio::task::JoinError),
}

/// What became of a file that was sent.
#[derive(Debug)]
pub struct Loaded {
    /// What is on record.
    pub load: Load,
    /// Whether it was loaded before, and nothing changed now.
    pub before: bool,
    /// The rows that were not taken, as far as they are kept.
    pub rejected: Vec<RejectedRow>,
}

/// Loads a file for a venue. Repeated, it changes nothing and answers the same.
///
/// # Errors
/// [`LoadError`]; the file may be sent again.
pub async fn load(
    context: &Context,
    venue: &VenueId,
    reader: Reader,
    spooled: Spooled,
    by: &str,
) -> Result<Loaded, LoadError> {
    let file_id = spooled.id(reader.mapping())?;
    if let Some(load) = context.store.feed_load(venue, &file_id).await? {
        let rejected = context.store.feed_rejected(venue, &file_id).await?;
        return Ok(Loaded { load, before: true, rejected });
    }
    let reader = Arc::new(reader);
    let mut loading = Loading {
        context,
        venue,
        stream: format!("feed/{venue}/{}", reader.mapping().source),
        reader: Arc::clone(&reader),
        file_id,
        now: context.clock.now(),
        months: BTreeMap::new(),
        learned: BTreeSet::new(),
        known_at: None,
        judge: Judge::default(),
        report: Report::default(),
        rejected: Vec::new(),
        kept_bytes: 0,
    };
    let (send, mut pieces) = tokio::sync::mpsc::channel::<Vec<ReadRow>>(2);
    let reading = tokio::task::spawn_blocking(move || {
        let mut piece = Vec::with_capacity(PIECE_ROWS);
        read::read(spooled, &reader, &mut |row| {
            if !row.is_blank() {
                piece.push(row);
            }
            if piece.len() < PIECE_ROWS {
                return ControlFlow::Continue(());
            }
            match send.blocking_send(std::mem::take(&mut piece)) {
                Ok(()) => ControlFlow::Continue(()),
                // Whoever loads has failed, and says why.
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        // As above.
        let _ = send.blocking_send(piece);
        Ok::<(), FileRefusal>(())
    });
    let mut batch: Vec<ReadRow> = Vec::new();
    while let Some(piece) = pieces.recv().await {
        batch.extend(piece);
        if batch.len() >= BATCH_ROWS {
            Box::pin(loading.take(std::mem::take(&mut batch))).await?;
        }
    }
    reading.await.map_err(LoadError::Reading)??;
    Box::pin(loading.take(batch)).await?;
    loading.finish(by).await
}

/// How the rows of a month are told apart.
#[derive(Debug, Clone, Copy)]
enum Month {
    Open([u8; 32]),
    /// Its key is destroyed, and the lake has rows under it.
    Closed,
}

/// What a row does.
enum Outcome {
    Accepted,
    Corrected,
    Unchanged,
    Elsewhere,
    Rejected(Fault),
}

struct Loading<'c> {
    context: &'c Context,
    venue: &'c VenueId,
    stream: String,
    reader: Arc<Reader>,
    file_id: String,
    now: Timestamp,
    months: BTreeMap<String, Month>,
    /// The months whose rows the judge has learned from the lake.
    learned: BTreeSet<String>,
    /// The position at which it did.
    known_at: Option<SequenceNumber>,
    judge: Judge,
    report: Report,
    rejected: Vec<RejectedRow>,
    kept_bytes: usize,
}

impl Loading<'_> {
    /// Judges a batch and commits what is to be written.
    async fn take(&mut self, batch: Vec<ReadRow>) -> Result<(), LoadError> {
        let Some(first) = batch.first().map(|row| row.line) else { return Ok(()) };
        for _ in 0..ATTEMPTS {
            let position = self.context.writer.position(&feeds::TABLE, &self.stream).await?;
            if position != self.known_at {
                // Another load committed, or this is the first look.
                self.judge.forget_from(first);
                self.learned.clear();
                self.known_at = position;
            }
            self.learn(&batch).await?;
            let (rows, outcomes) = self.judge(&batch);
            if rows.is_empty() {
                self.apply(batch, outcomes);
                return Ok(());
            }
            let number = next(position)?;
            let sequences = vec![number; rows.len()];
            let columns = feeds::batch(&rows)?;
            let numbered = NumberedRows { batch: &columns, sequences: &sequences };
            let appended =
                self.context.writer.append(&feeds::TABLE, numbered, &self.stream, number).await?;
            match appended {
                Appended::Rows(_) => {
                    self.known_at = Some(number);
                    self.apply(batch, outcomes);
                    return Ok(());
                }
                Appended::AlreadyThere => {
                    self.judge.forget_from(first);
                    self.learned.clear();
                    self.known_at = None;
                }
            }
        }
        Err(LoadError::Contended { attempts: ATTEMPTS })
    }

    /// Learns what the lake holds of the months of a batch.
    async fn learn(&mut self, batch: &[ReadRow]) -> Result<(), LoadError> {
        let mut wanted: BTreeSet<String> = self.judged_months();
        for row in batch {
            for entry in row.outcome.iter().flatten() {
                if !is_elsewhere(std::slice::from_ref(entry), Some(self.venue)) {
                    wanted.insert(month_of(entry.day));
                }
            }
        }
        wanted.retain(|month| !self.learned.contains(month));
        if wanted.is_empty() {
            return Ok(());
        }
        // The view is of the position or later; where it is later, the number of the batch is taken.
        self.context.lake.refresh().await?;
        let view = self.context.lake.view();
        for month in wanted {
            let source = &self.reader.mapping().source;
            let of = KnownOf {
                venue_id: self.venue.as_str(),
                source: source.as_str(),
                month: &month,
                file_id: &self.file_id,
            };
            let judge = &mut self.judge;
            let rows = view.known(of, |row| {
                let key = RowKey::from_hex(row.row_key);
                let content = Content::from_hex(row.content_hash);
                if let (Some(key), Some(content), Ok(version)) =
                    (key, content, u32::try_from(row.version))
                {
                    judge.learn(key, content, version, row.of_this_file);
                }
            });
            let rows = Box::pin(rows).await?;
            let state = match self.months.get(&month) {
                Some(state) => *state,
                None => self.state_of(&month, rows > 0).await?,
            };
            self.months.insert(month.clone(), state);
            self.learned.insert(month);
        }
        Ok(())
    }

    /// How the rows of a month are told apart, of which the lake has some or none.
    async fn state_of(&self, month: &str, has_rows: bool) -> Result<Month, LoadError> {
        let store = &self.context.store;
        let place = (self.venue, &self.reader.mapping().source);
        Ok(match store.feed_key(place, month, self.now).await? {
            Some(key) => Month::Open(key),
            None if has_rows => Month::Closed,
            None => {
                Month::Open(store.make_feed_key(place, month, random::bytes(), self.now).await?)
            }
        })
    }

    /// The months of which earlier batches were judged: after a look at a new position they are learned
    /// again with the others.
    fn judged_months(&self) -> BTreeSet<String> {
        self.months.keys().cloned().collect()
    }

    /// What is to be written of a batch, and what each of its rows does.
    fn judge(&mut self, batch: &[ReadRow]) -> (Vec<feeds::Row>, Vec<Outcome>) {
        let mut rows = Vec::new();
        let mut outcomes = Vec::with_capacity(batch.len());
        for row in batch {
            let outcome = match &row.outcome {
                Err(fault) => Outcome::Rejected(fault.clone()),
                Ok(entries) if is_elsewhere(entries, Some(self.venue)) => Outcome::Elsewhere,
                Ok(entries) => self.judge_row(row.line, entries, &mut rows),
            };
            outcomes.push(outcome);
        }
        (rows, outcomes)
    }

    fn judge_row(&mut self, line: u64, entries: &[Entry], rows: &mut Vec<feeds::Row>) -> Outcome {
        let mut judged = Vec::with_capacity(entries.len());
        for entry in entries {
            let month = month_of(entry.day);
            let Some(Month::Open(secret)) = self.months.get(&month).copied() else {
                let problem = RowProblem::Closed { month };
                return Outcome::Rejected(Fault::new(None, None, problem));
            };
            let key = RowKey::of(&secret, &entry.key_words);
            let content = Content::of(&secret, &entry.content_words());
            judged.push((entry, month, key, content, self.judge.judge(key, content, line)));
        }
        if let Some(fault) = fault_of(judged.iter().map(|judged| judged.4)) {
            return Outcome::Rejected(fault);
        }
        let mut newest = 0;
        for (entry, month, key, content, verdict) in judged {
            match verdict {
                Verdict::Write { version } => {
                    newest = newest.max(version);
                    rows.push(self.row(entry, month, (key, content), version));
                }
                Verdict::Written { version } => newest = newest.max(version),
                Verdict::Unchanged | Verdict::Repeats { .. } | Verdict::Contradicts { .. } => {}
            }
        }
        match newest {
            0 => Outcome::Unchanged,
            1 => Outcome::Accepted,
            _ => Outcome::Corrected,
        }
    }

    /// An entry as the lake has it: nothing but a keyed hash of what it was called goes on.
    fn row(
        &self,
        entry: &Entry,
        month: String,
        (key, content): (RowKey, Content),
        version: u32,
    ) -> feeds::Row {
        feeds::Row {
            month,
            venue_id: self.venue.to_string(),
            source: self.reader.mapping().source.to_string(),
            day: entry.day,
            hour: entry.hour,
            grain: entry.grain.name().to_owned(),
            product_id: entry.item.product_id.to_string(),
            unit_id: entry.item.unit_id.to_string(),
            channel: entry.through.name().to_owned(),
            kind: entry.kind.name().to_owned(),
            row_key: key.hex(),
            content_hash: content.hex(),
            quantity: entry.quantity,
            amount_cents: entry.amount_cents,
            currency: CURRENCY.to_owned(),
            version: i32::try_from(version).unwrap_or(i32::MAX),
            file_id: self.file_id.clone(),
            loaded_at: self.now,
        }
    }

    /// Counts what the rows of a batch did.
    fn apply(&mut self, batch: Vec<ReadRow>, outcomes: Vec<Outcome>) {
        for (row, outcome) in batch.into_iter().zip(outcomes) {
            self.report.rows += 1;
            match outcome {
                Outcome::Elsewhere => {
                    self.report.elsewhere += 1;
                    continue;
                }
                Outcome::Rejected(fault) => {
                    self.reject(row.line, &fault, row.fields);
                    continue;
                }
                Outcome::Accepted => self.report.accepted += 1,
                Outcome::Corrected => self.report.corrected += 1,
                Outcome::Unchanged => self.report.unchanged += 1,
            }
            for entry in row.outcome.iter().flatten() {
                self.report.totals.add(entry);
                self.report.note_day(entry.day);
            }
        }
    }

    fn reject(&mut self, line: u64, fault: &Fault, fields: Vec<String>) {
        self.report.rejected += 1;
        let row = RejectedRow::new(line, fault, fields, self.reader.mapping());
        self.kept_bytes += row.bytes();
        if self.rejected.len() < KEPT_ROWS && self.kept_bytes <= KEPT_BYTES {
            self.rejected.push(row);
        }
    }

    /// Notes the file: what comes after this is a repeat.
    async fn finish(self, by: &str) -> Result<Loaded, LoadError> {
        let (store, venue) = (&self.context.store, self.venue);
        let mapping = self.reader.mapping();
        let load = Load {
            file_id: self.file_id,
            mapping_id: mapping.id.clone(),
            source: mapping.source.clone(),
            report: self.report,
            kept: self.rejected.len() as u64,
            loaded_by: by.to_owned(),
            loaded_at: self.now,
        };
        store.put_feed_rejected(venue, &load.file_id, &self.rejected, self.now).await?;
        store.put_feed_load(venue, &load).await?;
        tracing::info!(
            %venue,
            source = %load.source,
            rows = load.report.rows,
            rejected = load.report.rejected,
            "a file was loaded"
        );
        Ok(Loaded { load, before: false, rejected: self.rejected })
    }
}

/// The number behind a position of the stream, which counts batches.
fn next(position: Option<SequenceNumber>) -> Result<SequenceNumber, InvalidSequenceNumber> {
    let last = position.map_or(0, |position| position.to_string().parse().unwrap_or(u64::MAX - 1));
    (last + 1).to_string().parse()
}
