//! Looks at a file without loading it: what its first rows would become, its sums, and its rows at fault.
//! What the lake holds already is not asked, so a desk without a network sees the same.

use std::ops::ControlFlow;

use atrio_domain::feed::{
    Content, Entry, Fault, Judge, Reader, RejectedRow, Report, RowKey, RowProblem, Verdict,
};
use atrio_domain::id::VenueId;

use crate::file::Spooled;
use crate::read::{self, ReadRow};
use crate::refusal::FileRefusal;

/// Rows that are shown as they would land.
pub(crate) const PREVIEW_ROWS: usize = 10;
/// Faults that are told at once; all that are kept can be fetched.
pub(crate) const TOLD_FAULTS: usize = 50;

/// For telling the rows of one file apart; nothing under it is kept.
const NO_SECRET: [u8; 32] = [0; 32];

/// What a file would do.
#[derive(Debug, Default)]
pub struct Checked {
    /// What would become of its rows, if the lake held none of them.
    pub report: Report,
    /// Its first good rows, each with its line.
    pub preview: Vec<(u64, Entry)>,
    /// Its first rows at fault.
    pub faults: Vec<RejectedRow>,
}

/// Looks at a file, for a venue or for all that it names.
///
/// # Errors
/// What is wrong with the file as a whole.
pub fn check(
    spooled: Spooled,
    reader: &Reader,
    venue: Option<&VenueId>,
) -> Result<Checked, FileRefusal> {
    let mut checked = Checked::default();
    let mut judge = Judge::default();
    read::read(spooled, reader, &mut |row| {
        checked.take(row, reader, venue, &mut judge);
        ControlFlow::Continue(())
    })?;
    Ok(checked)
}

impl Checked {
    fn take(&mut self, row: ReadRow, reader: &Reader, venue: Option<&VenueId>, judge: &mut Judge) {
        if row.is_blank() {
            return;
        }
        self.report.rows += 1;
        let ReadRow { line, outcome, fields } = row;
        let entries = match outcome {
            Ok(entries) if is_elsewhere(&entries, venue) => {
                self.report.elsewhere += 1;
                return;
            }
            Ok(entries) => entries,
            Err(fault) => return self.reject(line, &fault, fields, reader),
        };
        let verdicts = entries.iter().map(|entry| {
            // The lake keeps months apart, so a key may come again in another.
            let words = format!("{}{}", month_words(entry), entry.key_words);
            let key = RowKey::of(&NO_SECRET, &words);
            judge.judge(key, Content::of(&NO_SECRET, &entry.content_words()), line)
        });
        if let Some(fault) = fault_of(verdicts) {
            return self.reject(line, &fault, fields, reader);
        }
        self.report.accepted += 1;
        for entry in entries {
            self.report.totals.add(&entry);
            self.report.note_day(entry.day);
            if self.preview.len() < PREVIEW_ROWS {
                self.preview.push((line, entry));
            }
        }
    }

    fn reject(&mut self, line: u64, fault: &Fault, fields: Vec<String>, reader: &Reader) {
        self.report.rejected += 1;
        if self.faults.len() < TOLD_FAULTS {
            self.faults.push(RejectedRow::new(line, fault, fields, reader.mapping()));
        }
    }
}

fn month_words(entry: &Entry) -> String {
    let venue = entry.venue.as_ref().map(VenueId::as_str).unwrap_or_default();
    format!("{venue}|{}|", atrio_domain::pseudonym::month_of(entry.day))
}

/// Whether a row is of another venue than the one that the file is loaded for.
pub(crate) fn is_elsewhere(entries: &[Entry], venue: Option<&VenueId>) -> bool {
    let other = |entry: &Entry| entry.venue.is_some() && entry.venue.as_ref() != venue;
    venue.is_some() && entries.iter().any(other)
}

/// The fault of a row whose key stands in the file already.
pub(crate) fn fault_of(verdicts: impl Iterator<Item = Verdict>) -> Option<Fault> {
    let mut found = None;
    for verdict in verdicts {
        let problem = match verdict {
            Verdict::Contradicts { line } => RowProblem::Contradicts { line },
            Verdict::Repeats { line } if found.is_none() => RowProblem::Repeats { line },
            Verdict::Repeats { .. }
            | Verdict::Write { .. }
            | Verdict::Written { .. }
            | Verdict::Unchanged => continue,
        };
        found = Some(Fault::new(None, None, problem));
    }
    found
}
