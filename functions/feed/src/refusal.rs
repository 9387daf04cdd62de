//! Why a file as a whole is not read: what is wrong, and what to do. Nothing of such a file is loaded.

use atrio_domain::feed::mapping::FileKind;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileRefusal {
    /// Larger than what is taken.
    #[error("the file is larger than {} MB", megabytes(.most))]
    TooLarge {
        /// The most bytes.
        most: u64,
    },
    /// No byte came.
    #[error("the file is empty")]
    Empty,
    /// The file came only in part.
    #[error("the file broke off on its way")]
    BrokeOff,
    /// A workbook where lines are wanted, or the other way round.
    #[error("the file is {}, the mapping reads {}", looks(.is_zip), .wanted.name())]
    OtherKind {
        /// What the mapping reads.
        wanted: FileKind,
        /// What it looks like.
        is_zip: bool,
    },
    /// Letters of two bytes each.
    #[error("the file is written in UTF-16")]
    WideLetters,
    /// There is no such row.
    #[error("the file has no row {row}, where the names of the columns should be")]
    NoHeader {
        /// Where the mapping looks for it.
        row: u32,
    },
    /// The header is one field with other separators in it.
    #[error("the separator is `{}`, the mapping says `{}`", shown(.found), shown(.wanted))]
    OtherSeparator {
        /// What the header has.
        found: char,
        /// What the mapping says.
        wanted: char,
    },
    /// Columns that the mapping reads are not there.
    #[error("row {row} has no column {}; it has {}", quoted(.missing), quoted(.found))]
    MissingColumns {
        /// The header's row.
        row: u32,
        /// What is missing.
        missing: Vec<String>,
        /// What is there.
        found: Vec<String>,
    },
    /// A column that the mapping reads is there twice.
    #[error("row {row} has the column `{column}` twice")]
    TwiceTheColumn {
        /// The header's row.
        row: u32,
        /// The column.
        column: String,
    },
    /// The workbook cannot be opened.
    #[error("the workbook cannot be opened; it may have been cut off, or have a password")]
    NoWorkbook,
    /// The workbook unpacks to more than what is taken.
    #[error("the workbook unpacks to more than {} MB or {most_parts} parts", megabytes(.most))]
    UnpacksTooLarge {
        /// The most bytes.
        most: u64,
        /// The most parts.
        most_parts: usize,
    },
    /// There is no such sheet.
    #[error("the workbook has no sheet `{sheet}`; it has {}", quoted(.found))]
    NoSheet {
        /// What the mapping says.
        sheet: String,
        /// What is there.
        found: Vec<String>,
    },
    /// The disk of this machine.
    #[error("the file cannot be kept or read on this machine")]
    Disk(#[source] std::io::Error),
}

fn shown(separator: &char) -> String {
    if *separator == '\t' { "tab".to_owned() } else { separator.to_string() }
}

fn megabytes(bytes: &u64) -> u64 {
    bytes / 1024 / 1024
}

fn looks(is_zip: &bool) -> &'static str {
    if *is_zip { "a workbook or an archive" } else { "no workbook" }
}

/// Names of a header, as many as one reads.
fn quoted(names: &[String]) -> String {
    let cut = |name: &String| format!("`{}`", name.chars().take(60).collect::<String>());
    let shown: Vec<String> = names.iter().take(20).map(cut).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

impl FileRefusal {
    /// The stable name of the problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "body-too-large",
            Self::Empty => "empty-file",
            Self::BrokeOff => "file-broke-off",
            Self::OtherKind { .. } => "other-kind-of-file",
            Self::WideLetters => "wrong-encoding",
            Self::NoHeader { .. } => "no-header",
            Self::OtherSeparator { .. } => "wrong-separator",
            Self::MissingColumns { .. } => "missing-column",
            Self::TwiceTheColumn { .. } => "repeated-column",
            Self::NoWorkbook => "unreadable-workbook",
            Self::UnpacksTooLarge { .. } => "unpacks-too-large",
            Self::NoSheet { .. } => "no-such-sheet",
            Self::Disk(_) => "internal",
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::TooLarge { .. } => "send it in several files, a month or a year each".to_owned(),
            Self::Empty => "send the file as the body of the request".to_owned(),
            Self::BrokeOff => "send it again".to_owned(),
            Self::OtherKind { .. } => {
                "send the kind of file that the mapping reads, or change `format.kind`".to_owned()
            }
            Self::WideLetters => "save it as `CSV UTF-8`".to_owned(),
            Self::NoHeader { .. } => "correct `format.header_row` of the mapping".to_owned(),
            Self::OtherSeparator { .. } => {
                "correct `format.separator` of the mapping, or leave it out to have it found"
                    .to_owned()
            }
            Self::MissingColumns { .. } => {
                "export these columns too, or correct the mapping's names; capitals count"
                    .to_owned()
            }
            Self::TwiceTheColumn { .. } => "give each column a name of its own".to_owned(),
            Self::NoWorkbook => "open it, save it again as .xlsx without a password".to_owned(),
            Self::UnpacksTooLarge { .. } => "save the sheet as CSV and send that".to_owned(),
            Self::NoSheet { .. } => "correct `format.sheet` of the mapping".to_owned(),
            Self::Disk(_) => "send it again".to_owned(),
        }
    }
}
