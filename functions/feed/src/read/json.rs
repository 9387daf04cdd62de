//! JSON Lines: an object a line. A field that is not there is an empty one.

use atrio_domain::feed::{Cell, Fault, Reader, RowProblem};
use serde_json::{Map, Value};

use super::lines::{Lines, ROW_MAX_BYTES};
use super::{ReadRow, Take};
use crate::file::Spooled;
use crate::refusal::FileRefusal;

pub(super) fn read(spooled: Spooled, reader: &Reader, take: Take<'_>) -> Result<(), FileRefusal> {
    let mut lines = Lines::of(spooled.file);
    while let Some(line) = lines.next()? {
        let row = if line.is_cut {
            ReadRow::at_fault(line.number, RowProblem::TooLong { most: ROW_MAX_BYTES })
        } else {
            row(line.number, &line.bytes, reader)
        };
        if take(row).is_break() {
            break;
        }
    }
    Ok(())
}

fn row(line: u64, bytes: &[u8], reader: &Reader) -> ReadRow {
    if bytes.trim_ascii().is_empty() {
        return ReadRow { line, outcome: Ok(Vec::new()), fields: Vec::new() };
    }
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        let problem = match std::str::from_utf8(bytes) {
            Ok(_) => RowProblem::NotJson,
            Err(_) => RowProblem::Letters,
        };
        return ReadRow::at_fault(line, problem);
    };
    let mut cells = Vec::with_capacity(reader.columns().len());
    for column in reader.columns() {
        cells.push(match object.get(column) {
            None | Some(Value::Null) => Cell::words(""),
            Some(Value::String(text)) => Cell::words(text.as_str()),
            Some(Value::Number(number)) => Cell::typed(number.to_string()),
            Some(Value::Bool(truth)) => Cell::words(truth.to_string()),
            Some(Value::Array(_) | Value::Object(_)) => {
                let fault = Fault::new(Some(column), None, RowProblem::Nested);
                return ReadRow { line, outcome: Err(fault), fields: Vec::new() };
            }
        });
    }
    ReadRow::of(reader, line, &cells)
}
