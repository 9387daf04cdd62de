//! A workbook of Excel (ECMA-376): which sheets it has, its shared texts, and which styles are days. What it
//! unpacks to is counted before any of it is looked at, so one that unpacks to more than it should costs no
//! memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::refusal::FileRefusal;

/// The most bytes that a workbook unpacks to.
const UNPACKED_MAX_BYTES: u64 = 128 * 1024 * 1024;
/// The most parts of a workbook.
const UNPACKED_MAX_PARTS: usize = 2_000;
/// Bytes that are unpacked at a time.
const PIECE: usize = 64 * 1024;

/// The XML of a part cannot be read.
#[derive(Debug)]
pub(super) struct Broken;

/// What of a workbook is needed to read a sheet.
#[derive(Debug)]
pub(super) struct Workbook {
    archive: ZipArchive<BufReader<File>>,
    /// Sheets and the parts that hold them, in their order.
    sheets: Vec<(String, String)>,
    texts: Vec<String>,
    /// Whether each style is one of days and hours.
    day_styles: Vec<bool>,
    /// Whether days are counted from 1904.
    from_1904: bool,
}

impl Workbook {
    /// Opens a workbook.
    pub(super) fn open(file: File) -> Result<Self, FileRefusal> {
        let mut archive = counted(file, UNPACKED_MAX_BYTES, UNPACKED_MAX_PARTS)?;
        let broken = |_: Broken| FileRefusal::NoWorkbook;
        let (sheets, from_1904) = sheets(&mut archive).map_err(broken)?;
        let texts = texts(&mut archive).map_err(broken)?;
        let day_styles = day_styles(&mut archive).map_err(broken)?;
        Ok(Self { archive, sheets, texts, day_styles, from_1904 })
    }

    /// The names of its sheets.
    pub(super) fn sheets(&self) -> Vec<String> {
        self.sheets.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The XML of a sheet, and what its cells refer to.
    pub(super) fn sheet(&mut self, name: &str) -> Option<(Reader<impl BufRead + '_>, Words<'_>)> {
        let (_, part) = self.sheets.iter().find(|(known, _)| known == name)?;
        let file = self.archive.by_name(part).ok()?;
        let words =
            Words { texts: &self.texts, day_styles: &self.day_styles, from_1904: self.from_1904 };
        Some((Reader::from_reader(BufReader::new(file)), words))
    }
}

/// What the cells of a sheet refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'b> {
    pub(super) texts: &'b [String],
    pub(super) day_styles: &'b [bool],
    pub(super) from_1904: bool,
}

/// The archive, once it is known what it unpacks to, whatever its index says.
pub(super) fn counted(
    file: File,
    most: u64,
    most_parts: usize,
) -> Result<ZipArchive<BufReader<File>>, FileRefusal> {
    let too_large = || FileRefusal::UnpacksTooLarge { most, most_parts };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|_| FileRefusal::NoWorkbook)?;
    if archive.len() > most_parts {
        return Err(too_large());
    }
    let mut left = most;
    let mut piece = vec![0; PIECE];
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|_| FileRefusal::NoWorkbook)?;
        // A part that does not unpack to its end is found out by whoever reads it.
        while let Ok(read @ 1..) = part.read(&mut piece) {
            left = left.checked_sub(read as u64).ok_or_else(too_large)?;
        }
    }
    Ok(archive)
}

/// Calls for each element that opens, by its name without a prefix, until the part ends.
fn each_element(
    archive: &mut ZipArchive<BufReader<File>>,
    part: &str,
    mut take: impl FnMut(&[u8], &BytesStart<'_>),
) -> Result<(), Broken> {
    let file = archive.by_name(part).map_err(|_| Broken)?;
    let mut xml = Reader::from_reader(BufReader::new(file));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|_| Broken)? {
            Event::Start(element) | Event::Empty(element) => {
                take(element.local_name().as_ref(), &element);
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The value of an attribute, by its name without a prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found =
        attributes.flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let text = std::str::from_utf8(&found.value).ok()?;
    quick_xml::escape::unescape(text).ok().map(std::borrow::Cow::into_owned)
}

/// The text that an event within an element adds to it.
pub(super) fn add_text(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(part) => text.push_str(&part.decode().unwrap_or_default()),
        Event::CData(part) => text.push_str(&part.decode().unwrap_or_default()),
        Event::GeneralRef(reference) => {
            if let Ok(Some(letter)) = reference.resolve_char_ref() {
                text.push(letter);
            } else if let Ok(name) = reference.decode() {
                let known = quick_xml::escape::resolve_predefined_entity(&name);
                text.push_str(known.unwrap_or_default());
            }
        }
        _ => {}
    }
}

type Sheets = (Vec<(String, String)>, bool);

fn sheets(archive: &mut ZipArchive<BufReader<File>>) -> Result<Sheets, Broken> {
    let mut named = Vec::new();
    let mut from_1904 = false;
    each_element(archive, "xl/workbook.xml", |name, element| match name {
        b"sheet" => {
            if let (Some(sheet), Some(id)) =
                (attribute(element, b"name"), attribute(element, b"id"))
            {
                named.push((sheet, id));
            }
        }
        b"workbookPr" => {
            let date_1904 = attribute(element, b"date1904");
            from_1904 = matches!(date_1904.as_deref(), Some("1" | "true"));
        }
        _ => {}
    })?;
    let mut parts = HashMap::new();
    each_element(archive, "xl/_rels/workbook.xml.rels", |name, element| {
        if name == b"Relationship"
            && let (Some(id), Some(target)) =
                (attribute(element, b"Id"), attribute(element, b"Target"))
        {
            let part = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            };
            parts.insert(id, part);
        }
    })?;
    let sheets = named.into_iter().filter_map(|(sheet, id)| Some((sheet, parts.remove(&id)?)));
    Ok((sheets.collect(), from_1904))
}

/// The texts that cells share. What is spoken beside a text (`rPh`) is no part of it.
fn texts(archive: &mut ZipArchive<BufReader<File>>) -> Result<Vec<String>, Broken> {
    let mut texts = Vec::new();
    let Ok(file) = archive.by_name("xl/sharedStrings.xml") else { return Ok(texts) };
    let mut xml = Reader::from_reader(BufReader::new(file));
    let mut buffer = Vec::new();
    let (mut text, mut in_text, mut in_sound) = (String::new(), false, false);
    loop {
        buffer.clear();
        let event = xml.read_event_into(&mut buffer).map_err(|_| Broken)?;
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                b"si" => text.clear(),
                b"t" => in_text = !in_sound,
                b"rPh" => in_sound = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                b"si" => texts.push(std::mem::take(&mut text)),
                b"t" => in_text = false,
                b"rPh" => in_sound = false,
                _ => {}
            },
            Event::Empty(element) if element.local_name().as_ref() == b"si" => {
                texts.push(String::new());
            }
            Event::Eof => return Ok(texts),
            other if in_text => add_text(&mut text, other),
            _ => {}
        }
    }
}

/// Which styles show a number as a day or an hour: by the number of a known format, or by its letters.
fn day_styles(archive: &mut ZipArchive<BufReader<File>>) -> Result<Vec<bool>, Broken> {
    let mut styles = Vec::new();
    if archive.by_name("xl/styles.xml").is_err() {
        return Ok(styles);
    }
    let mut own: HashMap<u32, bool> = HashMap::new();
    let mut in_cells = false;
    each_element(archive, "xl/styles.xml", |name, element| match name {
        b"numFmt" => {
            let id = attribute(element, b"numFmtId").and_then(|id| id.parse().ok());
            if let (Some(id), Some(code)) = (id, attribute(element, b"formatCode")) {
                own.insert(id, is_day_format(&code));
            }
        }
        b"cellStyleXfs" => in_cells = false,
        b"cellXfs" => in_cells = true,
        b"cellStyles" | b"dxfs" => in_cells = false,
        b"xf" if in_cells => {
            let id = attribute(element, b"numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
            // ECMA-376, 18.8.30: the formats that need no letters.
            let known = matches!(id, 14..=22 | 45..=47);
            styles.push(own.get(&id).copied().unwrap_or(known));
        }
        _ => {}
    })?;
    Ok(styles)
}

/// Whether a format shows days or hours: it has their letters outside of quotes and brackets.
fn is_day_format(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter.to_ascii_lowercase() {
            '"' => while letters.next().is_some_and(|letter| letter != '"') {},
            '[' => while letters.next().is_some_and(|letter| letter != ']') {},
            '\\' | '_' | '*' => {
                letters.next();
            }
            'd' | 'm' | 'y' | 'h' | 's' => return true,
            ';' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_one_of_days_by_its_letters_and_not_by_words_in_quotes() {
        for code in ["dd/mm/yyyy", "[$-410]d mmmm yyyy;@", "h:mm", "yyyy\\-mm\\-dd"] {
            assert!(is_day_format(code), "{code}");
        }
        for code in
            ["General", "#,##0.00", "0.00\" d\"", "[Red]0.00", "0;\"sold out\"", "_-* #,##0"]
        {
            assert!(!is_day_format(code), "{code}");
        }
    }
}
