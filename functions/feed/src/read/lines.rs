//! Comma-separated values, whatever separates them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use atrio_domain::feed::mapping::Encoding;
use atrio_domain::feed::{Cell, Fault, Reader, RowProblem};
use csv_core::ReadRecordResult;

use super::{ReadRow, Take, places};
use crate::file::Spooled;
use crate::refusal::FileRefusal;

/// Bytes of a row, and of a line.
pub(super) const ROW_MAX_BYTES: usize = 64 * 1024;
/// Lines that a row may have, for a field may have line breaks.
const ROW_MAX_LINES: usize = 50;
/// Fields of a row.
const FIELDS_MAX: usize = 500;
/// What may separate, in the order in which they are tried.
const SEPARATORS: [char; 4] = [';', ',', '\t', '|'];

/// Lines of a file, with room to read some again.
pub(super) struct Lines {
    file: BufReader<File>,
    number: u64,
    again: VecDeque<Line>,
}

/// One line with its line break.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether there was more than is kept.
    pub(super) is_cut: bool,
}

impl Lines {
    pub(super) fn of(file: File) -> Self {
        Self { file: BufReader::with_capacity(1 << 16, file), number: 0, again: VecDeque::new() }
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, FileRefusal> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::with_capacity(256);
        let most = ROW_MAX_BYTES as u64;
        let read = (&mut self.file).take(most).read_until(b'\n', &mut bytes);
        if read.map_err(FileRefusal::Disk)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let is_cut = bytes.len() == ROW_MAX_BYTES && bytes.last() != Some(&b'\n');
        if is_cut {
            self.file.skip_until(b'\n').map_err(FileRefusal::Disk)?;
        }
        if self.number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        Ok(Some(Line { number: self.number, bytes, is_cut }))
    }
}

/// Splits rows at one separator.
struct Splitter {
    splitter: csv_core::Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

/// What became of the lines given to a splitter.
enum Split {
    /// A row of so many fields.
    Row(usize),
    /// The row goes on in the next line.
    Open,
    /// Too long, or too many fields.
    Full,
}

impl Splitter {
    fn at(separator: char) -> Self {
        let byte = u8::try_from(separator).unwrap_or(b';');
        let splitter = csv_core::ReaderBuilder::new().delimiter(byte).build();
        Self { splitter, out: vec![0; 2 * ROW_MAX_BYTES], ends: vec![0; FIELDS_MAX] }
    }

    /// Splits a row of one line or of several.
    fn split(&mut self, bytes: &[u8]) -> Split {
        self.splitter.reset();
        let (mut input, mut outs, mut ends) = (bytes, 0, 0);
        let mut is_over = false;
        loop {
            let out = self.out.get_mut(outs..).unwrap_or_default();
            let end = self.ends.get_mut(ends..).unwrap_or_default();
            let (result, read, wrote, ended) = self.splitter.read_record(input, out, end);
            input = input.get(read..).unwrap_or_default();
            (outs, ends) = (outs + wrote, ends + ended);
            match result {
                ReadRecordResult::Record => return Split::Row(ends),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Split::Full;
                }
                ReadRecordResult::End => return Split::Row(0),
                // All was read, and a line break within quotes is a part of the row: only a last line
                // without a line break ends without one.
                ReadRecordResult::InputEmpty if is_over || bytes.ends_with(b"\n") => {
                    return Split::Open;
                }
                ReadRecordResult::InputEmpty => is_over = true,
            }
        }
    }

    fn field(&self, at: usize) -> &[u8] {
        let from = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(0) };
        let to = self.ends.get(at).copied().unwrap_or(from);
        self.out.get(from..to).unwrap_or_default()
    }
}

/// Reads a file of lines.
pub(super) fn read(spooled: Spooled, reader: &Reader, take: Take<'_>) -> Result<(), FileRefusal> {
    let encoding = spooled.encoding(reader.mapping());
    let mut lines = Lines::of(spooled.file);
    let row = reader.mapping().format.header_row;
    let mut header = None;
    while lines.number < u64::from(row) {
        header = lines.next()?;
        if header.is_none() {
            break;
        }
    }
    let header = header.ok_or(FileRefusal::NoHeader { row })?;
    let (mut splitter, names) = header_of(&header.bytes, reader, encoding)?;
    let places = places(&names, reader)?;
    let mut rows = Rows { reader, encoding, places, width: width_of(&names) };
    while let Some(line) = lines.next()? {
        let row = rows.next(line, &mut lines, &mut splitter)?;
        if let Some(row) = row
            && take(row).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Fields of a header without the empty ones at its end, which programs leave there.
fn width_of(names: &[String]) -> usize {
    names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
}

/// The separator of a header, and the names in it.
fn header_of(
    bytes: &[u8],
    reader: &Reader,
    encoding: Encoding,
) -> Result<(Splitter, Vec<String>), FileRefusal> {
    let named = |separator: char| {
        let mut splitter = Splitter::at(separator);
        let count = match splitter.split(bytes) {
            Split::Row(count) => count,
            Split::Open | Split::Full => 0,
        };
        let name = |at| decoded(splitter.field(at), encoding).map(|name| name.trim().to_owned());
        let names: Vec<String> = (0..count).map(|at| name(at).unwrap_or_default()).collect();
        (splitter, names)
    };
    let has_all = |names: &[String]| reader.columns().iter().all(|column| names.contains(column));
    let Some(wanted) = reader.mapping().format.separator else {
        let mut tried: Vec<_> = SEPARATORS.into_iter().map(named).collect();
        let best = tried.iter().position(|(_, names)| has_all(names)).or_else(|| {
            (0..tried.len()).max_by_key(|at| tried.get(*at).map_or(0, |(_, names)| names.len()))
        });
        return Ok(tried.swap_remove(best.unwrap_or_default()));
    };
    let (splitter, names) = named(wanted);
    if !has_all(&names) {
        for found in SEPARATORS.into_iter().filter(|other| *other != wanted) {
            if has_all(&named(found).1) {
                return Err(FileRefusal::OtherSeparator { found, wanted });
            }
        }
    }
    Ok((splitter, names))
}

fn decoded(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Encoding::Windows1252 => {
            Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0)
        }
    }
}

struct Rows<'r> {
    reader: &'r Reader,
    encoding: Encoding,
    places: Vec<usize>,
    width: usize,
}

impl Rows<'_> {
    /// The row that begins with a line; none for a line without anything.
    fn next(
        &mut self,
        line: Line,
        lines: &mut Lines,
        splitter: &mut Splitter,
    ) -> Result<Option<ReadRow>, FileRefusal> {
        let number = line.number;
        if line.is_cut {
            let problem = RowProblem::TooLong { most: ROW_MAX_BYTES };
            return Ok(Some(ReadRow::at_fault(number, problem)));
        }
        if line.bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let mut bytes = line.bytes;
        let mut further: Vec<Line> = Vec::new();
        loop {
            match splitter.split(&bytes) {
                Split::Row(0) => return Ok(None),
                Split::Row(fields) => return Ok(Some(self.row(number, fields, splitter))),
                Split::Full => break,
                Split::Open => {}
            }
            let has_room = further.len() < ROW_MAX_LINES && bytes.len() < ROW_MAX_BYTES;
            match if has_room { lines.next()? } else { None } {
                Some(next) if !next.is_cut => {
                    bytes.extend_from_slice(&next.bytes);
                    further.push(next);
                }
                Some(next) => {
                    further.push(next);
                    break;
                }
                None => break,
            }
        }
        // The quote is never closed: the line it stands in is at fault, those behind it are rows.
        for line in further.into_iter().rev() {
            lines.again.push_front(line);
        }
        Ok(Some(ReadRow::at_fault(number, RowProblem::OpenQuote)))
    }

    fn row(&self, line: u64, found: usize, splitter: &Splitter) -> ReadRow {
        let is_blank = (0..found).all(|at| splitter.field(at).trim_ascii().is_empty());
        if is_blank {
            return ReadRow { line, outcome: Ok(Vec::new()), fields: Vec::new() };
        }
        let beyond = (self.width..found).any(|at| !splitter.field(at).trim_ascii().is_empty());
        if found < self.width || beyond {
            return ReadRow::at_fault(line, RowProblem::Fields { found, wanted: self.width });
        }
        let mut cells = Vec::with_capacity(self.places.len());
        for (at, column) in self.places.iter().zip(self.reader.columns()) {
            match decoded(splitter.field(*at), self.encoding) {
                Some(text) => cells.push(Cell::words(text)),
                None => {
                    let fault = Fault::new(Some(column), None, RowProblem::Letters);
                    return ReadRow { line, outcome: Err(fault), fields: Vec::new() };
                }
            }
        }
        ReadRow::of(self.reader, line, &cells)
    }
}
