//! What is wrong with a row, in words for the person who has the file: the column, the value, and what to
//! do about it.

use super::mapping::Mapping;
use super::value::ValueError;

/// Characters of a value that are repeated to whoever sent it.
const SHOWN: usize = 60;

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column at fault, where it is one.
    pub column: Option<String>,
    /// What is written there, cut to a readable length.
    pub value: Option<String>,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// The value is none of its kind.
    #[error("{0}")]
    Value(ValueError),
    /// The code is in no table of the mapping.
    #[error("stands for no {of}")]
    UnknownCode {
        /// What it should stand for.
        of: &'static str,
    },
    /// Nothing is written there.
    #[error("is empty")]
    Empty,
    /// Nothing is written in a column that tells rows apart.
    #[error("is empty, and rows are told apart by it")]
    EmptyKey,
    /// A sale or an entry of less than nobody, or for less than nothing.
    #[error("is below 0, and the row is no refund")]
    BelowNothing,
    /// Too few or too many fields.
    #[error("the row has {found} fields, the header {wanted}")]
    Fields {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        wanted: usize,
    },
    /// Letters that the encoding does not have.
    #[error("has letters that are not UTF-8")]
    Letters,
    /// Longer than any row.
    #[error("the row is longer than {most} bytes")]
    TooLong {
        /// The most bytes of one.
        most: usize,
    },
    /// A quote is opened and not closed.
    #[error("a quote is opened and never closed")]
    OpenQuote,
    /// No JSON object.
    #[error("the line is no JSON object")]
    NotJson,
    /// A list or an object where a value should be.
    #[error("is a list or an object")]
    Nested,
    /// The cell holds an error of the sheet.
    #[error("is an error of the sheet")]
    SheetError,
    /// The sheet cannot be read from here on.
    #[error("the sheet breaks off here")]
    BrokenOff,
    /// The same row stands in the file already.
    #[error("the row repeats line {line}")]
    Repeats {
        /// Where it stood first.
        line: u64,
    },
    /// Another row with the same key stands in the file already.
    #[error("the row has the key of line {line} and says something else")]
    Contradicts {
        /// Where the key stood first.
        line: u64,
    },
    /// The month's key is destroyed, so corrections could not be told from new rows.
    #[error("the month {month} was loaded before and is closed")]
    Closed {
        /// The month.
        month: String,
    },
}

impl Fault {
    /// A fault of a row, or of a column of it.
    #[must_use]
    pub fn new(column: Option<&str>, value: Option<&str>, problem: RowProblem) -> Self {
        let value = value.map(|value| value.chars().take(SHOWN).collect());
        Self { column: column.map(ToOwned::to_owned), value, problem }
    }

    /// A value that is none of its kind.
    #[must_use]
    pub fn value(column: &str, value: &str, error: ValueError) -> Self {
        Self::new(Some(column), Some(value), RowProblem::Value(error))
    }

    /// What is wrong, with the column and the value.
    #[must_use]
    pub fn message(&self) -> String {
        match (&self.column, &self.value) {
            (Some(column), Some(value)) => {
                format!("`{value}` in column `{column}` {}", self.problem)
            }
            (Some(column), None) => format!("column `{column}` {}", self.problem),
            (None, _) => self.problem.to_string(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self, mapping: &Mapping) -> String {
        let decimal = mapping.format.decimal;
        match &self.problem {
            RowProblem::Value(error) => match error {
                ValueError::NotANumber => format!("write a number such as {}", decimal.example()),
                ValueError::OtherMark => format!(
                    "write it as {}, or change `format.decimal` of the mapping",
                    decimal.example()
                ),
                ValueError::PartOfCent => "write at most two decimals".to_owned(),
                ValueError::NotWhole => "write a whole number".to_owned(),
                ValueError::TooLarge => "look whether columns or digits slipped".to_owned(),
                ValueError::NoDay => format!(
                    "write it as {}, or add its format to `when.formats` of the mapping",
                    mapping.when.formats.join(" or ")
                ),
                ValueError::TwoDays(..) => {
                    "take one of the formats out of `when.formats` of the mapping".to_owned()
                }
                ValueError::NoSuchHour { .. } => {
                    "write the hour that the clock showed, or add its offset (%z)".to_owned()
                }
                ValueError::ImpossibleDay => "write a day between 1990 and 2099".to_owned(),
            },
            RowProblem::UnknownCode { .. } => {
                "correct the code, or add it to the mapping's `codes`".to_owned()
            }
            RowProblem::Empty => "fill it in; write 0 for none".to_owned(),
            RowProblem::EmptyKey => {
                "fill it in, or take the row out if it is a sum of others".to_owned()
            }
            RowProblem::BelowNothing => "map such rows as REFUND, or `kind` as BY_SIGN".to_owned(),
            RowProblem::Fields { found, wanted } if found < wanted => {
                "look whether the file was cut off here; export it again".to_owned()
            }
            RowProblem::Fields { .. } => {
                "put quotes around a field that holds the separator".to_owned()
            }
            RowProblem::Letters => {
                "save the whole file as UTF-8, or say `encoding` in the mapping".to_owned()
            }
            RowProblem::TooLong { .. } | RowProblem::OpenQuote => {
                "close the quote, or write it twice within a field".to_owned()
            }
            RowProblem::NotJson => {
                "write one complete JSON object a line; look whether the file was cut off"
                    .to_owned()
            }
            RowProblem::Nested => "write a word or a number there".to_owned(),
            RowProblem::BrokenOff => {
                "open the workbook, save it again, and send it again".to_owned()
            }
            RowProblem::SheetError => "mend the formula in the sheet".to_owned(),
            RowProblem::Repeats { .. } => {
                "leave it out; if both are true, add a column to `row_key` that differs".to_owned()
            }
            RowProblem::Contradicts { .. } => {
                "leave one of them, or add a column to `row_key` that differs".to_owned()
            }
            RowProblem::Closed { .. } => {
                "leave it out; corrections are taken for 400 days from the first load".to_owned()
            }
        }
    }
}
