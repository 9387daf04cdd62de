//! What a visitor carries away from a booking: the picture of a code, the printed tickets, the entry
//! in a calendar, the roll of a thermal printer, the passes of wallets. Two functions draw the same: the one that answers the pages, and the one that
//! writes mail; and a desk without a line prints what was signed before. Nothing here reads a clock or a table.

mod calendar;
mod code;
mod pdf;
mod receipt;
mod statement;
mod wallet;

pub use calendar::calendar_entry;
pub use code::{CodePicture, NotDrawn};
pub use pdf::printed;
pub use receipt::{Heading, Paper, receipt, receipt_of_signed};
pub use statement::statement;
pub use wallet::{ApplePass, ApplePassError, GoogleWallet, GoogleWalletError};
