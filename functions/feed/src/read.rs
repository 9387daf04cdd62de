//! From a file to rows that a mapping has read, one at a time. A row at fault does not end the file: what
//! follows it is read, also where a quote was opened and never closed.

mod json;
mod lines;
mod sheet;
mod workbook;

use std::ops::ControlFlow;

use atrio_domain::feed::mapping::FileKind;
use atrio_domain::feed::{Cell, Entry, Fault, Reader, RowProblem};

use crate::file::Spooled;
use crate::refusal::FileRefusal;

/// A row that was read.
#[derive(Debug)]
pub(crate) struct ReadRow {
    /// Its line; of a sheet, its row.
    pub(crate) line: u64,
    /// What it tells.
    pub(crate) outcome: Result<Vec<Entry>, Fault>,
    /// The fields that the mapping reads, in the order of its columns.
    pub(crate) fields: Vec<String>,
}

/// Where rows go; whoever takes them may have enough.
pub(crate) type Take<'t> = &'t mut dyn FnMut(ReadRow) -> ControlFlow<()>;

/// Reads a file to its end.
///
/// # Errors
/// What is wrong with the file as a whole; nothing was shown then.
pub(crate) fn read(spooled: Spooled, reader: &Reader, take: Take<'_>) -> Result<(), FileRefusal> {
    spooled.check_kind(reader.mapping())?;
    match reader.mapping().format.kind {
        FileKind::Csv => lines::read(spooled, reader, take),
        FileKind::JsonLines => json::read(spooled, reader, take),
        FileKind::Xlsx => sheet::read(spooled.file, reader, take),
    }
}

impl ReadRow {
    fn of(reader: &Reader, line: u64, cells: &[Cell<'_>]) -> Self {
        let fields = cells.iter().map(|cell| cell.trimmed().to_owned()).collect();
        Self { line, outcome: reader.read(cells), fields }
    }

    fn at_fault(line: u64, problem: RowProblem) -> Self {
        Self { line, outcome: Err(Fault::new(None, None, problem)), fields: Vec::new() }
    }

    /// Whether nothing is written in it.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(&self.outcome, Ok(entries) if entries.is_empty())
    }
}

/// Where each column that the mapping reads stands in a header.
fn places(header: &[String], reader: &Reader) -> Result<Vec<usize>, FileRefusal> {
    let row = reader.mapping().format.header_row;
    let mut places = Vec::with_capacity(reader.columns().len());
    let mut missing = Vec::new();
    for column in reader.columns() {
        let mut found = header.iter().enumerate().filter(|(_, name)| *name == column);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => places.push(at),
            (Some(_), Some(_)) => {
                return Err(FileRefusal::TwiceTheColumn { row, column: column.clone() });
            }
            (None, _) => missing.push(column.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(places);
    }
    let found = header.iter().filter(|name| !name.is_empty()).cloned().collect();
    Err(FileRefusal::MissingColumns { row, missing, found })
}

#[cfg(test)]
mod tests;
