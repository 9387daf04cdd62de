//! Sales and visits of ticket offices that atrio does not run: how the rows of somebody else's file become
//! facts of a venue. A mapping, which is data, says where in a row each fact stands; here rows are read by
//! it, judged against what is known already, and added up. What a row names beyond that is never looked at.

pub mod fault;
pub mod judge;
pub mod mapping;
pub mod report;
pub mod row;
pub mod totals;
pub mod value;

#[cfg(test)]
mod tests;

pub use fault::{Fault, RowProblem};
pub use judge::{Content, Judge, RowKey, Verdict};
pub use mapping::{Mapping, MappingError};
pub use report::{Load, RejectedRow, Report};
pub use row::{Entry, Grain, Kind, Reader, Through};
pub use totals::{Sum, Totals};
pub use value::{Cell, Decimal};
