//! The nominative list of a group: a CSV file as a spreadsheet saves it, with commas or semicolons.
//! Every row at fault is named by its number and column, all of them at once.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The columns of the file, in this order.
pub const LIST_COLUMNS: [&str; 3] = ["last_name", "first_name", "role"];

/// Longest name, in characters.
const NAME_MAX_CHARS: usize = 80;

/// Faults told at once: whoever has more saved the wrong file.
const FAULTS_MAX: usize = 20;

/// What somebody comes as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListedRole {
    /// One of the group or class.
    Person,
    /// Leads them.
    Leader,
}

impl ListedRole {
    /// The role as written in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Leader => "leader",
        }
    }
}

/// Somebody who comes. Personal data: it never leaves the operational table.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedName {
    /// Family name.
    pub last_name: String,
    /// Given name.
    pub first_name: String,
    /// What they come as.
    pub role: ListedRole,
}

impl fmt::Debug for ListedName {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListedName(…)")
    }
}

/// What is wrong in one row, without what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The row as a spreadsheet numbers it: the header is 1.
    pub row: usize,
    /// The column.
    pub column: &'static str,
    /// What is wrong there.
    pub message: &'static str,
}

/// Why a file is no list of the group.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The first row is not the header.
    #[error("the first row is not `last_name,first_name,role`")]
    Header,
    /// Rows are at fault.
    #[error("{} fields of the list are at fault", .0.len())]
    Rows(Vec<RowFault>),
    /// Nobody is listed.
    #[error("the list names nobody")]
    Empty,
    /// More come than places were asked for.
    #[error("the list names {listed} as `{role}`, {asked} were asked for")]
    TooMany { role: &'static str, listed: u32, asked: u32 },
}

/// Reads the list of a group of `people` led by `leaders`. It may name fewer: who comes in the end is
/// counted at the door.
///
/// # Errors
/// What is wrong with the file.
pub fn read_list(file: &str, people: u32, leaders: u32) -> Result<Vec<ListedName>, ListError> {
    let file = file.trim_start_matches('\u{feff}');
    let header = file.lines().next().unwrap_or_default();
    let separator = if header.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file.as_bytes());
    let (mut names, mut faults) = (Vec::new(), Vec::new());
    let mut has_header = false;
    for record in reader.records() {
        // The file is text and its rows may be of any length, so every row reads.
        let Ok(record) = record else { continue };
        let row = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or_default());
        if !has_header {
            if !record.iter().eq(LIST_COLUMNS) {
                return Err(ListError::Header);
            }
            has_header = true;
            continue;
        }
        match read_row(row, &record) {
            Ok(name) => names.push(name),
            Err(fault) => faults.push(fault),
        }
        if faults.len() == FAULTS_MAX {
            break;
        }
    }
    if !has_header {
        return Err(ListError::Header);
    }
    if !faults.is_empty() {
        return Err(ListError::Rows(faults));
    }
    if names.is_empty() {
        return Err(ListError::Empty);
    }
    for (role, asked) in [(ListedRole::Person, people), (ListedRole::Leader, leaders)] {
        let listed = names.iter().filter(|name| name.role == role).count();
        let listed = u32::try_from(listed).unwrap_or(u32::MAX);
        if listed > asked {
            return Err(ListError::TooMany { role: role.name(), listed, asked });
        }
    }
    Ok(names)
}

fn read_row(row: usize, record: &csv::StringRecord) -> Result<ListedName, RowFault> {
    let fault = |at: usize, message| RowFault { row, column: LIST_COLUMNS[at], message };
    if record.len() > LIST_COLUMNS.len() {
        return Err(fault(2, "is not the last column of the row"));
    }
    let name = |at: usize| {
        let text = record.get(at).unwrap_or_default();
        if text.is_empty() {
            return Err(fault(at, "is missing"));
        }
        if text.chars().count() > NAME_MAX_CHARS {
            return Err(fault(at, "has more than 80 characters"));
        }
        // Nothing that a spreadsheet would take for a formula when the venue opens the list.
        let is_name = text.starts_with(char::is_alphabetic)
            && text.chars().all(|letter| letter.is_alphabetic() || " '’.-".contains(letter));
        if is_name { Ok(text.to_owned()) } else { Err(fault(at, "is not a name")) }
    };
    let (last_name, first_name) = (name(0)?, name(1)?);
    let role = match record.get(2).unwrap_or_default() {
        "person" => ListedRole::Person,
        "leader" => ListedRole::Leader,
        _ => return Err(fault(2, "is not `person` or `leader`")),
    };
    Ok(ListedName { last_name, first_name, role })
}

/// Writes a list as it is read.
///
/// # Errors
/// Never in practice: it is written into memory.
pub fn write_list(names: &[ListedName]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(LIST_COLUMNS)?;
    for name in names {
        writer.write_record([&name.last_name, &name.first_name, name.role.name()])?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
