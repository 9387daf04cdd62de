//! The rows of a sheet, cell by cell: a sheet that claims a million columns costs what is written in it.

use std::fs::File;
use std::io::BufRead;

use atrio_domain::feed::{Cell, Fault, Reader, RowProblem};
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use quick_xml::Reader as Xml;
use quick_xml::events::{BytesStart, Event};

use super::workbook::{Broken, Words, Workbook, add_text, attribute};
use super::{ReadRow, Take, places};
use crate::refusal::FileRefusal;

/// Columns that are looked at; those of a mapping stand among them.
const COLUMNS_MAX: usize = 500;

pub(super) fn read(file: File, reader: &Reader, take: Take<'_>) -> Result<(), FileRefusal> {
    let mut book = Workbook::open(file)?;
    let found = book.sheets();
    let name = match &reader.mapping().format.sheet {
        Some(sheet) if found.contains(sheet) => sheet.clone(),
        Some(sheet) => return Err(FileRefusal::NoSheet { sheet: sheet.clone(), found }),
        None => found.into_iter().next().ok_or(FileRefusal::NoWorkbook)?,
    };
    let (xml, words) = book.sheet(&name).ok_or(FileRefusal::NoWorkbook)?;
    let mut rows = Rows { xml, words, row: 0, buffer: Vec::new() };
    let wanted = reader.mapping().format.header_row;
    let header = loop {
        match rows.next().map_err(|_| FileRefusal::NoWorkbook)? {
            Some((row, fields)) if row == u64::from(wanted) => break fields,
            Some((row, _)) if row < u64::from(wanted) => {}
            Some(_) | None => return Err(FileRefusal::NoHeader { row: wanted }),
        }
    };
    let mut names: Vec<String> = Vec::new();
    for (column, cell) in header {
        if names.len() <= column {
            names.resize(column + 1, String::new());
        }
        if let (Some(name), Ok(cell)) = (names.get_mut(column), cell) {
            cell.trimmed().clone_into(name);
        }
    }
    let places = places(&names, reader)?;
    loop {
        let row = match rows.next() {
            Ok(Some((line, fields))) => row(line, fields, &places, reader),
            Ok(None) => return Ok(()),
            Err(Broken) => {
                let row = ReadRow::at_fault(rows.row + 1, RowProblem::BrokenOff);
                let _: std::ops::ControlFlow<()> = take(row);
                return Ok(());
            }
        };
        if take(row).is_break() {
            return Ok(());
        }
    }
}

type Fields = Vec<(usize, Result<Cell<'static>, RowProblem>)>;

fn row(line: u64, fields: Fields, places: &[usize], reader: &Reader) -> ReadRow {
    let mut cells = vec![Cell::words(""); places.len()];
    let mut fault = None;
    for (column, cell) in fields {
        let at = places.iter().position(|place| *place == column);
        let Some((at, place)) = at.and_then(|at| Some((at, cells.get_mut(at)?))) else { continue };
        match cell {
            Ok(cell) => *place = cell,
            Err(problem) => {
                let column = reader.columns().get(at).map(String::as_str);
                fault = Some(Fault::new(column, None, problem));
            }
        }
    }
    let mut row = ReadRow::of(reader, line, &cells);
    if let Some(fault) = fault {
        row.outcome = Err(fault);
    }
    row
}

struct Rows<'b, R> {
    xml: Xml<R>,
    words: Words<'b>,
    /// The row last read.
    row: u64,
    buffer: Vec<u8>,
}

/// What an event of a sheet means.
enum Step {
    Row(Option<u64>),
    Cell(Named),
    Blank(Named),
    RowEnds,
    SheetEnds,
    CutOff,
    Nothing,
}

impl Step {
    fn of(event: &Event<'_>, next: usize) -> Self {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                b"row" => Self::Row(attribute(element, b"r").and_then(|row| row.parse().ok())),
                b"c" => Self::Cell(Named::of(element, next)),
                _ => Self::Nothing,
            },
            Event::Empty(element) if element.local_name().as_ref() == b"c" => {
                Self::Blank(Named::of(element, next))
            }
            Event::Empty(element) if element.local_name().as_ref() == b"row" => {
                Self::Row(attribute(element, b"r").and_then(|row| row.parse().ok()))
            }
            Event::Empty(element) if element.local_name().as_ref() == b"sheetData" => {
                Self::SheetEnds
            }
            Event::End(element) => match element.local_name().as_ref() {
                b"row" => Self::RowEnds,
                b"sheetData" => Self::SheetEnds,
                _ => Self::Nothing,
            },
            // Where the sheet ends within its rows, it was cut off.
            Event::Eof => Self::CutOff,
            _ => Self::Nothing,
        }
    }
}

impl<R: BufRead> Rows<'_, R> {
    /// The next row that has cells.
    fn next(&mut self) -> Result<Option<(u64, Fields)>, Broken> {
        let mut fields: Fields = Vec::new();
        let mut next = 0;
        loop {
            self.buffer.clear();
            let event = self.xml.read_event_into(&mut self.buffer).map_err(|_| Broken)?;
            match Step::of(&event, next) {
                Step::Row(named) => {
                    self.row = named.unwrap_or(self.row + 1);
                    next = 0;
                }
                Step::Cell(cell) => {
                    drop(event);
                    let value = self.value(&cell)?;
                    next = cell.column + 1;
                    if cell.column < COLUMNS_MAX {
                        fields.push((cell.column, value));
                    }
                }
                Step::Blank(cell) => next = cell.column + 1,
                Step::RowEnds if !fields.is_empty() => return Ok(Some((self.row, fields))),
                Step::SheetEnds => return Ok(None),
                Step::CutOff => return Err(Broken),
                Step::RowEnds | Step::Nothing => {}
            }
        }
    }

    /// What stands in a cell whose element has been opened.
    fn value(&mut self, cell: &Named) -> Result<Result<Cell<'static>, RowProblem>, Broken> {
        let mut text = String::new();
        let (mut in_value, mut in_sound) = (false, false);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = self.xml.read_event_into(&mut buffer).map_err(|_| Broken)?;
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    b"v" => in_value = true,
                    b"t" => in_value = !in_sound,
                    b"rPh" => in_sound = true,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    b"v" | b"t" => in_value = false,
                    b"rPh" => in_sound = false,
                    b"c" => return Ok(self.read(cell, text)),
                    _ => {}
                },
                Event::Eof => return Err(Broken),
                other if in_value => add_text(&mut text, other),
                _ => {}
            }
        }
    }

    fn read(&self, cell: &Named, text: String) -> Result<Cell<'static>, RowProblem> {
        match cell.kind.as_str() {
            "s" => {
                let shared =
                    text.trim().parse().ok().and_then(|at: usize| self.words.texts.get(at));
                Ok(Cell::words(shared.cloned().unwrap_or_default()))
            }
            "str" | "inlineStr" => Ok(Cell::words(text)),
            "b" => Ok(Cell::words(if text.trim() == "1" { "true" } else { "false" })),
            "e" => Err(RowProblem::SheetError),
            "d" => Ok(Cell::typed(text)),
            _ if text.trim().is_empty() => Ok(Cell::words("")),
            _ => {
                let is_day = self.words.day_styles.get(cell.style).copied().unwrap_or_default();
                let number = text.trim().parse::<f64>().map_err(|_| RowProblem::SheetError)?;
                let day = is_day.then(|| day(number, self.words.from_1904)).flatten();
                Ok(Cell::typed(day.unwrap_or_else(|| plain(number))))
            }
        }
    }
}

/// What the element of a cell says of it.
struct Named {
    column: usize,
    style: usize,
    kind: String,
}

impl Named {
    fn of(element: &BytesStart<'_>, next: usize) -> Self {
        let place = attribute(element, b"r");
        Self {
            column: place.as_deref().and_then(column).unwrap_or(next),
            style: attribute(element, b"s").and_then(|style| style.parse().ok()).unwrap_or(0),
            kind: attribute(element, b"t").unwrap_or_default(),
        }
    }
}

/// The column of a place such as `AB12`, counted from 0.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let count = letters
        .fold(0, |count, letter| count * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    count.checked_sub(1)
}

/// A number of a sheet with as many decimals as its seventeen digits are good for.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A day counted in days, with its hour, as ISO 8601 writes it. Sheets that count from 1900 believe that
/// year was a leap year, so their day 60 never was and days before it are one later than they say.
fn day(number: f64, from_1904: bool) -> Option<String> {
    let epoch = if from_1904 { Date::constant(1904, 1, 1) } else { Date::constant(1899, 12, 30) };
    if !(0.0..2_958_466.0).contains(&number) || (!from_1904 && number < 61.0) {
        return None;
    }
    let seconds = format!("{:.0}", number * 86_400.0).parse::<i64>().ok()?;
    let at: DateTime =
        epoch.to_datetime(jiff::civil::Time::midnight()).checked_add(seconds.seconds()).ok()?;
    let is_day = seconds % 86_400 == 0;
    Some(if is_day { at.date().to_string() } else { at.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_a_sheet_is_the_day_that_it_shows() {
        assert_eq!(day(46_331.0, false).unwrap(), "2026-11-05");
        assert_eq!(day(46_331.449_305_555_6, false).unwrap(), "2026-11-05T10:47:00");
        assert_eq!(day(44_869.0, true).unwrap(), "2026-11-05");
        assert_eq!(day(12.0, false), None);
        assert_eq!(day(-1.0, false), None);
        assert_eq!(day(f64::NAN, false), None);
    }

    #[test]
    fn a_number_of_a_sheet_and_its_column_are_plain() {
        assert_eq!(
            (plain(8.1), plain(16.0), plain(0.1 + 0.2)),
            ("8.1".into(), "16".into(), "0.3".into())
        );
        assert_eq!(
            (column("A1"), column("Z9"), column("AB12"), column("12")),
            (Some(0), Some(25), Some(27), None)
        );
    }
}
