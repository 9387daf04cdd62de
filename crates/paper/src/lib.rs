//! What a visitor carries away from a booking: the picture of a code, the printed tickets, the entry
//! in a calendar. Two functions draw the same: the one that answers the pages, and the one that
//! writes mail. Nothing here reads a clock or a table.

mod calendar;
mod code;
mod pdf;

pub use calendar::calendar_entry;
pub use code::{CodePicture, NotDrawn};
pub use pdf::printed;
